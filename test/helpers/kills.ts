// How closures of tests end their own executor at an exact moment, once: at a row, or when the engine makes a certain call.
import { writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

/** A fault to come: it is noted in `folder` under `name` before it strikes, and strikes once whoever meets it first. */
export interface Fault {
  readonly folder: string;
  readonly name: string;
  readonly signal: 'SIGKILL' | 'SIGSTOP';
}

/** Sends this process its signal, unless the fault has struck before. */
export function strike({ folder, name, signal }: Fault): void {
  try {
    writeFileSync(`${folder}/${name}`, String(process.pid), { flag: 'wx' });
  } catch {
    return;
  }
  process.kill(process.pid, signal);
}

type Call = (...args: unknown[]) => unknown;

interface Trap {
  readonly fault: Fault;
  readonly when: 'before' | 'after';
  readonly meets: (args: readonly unknown[]) => boolean;
}

type Traps = { millraceTraps?: Map<string, Trap> };

/** The traps of this process by the call that they wait for; the calls themselves are replaced once. */
function setTrap(owner: object, method: string, trap: Trap): void {
  const holder = globalThis as Traps;
  holder.millraceTraps ??= new Map();
  const traps = holder.millraceTraps;
  const known = traps.has(method);
  traps.set(method, trap);
  if (known) return;
  const calls = owner as Record<string, Call>;
  const original = calls[method];
  calls[method] = function (this: unknown, ...args: unknown[]) {
    const now = traps.get(method);
    const met = now?.meets(args) === true;
    if (met && now.when === 'before') strike(now.fault);
    const answer = original.apply(this, args);
    if (met && now.when === 'after') strike(now.fault);
    return answer;
  };
}

/** Strikes when the engine calls this function of `node:fs` with a path that matches. */
export function strikeAtFile(method: 'openSync' | 'renameSync', path: RegExp, when: 'before' | 'after', fault: Fault): void {
  const meets = (args: readonly unknown[]) => args.some((arg) => typeof arg === 'string' && path.test(arg));
  setTrap(process.getBuiltinModule('node:fs'), method, { fault, when, meets });
}

/** Strikes when the bytes of a blob have arrived. */
export function strikeAtBlob(id: string, fault: Fault): void {
  const meets = ([event, message]: readonly unknown[]) => {
    const { kind, id: arrived } = (message ?? {}) as { kind?: unknown; id?: unknown };
    return event === 'message' && kind === 'blob' && arrived === id;
  };
  setTrap(Worker.prototype, 'emit', { fault, when: 'after', meets });
}

/** Strikes when the main thread hands the end of a task to the thread that sends it. */
export function strikeAtEnd(when: 'before' | 'after', fault: Fault): void {
  const meets = ([message]: readonly unknown[]) => (message as { kind?: unknown } | null)?.kind === 'ended';
  setTrap(Worker.prototype, 'postMessage', { fault, when, meets });
}
