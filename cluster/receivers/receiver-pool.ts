// The receivers of a session: starts the processes that read the sources of its streams, and restarts them when they die.

import fs from 'node:fs';
import path from 'node:path';
import { makeFolders } from '../../runtime/base/files';
import type {
  ReceivedBlock,
  ReceiverBackend,
  ReceiverListener,
  ReceiverSpec,
  RunningReceiver,
} from '../../runtime/plan/receivers';
import { receiverDrainMs, receiverStopMs } from '../base/limits';
import type { OutputListener } from '../base/output-lines';
import { deadline } from '../link/deadline';
import { refuse } from '../link/fields';
import { recoverLeftovers } from './leftovers';
import type { FromReceiver } from './protocol';
import { ReceiverProcess } from './receiver-process';
import { RetryDelay } from './reconnect';

export interface ReceiversOptions {
  readonly program: () => string;
  /** The session's folder; each stream without a log gets a subfolder for its blocks. */
  readonly folder: string;
  readonly onOutput: OutputListener;
}

interface Stream {
  readonly number: number;
  readonly spec: ReceiverSpec;
  readonly listener: ReceiverListener;
  readonly folder: string;
  nextBlock: number;
  rate: number;
  unprocessed: number;
  /** Set while it is being stopped. */
  closed?: () => void;
}

/** A process with the streams that it reads: one process for all built-in sources, and one for each of the user's receivers. */
class Group {
  readonly streams = new Map<number, Stream>();
  readonly #options: ReceiversOptions;
  readonly #retry = new RetryDelay();
  readonly #emptied: () => void;
  #process: ReceiverProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ending: Promise<void> | undefined;
  #gone = () => {};

  /** `emptied` is called when no stream is left. */
  constructor(options: ReceiversOptions, emptied: () => void) {
    this.#options = options;
    this.#emptied = emptied;
    this.#spawn();
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  #spawn(): void {
    this.#process = new ReceiverProcess({
      program: this.#options.program(),
      onOutput: this.#options.onOutput,
      onMessage: (message) => this.#receive(message),
      onExit: (reason) => this.#exited(reason),
    });
    for (const stream of this.streams.values()) this.#open(stream);
  }

  add(stream: Stream): void {
    this.streams.set(stream.number, stream);
    this.#open(stream);
  }

  #open({ number, spec, folder, nextBlock, rate, unprocessed }: Stream): void {
    const { stream: _, rate: __, log, ...rest } = spec;
    this.#process?.send({
      kind: 'open',
      stream: number,
      folder,
      firstBlock: nextBlock,
      rate,
      isDurable: log !== undefined,
      unprocessedBytes: unprocessed,
      ...rest,
    });
  }

  #receive(message: FromReceiver): void {
    const stream = this.streams.get(message.stream);
    if (!stream) return;
    switch (message.kind) {
      case 'block':
        if (message.block < stream.nextBlock) refuse(`block ${message.block} was handed over twice`);
        stream.nextBlock = message.block + 1;
        this.#retry.succeeded();
        deliver(stream, message.block, message.bytes, message.records);
        this.#process?.send({ kind: 'known', stream: stream.number, block: message.block });
        break;
      case 'report':
        stream.listener.told(message.event, message.message);
        break;
      case 'closed':
        this.#remove(stream);
    }
  }

  #exited(reason: string): void {
    this.#process = undefined;
    if (this.#ending) return this.#gone();
    const wait = this.#retry.wait();
    for (const stream of [...this.streams.values()]) {
      const { summary, block, next } = recoverLeftovers(stream.folder, stream.nextBlock, stream.spec.source);
      stream.nextBlock = next;
      if (block) deliver(stream, block.number, block.bytes, block.records);
      if (stream.closed) this.#remove(stream);
      else stream.listener.told('error', `its process was lost: ${reason}; ${summary}; restarting in ${wait} ms`);
    }
    if (!this.#ending) this.#timer = setTimeout(() => this.#spawn(), wait);
  }

  processed(stream: Stream, bytes: number): void {
    stream.unprocessed -= bytes;
    this.#process?.send({ kind: 'processed', stream: stream.number, bytes });
  }

  limit(stream: Stream, perSecond: number): void {
    stream.rate = perSecond;
    this.#process?.send({ kind: 'limit', stream: stream.number, perSecond });
  }

  close(stream: Stream, graceful: boolean): Promise<void> {
    if (!this.streams.has(stream.number)) return Promise.resolve();
    return new Promise((resolve) => {
      // The user's code may block the process so that it cannot answer.
      const ms = graceful ? receiverDrainMs : receiverStopMs;
      const late = deadline(ms, () => this.#closedLate(stream, ms));
      stream.closed = () => {
        late();
        resolve();
      };
      if (this.#process) this.#process.send({ kind: 'close', stream: stream.number, graceful });
      else this.#remove(stream);
    });
  }

  #closedLate(stream: Stream, ms: number): void {
    stream.listener.told('error', `it did not stop within ${ms} ms and was killed`);
    this.#process?.kill();
    this.#remove(stream);
  }

  #remove(stream: Stream): void {
    this.streams.delete(stream.number);
    stream.closed?.();
    if (this.streams.size === 0) this.#emptied();
  }

  kill(): void {
    this.#process?.kill();
  }

  /** Kills the process; resolves when it has ended. */
  end(): Promise<void> {
    this.#ending ??= new Promise((resolve) => {
      clearTimeout(this.#timer);
      this.#gone = resolve;
      if (this.#process) this.#process.kill();
      else resolve();
    });
    return this.#ending;
  }
}

function deliver(stream: Stream, block: number, bytes: number, records: number): void {
  stream.unprocessed += bytes;
  stream.listener.block({ path: path.join(stream.folder, String(block)), bytes, records });
}

export class Receivers implements ReceiverBackend {
  readonly #options: ReceiversOptions;
  readonly #groups = new Set<Group>();
  readonly #ending = new Set<Promise<void>>();
  readonly #atExit = () => this.#killAll();
  #shared: Group | undefined;
  #streams = 0;

  constructor(options: ReceiversOptions) {
    this.#options = options;
  }

  /** The ids of the running processes, for tests that kill them. */
  get pids(): readonly number[] {
    return [...this.#groups].flatMap(({ pid }) => pid ?? []);
  }

  start(spec: ReceiverSpec, listener: ReceiverListener): RunningReceiver {
    this.#watchExit();
    const number = this.#streams++;
    const folder = spec.log ?? path.join(this.#options.folder, 'received', String(number));
    makeFolders(folder, 0o700);
    const rate = spec.rate ?? -1;
    const stream: Stream = { number, spec, listener, folder, nextBlock: 0, rate, unprocessed: 0 };
    const group = spec.source.kind === 'custom' ? this.#newGroup() : this.#builtIn();
    group.add(stream);
    return {
      processed: (bytes) => group.processed(stream, bytes),
      limitRate: (perSecond) => group.limit(stream, perSecond === undefined ? -1 : Math.max(1, Math.round(perSecond))),
      stop: (graceful) => group.close(stream, graceful),
    };
  }

  /** Registers the exit handler once, however many receivers start. */
  #watchExit(): void {
    process.off('exit', this.#atExit);
    process.once('exit', this.#atExit);
  }

  #builtIn(): Group {
    this.#shared ??= this.#newGroup();
    return this.#shared;
  }

  #newGroup(): Group {
    const group: Group = new Group(this.#options, () => {
      this.#groups.delete(group);
      if (this.#shared === group) this.#shared = undefined;
      const ending = group.end().finally(() => this.#ending.delete(ending));
      this.#ending.add(ending);
    });
    this.#groups.add(group);
    return group;
  }

  release(blocks: readonly ReceivedBlock[]): void {
    for (const { path: file } of blocks) fs.rm(file, { force: true }, () => {});
  }

  async stop(): Promise<void> {
    process.off('exit', this.#atExit);
    await Promise.all([...this.#groups].map((group) => group.end()));
    await Promise.all(this.#ending);
    this.#groups.clear();
    this.#shared = undefined;
  }

  #killAll(): void {
    for (const group of this.#groups) group.kill();
  }
}
