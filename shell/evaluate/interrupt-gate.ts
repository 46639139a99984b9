// Lets Ctrl-C break the user's code safely: the signal never ends the process, gets lost, or breaks the next entry.
//
//   terminal process            session process: thread                                  session process: main thread
//   Ctrl-C ── entry number ───▶ SIGINT, once, while `state` is inside ─────────────────▶ V8 breaks the user's code
//                               message every 100 ms, at most 10 while the entry runs ─▶ interrupted(): pending awaits end
//                               while the code waits for a child: SIGINT to the child ─▶ execSync … returns, and the code breaks
//   SIGTERM … ── its name ────▶ message; SIGKILL after 1 s unless `heard` ─────────────▶ ended()
//   dies ── the pipe closes ──▶ message; SIGKILL after 1.5 s ──────────────────────────▶ orphaned()
//
// Why no signal comes from outside: Node's `breakOnSigint` swaps the SIGINT handler when a script starts and when it ends. Between two
// handlers SIGINT ends the process. If SIGINT reaches the event loop's handler just before an endless loop starts, it waits for ever.
// So the terminal writes to a pipe, and the thread raises SIGINT only while the main thread is surely inside `breakOnSigint`.
// A loop cannot hear a signal that should end the script, so the thread kills the process then.
// Thread and main thread share four words: `state` (outside, inside, firing), `entry`, `heard` and `child`.
import { Worker } from 'node:worker_threads';
import { restoreBuiltins } from '../../runtime/closure/guarded-builtins';
import type { EndingSignal } from '../base/ctrl-c';
import { interruptDescriptor } from '../contract/protocol';

/** How long this process may take to stop once its parent is gone: the user's loop may hold the main thread. */
const orphanStopMs = 1_500;

const outside = 0;
const inside = 1;
/** The thread is sending the signal. */
const firing = 2;

const stateWord = 0;
/** The number of the running entry, negated once it has ended. */
const entryWord = 1;
/** 1 once the main thread has received a signal that ends this process. */
const heardWord = 2;
/** When the main thread began to wait for a child process, in milliseconds of the system's clock; 0 if it waits for none. */
const childWord = 3;

/** How long the user's code may hold the main thread after a signal that ends this process. */
const hearingMs = 1_000;
/** How long the end of the user's code waits for a signal under way; the user's own SIGINT handler may have taken it. */
const arrivalMs = 250;
/** How often the thread looks at an entry to interrupt: it may be awaiting, or not have started. */
const lookMs = 10;
/** An await can end only while it is pending, so the thread repeats its message while the entry goes on. */
const tellEveryMs = 100;
const maxTold = 10;
/** A child that runs on so long after Ctrl-C ignores it; the next press kills it. */
const stubbornMs = 1_500;
/** The system says in hundredths of a second when a process started. */
const tickMs = 10;

/** The system's clock in milliseconds, the same in all threads; never 0. */
const clockText = 'Math.max(1, Number((process.hrtime.bigint() / 1000000n) % 0x7fffffffn))';
const clockMs = new Function(`return ${clockText}`) as () => number;

/** The thread. For the entry named last: one signal while its code runs under the watch, and messages to the main thread. */
const thread = `
  const { parentPort, workerData: words } = require('node:worker_threads');
  const input = new (require('node:net').Socket)({ fd: ${interruptDescriptor}, readable: true, writable: false });
  let asked = 0;
  let fired = false;
  let told = 0;
  let tellAt = 0;
  let timer;
  const fs = require('node:fs');
  const clock = () => ${clockText};
  const { pid } = process;
  const kill = (target, signal) => {
    try {
      process.kill(target, signal);
      return true;
    } catch {
      return false;
    }
  };
  // With what the user's code started; a test may run this in a process that leads no group.
  const die = () => kill(-pid, 'SIGKILL') || kill(pid, 'SIGKILL');
  const statOf = (id) => {
    try {
      const stat = fs.readFileSync('/proc/' + id + '/stat', 'latin1');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return { leader: Number(fields[3]), startedMs: Number(fields[19]) * ${tickMs} };
    } catch {
      return undefined;
    }
  };
  /** The processes that the user's code waits for: those of this session that are younger than the call, also where their parent has ended. */
  const awaited = (began) => {
    if (statOf(pid)?.leader !== pid) return [];
    const sinceMs = Number(fs.readFileSync('/proc/uptime', 'latin1').split(' ')[0]) * 1000 - (clock() - began) - 2 * ${tickMs};
    return fs.readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name)).map(Number).filter((id) => {
      const stat = statOf(id);
      return stat?.leader === pid && id !== pid && stat.startedMs >= sinceMs;
    });
  };
  let call = 0;
  let firstAt = 0;
  let stubborn = false;
  let reached = new Set();
  const pressed = () => {
    reached = new Set();
    stubborn = call !== 0 && call === Atomics.load(words, ${childWord}) && performance.now() - firstAt > ${stubbornMs};
  };
  const reachChildren = () => {
    const began = Atomics.load(words, ${childWord});
    if (began === 0) return;
    if (began !== call) [call, firstAt] = [began, performance.now()];
    for (const id of awaited(began)) if (!reached.has(id) && kill(id, stubborn ? 'SIGKILL' : 'SIGINT')) reached.add(id);
  };
  const tell = () => {
    reachChildren();
    if (told === ${maxTold} || performance.now() < tellAt) return;
    told++;
    tellAt = performance.now() + ${tellEveryMs};
    parentPort.postMessage({ entry: asked, again: told > 1 });
  };
  const look = () => {
    clearTimeout(timer);
    const entry = Atomics.load(words, ${entryWord});
    if (entry !== asked && Math.abs(entry) >= asked) return;
    // A timer or a background entry may hold the main thread before the entry has begun.
    if (entry !== asked && performance.now() >= tellAt) {
      tellAt = performance.now() + ${tellEveryMs};
      reachChildren();
    }
    if (entry === asked) {
      if (!fired && Atomics.compareExchange(words, ${stateWord}, ${inside}, ${firing}) === ${inside}) {
        fired = true;
        process.kill(pid, 'SIGINT');
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
    setTimeout(die, ${orphanStopMs});
  });
  const end = (signal) => {
    parentPort.postMessage({ signal });
    setTimeout(() => {
      if (Atomics.load(words, ${heardWord}) === 0) die();
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
    pressed();
    look();
  });
`;

export interface GateEvents {
  /** The running entry must end its pending awaits; `again` if it went on after an earlier call. */
  interrupted(again: boolean): void;
  /** The parent is gone; this process is killed 1.5 s later. */
  orphaned(): void;
  /** The parent received a signal that must end this process. */
  ended?(signal: EndingSignal): void;
}

type Message = { readonly entry: number; readonly again: boolean } | { readonly signal: EndingSignal } | 'orphan';

export class InterruptGate {
  readonly #words = new Int32Array(new SharedArrayBuffer(16));
  #depth = 0;

  constructor(events: GateEvents) {
    const worker = new Worker(thread, { eval: true, workerData: this.#words, stdout: true, stderr: true });
    worker.on('message', (message: Message) => {
      restoreBuiltins();
      if (message === 'orphan') events.orphaned();
      else if ('signal' in message) {
        Atomics.store(this.#words, heardWord, 1);
        events.ended?.(message.signal);
      } else if (message.entry === this.#words[entryWord]) events.interrupted(message.again);
    });
    worker.unref();
  }

  /** How many watched calls are nested now. */
  get depth(): number {
    return this.#depth;
  }

  begin(entry: number): void {
    Atomics.store(this.#words, entryWord, entry);
  }

  end(entry: number): void {
    Atomics.store(this.#words, entryWord, -entry);
  }

  /** Calls `f` under the watch. An interrupted `f` does not return here and no `finally` runs: `broken` does that work. */
  pass<T>(f: () => T): T {
    if (this.#depth++ === 0) Atomics.store(this.#words, stateWord, inside);
    try {
      return f();
    } finally {
      if (--this.#depth === 0) this.#leave();
    }
  }

  /** Calls `f`, which waits for child processes: meanwhile Ctrl-C reaches these. */
  waitForChild<T>(f: () => T): T {
    Atomics.store(this.#words, childWord, clockMs());
    try {
      return f();
    } finally {
      Atomics.store(this.#words, childWord, 0);
    }
  }

  /** A watched call was interrupted: the signal has arrived, and the `depth` calls around it go on. */
  broken(depth: number): void {
    this.#depth = depth;
    Atomics.store(this.#words, childWord, 0);
    Atomics.store(this.#words, stateWord, depth === 0 ? outside : inside);
  }

  /** Waits, still under the watch, for a signal under way; it breaks this loop. */
  #leave(): void {
    const end = performance.now() + arrivalMs;
    while (Atomics.compareExchange(this.#words, stateWord, inside, outside) === firing && performance.now() < end);
    Atomics.store(this.#words, stateWord, outside);
  }
}
