// Lets a Ctrl-C break the user's code without a moment in which the signal could end the process, get lost, or break what comes next.
//
// Node's watch over a script (`breakOnSigint`) replaces the handler of SIGINT when it begins and when it ends: between two handlers
// the signal ends the process, and one that comes to the handler of the event loop just before a loop of the user's begins waits for
// ever. So nobody sends a signal to this process from outside: Ctrl-C comes as a number through a pipe that a thread reads. The
// thread tells the main thread of it, for what waits, and sends the signal only while the main thread is surely under the watch.
// Signals that end a script come the same way, by name: a loop of the user's cannot hear of one, and is killed.
import { Worker } from 'node:worker_threads';
import type { EndingSignal } from '../base/ctrl-c';
import { interruptDescriptor } from '../contract/protocol';

/** How long this process has to stop once its parent is gone, although a loop of the user's may hold the main thread. */
const orphanStopMs = 1_500;

const outside = 0;
const inside = 1;
/** The thread is sending the signal. */
const firing = 2;

const stateWord = 0;
/** The number of the entry that runs, negated once it has ended. */
const entryWord = 1;
/** 1 once the main thread has heard of a signal that ends this process. */
const heardWord = 2;

/** How long the user's code may hold the main thread once this process is to end. */
const hearingMs = 1_000;
/** How long the end of the user's code waits for a signal that is on its way; code that handles SIGINT itself may have taken it. */
const arrivalMs = 250;
/** Between two looks of the thread at an entry that is to be interrupted: it may be waiting, or not have begun. */
const lookMs = 10;
/** What an entry waits for can be left only while it waits, so the main thread is told again while the entry goes on. */
const tellEveryMs = 100;
const maxTold = 10;

/** For the entry that was named last: the signal once, when its code runs under the watch, and word to the main thread. */
const thread = `
  const { parentPort, workerData: words } = require('node:worker_threads');
  const input = new (require('node:net').Socket)({ fd: ${interruptDescriptor}, readable: true, writable: false });
  let asked = 0;
  let fired = false;
  let told = 0;
  let tellAt = 0;
  let timer;
  const tell = () => {
    if (told === ${maxTold} || performance.now() < tellAt) return;
    told++;
    tellAt = performance.now() + ${tellEveryMs};
    parentPort.postMessage({ entry: asked, again: told > 1 });
  };
  const look = () => {
    clearTimeout(timer);
    const entry = Atomics.load(words, ${entryWord});
    if (entry !== asked && Math.abs(entry) >= asked) return;
    if (entry === asked) {
      if (!fired && Atomics.compareExchange(words, ${stateWord}, ${inside}, ${firing}) === ${inside}) {
        fired = true;
        process.kill(process.pid, 'SIGINT');
      }
      tell();
      if (fired && told === ${maxTold}) return;
    }
    timer = setTimeout(look, ${lookMs});
  };
  let rest = '';
  input.on('error', () => {});
  input.on('close', () => {
    parentPort.postMessage('orphan');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${orphanStopMs});
  });
  const end = (signal) => {
    parentPort.postMessage({ signal });
    setTimeout(() => {
      if (Atomics.load(words, ${heardWord}) === 0) process.kill(process.pid, 'SIGKILL');
    }, ${hearingMs});
  };
  input.setEncoding('latin1').on('data', (text) => {
    const lines = (rest + text).split('\\n');
    rest = lines.pop();
    for (const signal of lines.filter((line) => line.startsWith('SIG'))) end(signal);
    const entry = lines.findLast((line) => !line.startsWith('SIG'));
    if (entry === undefined) return;
    asked = Number(entry);
    fired = false;
    told = 0;
    tellAt = 0;
    look();
  });
`;

export interface GateEvents {
  /** The entry that runs is to stop what it waits for; told again while it goes on. */
  interrupted(again: boolean): void;
  /** The parent is gone; this process is killed 1.5 s later. */
  orphaned(): void;
  /** The parent got a signal that is to end this process. */
  ended?(signal: EndingSignal): void;
}

type Message = { readonly entry: number; readonly again: boolean } | { readonly signal: EndingSignal } | 'orphan';

export class InterruptGate {
  readonly #words = new Int32Array(new SharedArrayBuffer(12));
  #depth = 0;

  constructor(events: GateEvents) {
    const worker = new Worker(thread, { eval: true, workerData: this.#words, stdout: true, stderr: true });
    worker.on('message', (message: Message) => {
      if (message === 'orphan') events.orphaned();
      else if ('signal' in message) {
        Atomics.store(this.#words, heardWord, 1);
        events.ended?.(message.signal);
      } else if (message.entry === this.#words[entryWord]) events.interrupted(message.again);
    });
    worker.unref();
  }

  /** How many watched calls are under way, one within the other. */
  get depth(): number {
    return this.#depth;
  }

  begin(entry: number): void {
    Atomics.store(this.#words, entryWord, entry);
  }

  end(entry: number): void {
    Atomics.store(this.#words, entryWord, -entry);
  }

  /** Calls `f`, which runs under the watch. An interrupted `f` does not come back here, nor does any `finally`: see `broken`. */
  pass<T>(f: () => T): T {
    if (this.#depth++ === 0) Atomics.store(this.#words, stateWord, inside);
    try {
      return f();
    } finally {
      if (--this.#depth === 0) this.#leave();
    }
  }

  /** A watched call was interrupted: the signal has arrived, and `depth` calls around it go on. */
  broken(depth: number): void {
    this.#depth = depth;
    Atomics.store(this.#words, stateWord, depth === 0 ? outside : inside);
  }

  /** A signal on its way is waited for under the watch, and breaks this loop. */
  #leave(): void {
    const end = performance.now() + arrivalMs;
    while (Atomics.compareExchange(this.#words, stateWord, inside, outside) === firing && performance.now() < end);
    Atomics.store(this.#words, stateWord, outside);
  }
}
