// Lets a Ctrl-C break the user's code without a moment in which the signal could end the process or break what comes next.
//
// Node's watch over a script (`breakOnSigint`) replaces the handler of SIGINT when it begins and when it ends, and in between two
// handlers the signal ends the process. So nobody sends a signal to this process from outside: Ctrl-C comes as a number through a
// pipe that a thread reads, and the thread sends the signal only while the main thread is surely under the watch.
import { Worker } from 'node:worker_threads';

/** The descriptor on which the terminal names the entry to be interrupted, a line each. */
export const interruptDescriptor = 4;

const outside = 0;
const inside = 1;
/** The thread is sending the signal. */
const firing = 2;

const stateWord = 0;
/** The number of the entry that runs, negated once it has ended. */
const entryWord = 1;

/** How long the end of the user's code waits for a signal that is on its way; code that handles SIGINT itself may have taken it. */
const arrivalMs = 250;
/** Between two looks of the thread at an entry that is to be interrupted: it may be waiting, or not have begun. */
const lookMs = 10;

/** Sends the signal for the entry that was named last, once, when its code runs under the watch. */
const thread = `
  const { workerData: words } = require('node:worker_threads');
  const input = new (require('node:net').Socket)({ fd: ${interruptDescriptor}, readable: true, writable: false });
  let asked = 0;
  let timer;
  const look = () => {
    clearTimeout(timer);
    const entry = Atomics.load(words, ${entryWord});
    if (entry !== asked && Math.abs(entry) >= asked) return;
    if (entry === asked && Atomics.compareExchange(words, ${stateWord}, ${inside}, ${firing}) === ${inside}) {
      process.kill(process.pid, 'SIGINT');
      return;
    }
    timer = setTimeout(look, ${lookMs});
  };
  let rest = '';
  input.on('error', () => {});
  input.setEncoding('latin1').on('data', (text) => {
    const lines = (rest + text).split('\\n');
    rest = lines.pop();
    if (lines.length === 0) return;
    asked = Number(lines[lines.length - 1]);
    look();
  });
`;

export class InterruptGate {
  readonly #words = new Int32Array(new SharedArrayBuffer(8));
  #depth = 0;

  constructor() {
    new Worker(thread, { eval: true, workerData: this.#words, stdout: true, stderr: true }).unref();
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
