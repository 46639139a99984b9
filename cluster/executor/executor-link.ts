// The thread of an executor that owns its socket: heartbeats, cancels and progress go on while user code blocks the main thread.
import fs from 'node:fs';
import type { Socket } from 'node:net';
import { parentPort, type TransferListItem, workerData } from 'node:worker_threads';
import type { WebSocket } from 'ws';
import { driverSilenceMs, maxToExecutorBytes, progressMs, terminateMs } from '../base/limits';
import { Connection } from '../link/connection';
import { dial } from '../link/dial';
import { ExecutorHandshake } from '../link/handshake';
import { checkToExecutor, type SentEnd, type ToDriver, type ToExecutor } from '../link/protocol';
import { SharedState } from './shared-state';
import { terminateMainScript } from './terminate-script';
import type { LinkData, ToLink, ToMain, Work } from './thread-messages';

/**
 * Kills the whole process and all children of user code, whatever the main thread does. `process.exit` would end this thread only, and a
 * signal that can be caught would wait for the main thread. `lastWords` go to the driver if it still exists.
 */
function endProcess(lastWords?: string): void {
  if (lastWords !== undefined) fs.writeSync(2, `${lastWords}\n`);
  process.kill(-process.pid, 'SIGKILL');
}

class Link {
  readonly #shared: SharedState;
  readonly #queue: Work[] = [];
  #connection: Connection | undefined;
  #mainReady = false;
  #running: number | undefined;
  /** The script of the running task was terminated. */
  #terminated = false;
  /** The number of the `rest` message whose reply we wait for. */
  #awaitedRest: number | undefined;
  #rests = 0;
  #reported = 0;
  /** No further task runs here: the driver replaces this executor. */
  #exhausted = false;

  constructor(memory: SharedArrayBuffer) {
    this.#shared = new SharedState(memory);
    setInterval(() => this.#report(), progressMs);
  }

  /** The driver has been authenticated. */
  connected(connection: Connection): void {
    this.#connection = connection;
    this.#sendReady();
  }

  fromMain(message: ToLink): void {
    if (message.kind === 'ready') {
      this.#mainReady = true;
      this.#sendReady();
    } else if (message.kind === 'rested') {
      if (message.number === this.#awaitedRest) this.#rested();
    } else if (message.taskId === this.#running && !this.#terminated) {
      if (message.isExhausted) this.#exhausted = true;
      this.#end(message.taskId, message.end, message.tail);
    }
  }

  fromDriver(message: ToExecutor, tail: Uint8Array): void {
    switch (message.kind) {
      case 'launch':
        this.#queue.push({ kind: 'task', task: { ...message.task, split: tail } });
        break;
      case 'blob':
        this.#queue.push({ kind: 'blob', id: message.id, bytes: tail });
        break;
      case 'forget':
        this.#queue.push(message);
        break;
      case 'cancel':
        this.#cancel(message.taskId);
        break;
    }
    this.#handOver();
  }

  #sendReady(): void {
    if (this.#mainReady) this.#send({ kind: 'ready', pid: process.pid });
  }

  /** Gives the main thread all work up to and including the next task. */
  #handOver(): void {
    while (this.#running === undefined) {
      const work = this.#queue.shift();
      if (work === undefined) return;
      if (work.kind === 'task') this.#start(work.task.taskId);
      this.#post(work, transfers(work));
    }
  }

  #start(taskId: number): void {
    this.#running = taskId;
    this.#reported = 0;
  }

  #end(taskId: number, end: SentEnd, tail?: Uint8Array): void {
    this.#running = undefined;
    this.#send({ kind: 'ended', taskId, end }, tail);
    if (this.#exhausted) this.#send({ kind: 'exhausted' });
    else this.#handOver();
  }

  #cancel(taskId: number): void {
    const queued = this.#queue.findIndex((work) => work.kind === 'task' && work.task.taskId === taskId);
    if (queued >= 0) {
      this.#queue.splice(queued, 1);
      this.#send({ kind: 'ended', taskId, end: { kind: 'cancelled' } });
    } else if (taskId === this.#running) {
      this.#shared.cancel(taskId);
      this.#post({ kind: 'cancel', taskId });
      setTimeout(() => this.#terminate(taskId), terminateMs);
    }
  }

  /** Terminates the task's script unless the task has ended by itself. */
  #terminate(taskId: number): void {
    if (this.#running !== taskId) return;
    if (!this.#shared.claimTermination()) {
      // The end is on its way, or the task has not begun. Try again until it ends or the driver kills this executor.
      setTimeout(() => this.#terminate(taskId), terminateMs);
      return;
    }
    this.#terminated = true;
    this.#terminateScript(() => {
      this.#shared.terminated();
      this.#rest();
    });
  }

  #terminateScript(done: () => void): void {
    const termination = terminateMainScript();
    this.#post({ kind: 'nudge' });
    termination.then(done, (error) => endProcess(`A script could not be terminated: ${error}`));
  }

  /**
   * Asks whether the main thread is idle. A terminated script may leave endless ticks, which would block the next task: they are terminated
   * too, until the thread is idle or the driver kills this executor.
   */
  #rest(): void {
    const number = ++this.#rests;
    this.#awaitedRest = number;
    this.#post({ kind: 'rest', number });
    setTimeout(() => {
      if (this.#awaitedRest !== number) return;
      // Ignore a late reply: it would start the next task, which this termination would hit.
      this.#awaitedRest = undefined;
      this.#terminateScript(() => this.#rest());
    }, terminateMs);
  }

  #rested(): void {
    this.#awaitedRest = undefined;
    this.#terminated = false;
    if (this.#running !== undefined) this.#end(this.#running, { kind: 'cancelled' });
  }

  #report(): void {
    const records = this.#shared.records;
    if (this.#running === undefined || records <= this.#reported) return;
    this.#reported = records;
    this.#send({ kind: 'progress', taskId: this.#running, records });
  }

  #send(message: ToDriver, tail?: Uint8Array): void {
    this.#connection?.send(message, tail);
  }

  #post(message: ToMain, transfer: readonly TransferListItem[] = []): void {
    parentPort?.postMessage(message, transfer);
  }
}

function transfers(work: Work): TransferListItem[] {
  if (work.kind === 'task') return [work.task.split.buffer as ArrayBuffer];
  return work.kind === 'blob' ? [work.bytes.buffer as ArrayBuffer] : [];
}

/** Connects to the driver and runs the handshake; calls `entered` once the driver has proved itself. */
function connect(data: LinkData, entered: (ws: WebSocket, socket: Socket) => void): void {
  const ws = dial(data.socket, {
    perMessageDeflate: false,
    maxPayload: maxToExecutorBytes,
    handshakeTimeout: driverSilenceMs,
    // Masks protect proxies between browsers and servers; here a mask would only cost a pass over every result.
    generateMask: (mask) => mask.fill(0),
  });
  const handshake = new ExecutorHandshake(Buffer.from(data.token, 'hex'), data.executorId);
  // As long as the driver may stay silent: it may be blocked right after it has started this executor.
  const answer = setTimeout(() => endProcess('The driver did not answer.'), driverSilenceMs);
  let socket: Socket;
  ws.on('error', (error) => endProcess(`The driver cannot be reached: ${error.message}`));
  ws.on('close', () => endProcess());
  ws.once('upgrade', (response) => {
    socket = response.socket;
  });
  ws.once('open', () => ws.send(handshake.hello()));
  ws.once('message', (challenge) => {
    clearTimeout(answer);
    try {
      ws.send(handshake.answer(challenge.toString()));
      entered(ws, socket);
    } catch (error) {
      endProcess(`The driver failed the handshake: ${error}`);
    }
  });
}

function main(): void {
  const data = workerData as LinkData;
  const link = new Link(data.memory);
  parentPort?.on('message', (message: ToLink) => link.fromMain(message));
  connect(data, (ws, socket) => {
    const connection = new Connection(ws, socket, {
      message: (control, tail) => link.fromDriver(checkToExecutor(control), tail),
      closed: () => endProcess(),
      silent: (ms) => {
        if (ms > driverSilenceMs) endProcess();
      },
    });
    link.connected(connection);
  });
}

main();
