// Makes calls to the file system fail that concern some folders: the Nth one, or all that need space from the Nth one on.
import fs from 'node:fs';
import { constants } from 'node:os';

export type FaultCode = 'ENOSPC' | 'EIO' | 'EMFILE';

export interface Fault {
  /** Number of the call, from 1. */
  readonly call: number;
  readonly code: FaultCode;
  /** The disk stays full: every later call that takes space fails too. */
  readonly lasting?: boolean;
}

type Call = (...args: unknown[]) => unknown;

const functions = fs as unknown as Record<string, Call>;
const byPath = [
  ...['openSync', 'mkdirSync', 'mkdtempSync', 'renameSync', 'rmSync', 'statSync', 'readFileSync', 'writeFileSync', 'readdirSync'],
  ...['existsSync', 'open'],
];
const byDescriptor = ['readSync', 'writeSync', 'closeSync', 'fstatSync', 'fsyncSync', 'read', 'write', 'close'];
const takesSpace = new Set(['mkdirSync', 'mkdtempSync', 'writeFileSync', 'writeSync', 'write', 'fsyncSync', 'renameSync']);

/** Wraps the functions of node:fs once for this process; calls are counted below `folders` while a watch is on. */
export class DiskFaults {
  /** The calls of the watch that is on, or was last: their names. */
  calls: string[] = [];
  /** Of the calls, those that were made to fail. */
  fired = 0;
  readonly #folders: string[] = [];
  readonly #descriptors = new Set<number>();
  readonly #originals = new Map<string, Call>();
  #watching = false;
  #fault: Fault | undefined;
  /** Functions of node:fs call each other: only what was called from outside counts. */
  #inside = false;

  constructor() {
    for (const name of [...byPath, ...byDescriptor]) {
      const original = functions[name];
      this.#originals.set(name, original);
      functions[name] = (...args: unknown[]) => this.#call(name, original, args);
    }
  }

  /** Counts what happens below a folder. */
  below(folder: string): void {
    this.#folders.push(folder);
  }

  /** Counts from now on, and lets calls fail if there is a fault. */
  begin(fault?: Fault): void {
    this.calls = [];
    this.fired = 0;
    this.#fault = fault;
    this.#watching = true;
  }

  end(): void {
    this.#watching = false;
    this.#fault = undefined;
  }

  /** Gives node:fs its own functions back. */
  remove(): void {
    for (const [name, original] of this.#originals) functions[name] = original;
  }

  #concerns(name: string, [first]: readonly unknown[]): boolean {
    if (byDescriptor.includes(name)) return this.#descriptors.has(first as number);
    return this.#folders.some((folder) => String(first).startsWith(folder));
  }

  #call(name: string, original: Call, args: unknown[]): unknown {
    if (this.#inside || !this.#concerns(name, args)) return original(...args);
    this.#inside = true;
    try {
      const error = this.#watching ? this.#next(name, args) : undefined;
      return error ? this.#fail(name, original, args, error) : this.#pass(name, original, args);
    } finally {
      this.#inside = false;
    }
  }

  #pass(name: string, original: Call, args: unknown[]): unknown {
    const [first] = args;
    if (name === 'closeSync' || name === 'close') this.#descriptors.delete(first as number);
    if (name === 'open') {
      const done = args.pop() as Call;
      args.push((error: unknown, fd: unknown) => {
        if (!error) this.#descriptors.add(fd as number);
        done(error, fd);
      });
    }
    const result = original(...args);
    if (name === 'openSync') this.#descriptors.add(result as number);
    return result;
  }

  #next(name: string, args: readonly unknown[]): Error | undefined {
    this.calls.push(name);
    const fault = this.#fault;
    if (!fault || this.calls.length < fault.call) return undefined;
    if (this.calls.length > fault.call && !(fault.lasting && needsSpace(name, args))) return undefined;
    if (fault.lasting && !needsSpace(name, args)) return undefined;
    this.fired++;
    return Object.assign(new Error(`${fault.code}: made to fail, ${name.replace('Sync', '')}`), {
      code: fault.code,
      errno: -constants.errno[fault.code],
      syscall: name.replace('Sync', ''),
    });
  }

  #fail(name: string, original: Call, args: unknown[], error: Error): unknown {
    // The descriptor is gone whatever close says, and exists never throws.
    if (name === 'closeSync' || name === 'close') this.#pass(name, original, name === 'close' ? [args[0], () => {}] : args);
    if (name === 'existsSync') return false;
    const done = args.at(-1);
    if (name.endsWith('Sync') || typeof done !== 'function') throw error;
    return process.nextTick(done, error);
  }
}

function needsSpace(name: string, [, flags]: readonly unknown[]): boolean {
  if (name !== 'openSync' && name !== 'open') return takesSpace.has(name);
  return typeof flags === 'string' ? /[wa]/.test(flags) : ((flags as number) & fs.constants.O_CREAT) !== 0;
}
