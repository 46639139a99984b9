// What cannot be shipped, why, and what to do instead.
import { EventEmitter } from 'node:events';
import { Stream } from 'node:stream';
import { types } from 'node:util';
import { stampOf } from '../stamp';

export interface Refusal {
  /** Reads after "it captures". */
  readonly reason: string;
  readonly remedy: string;
}

/** The remedy for what a package made and keeps to itself. */
export const ofPackage =
  'Make it in a module of your own and import it from there, or make it inside the function: each executor then has its own.';

const openInside = (what: string) => `Open ${what} inside the function, for example once for each partition in mapPartitions.`;

/** Objects that are tied to this process, by what the engine says of them. */
function hostKind(value: object): Refusal | undefined {
  if (types.isPromise(value)) return { reason: 'a promise', remedy: 'Await it first and capture its value.' };
  if (value instanceof WeakRef) {
    return { reason: 'a WeakRef, whose value may be gone at any time', remedy: 'Capture the value itself.' };
  }
  if (types.isProxy(value)) return { reason: 'a Proxy', remedy: 'Capture the object behind it, or plain data read from it.' };
  if (types.isGeneratorObject(value)) {
    return {
      reason: 'a running generator',
      remedy: 'Capture the generator function and call it inside the function, or capture [...it].',
    };
  }
  if (types.isMapIterator(value) || types.isSetIterator(value) || isArrayIterator(value)) {
    return { reason: 'a running iterator', remedy: 'Capture [...it].' };
  }
  if (types.isSharedArrayBuffer(value)) return { reason: 'shared memory', remedy: 'Capture a copy, or sc.broadcast it.' };
  if (types.isModuleNamespaceObject(value)) {
    return {
      reason: 'the namespace of an ES module',
      remedy: 'Capture the functions you need of it, or import it inside the function.',
    };
  }
  if (types.isExternal(value)) return { reason: 'a native handle', remedy: openInside('it') };
  return undefined;
}

const arrayIterator = Object.getPrototypeOf([][Symbol.iterator]());

function isArrayIterator(value: object): boolean {
  return Object.getPrototypeOf(value) === arrayIterator;
}

/** Classes of Node whose instances hold something of this process, by name: loading them here would load what they stand for. */
const hostClasses = new Map<string, Refusal>([
  ['Socket', { reason: 'an open socket', remedy: openInside('the connection') }],
  ['TLSSocket', { reason: 'an open socket', remedy: openInside('the connection') }],
  ['Server', { reason: 'a server', remedy: 'Keep servers in the session.' }],
  ['FileHandle', { reason: 'an open file handle', remedy: `Capture the path. ${openInside('the file')}` }],
  ['Timeout', { reason: 'a timer', remedy: 'Keep timers in the session.' }],
  ['Immediate', { reason: 'a timer', remedy: 'Keep timers in the session.' }],
  ['Worker', { reason: 'a worker thread', remedy: 'Keep it in the session.' }],
  ['MessagePort', { reason: 'a message port', remedy: 'Keep it in the session.' }],
  ['ChildProcess', { reason: 'a child process', remedy: openInside('it') }],
]);

/** Why a value cannot be shipped, or undefined if its kind can. */
export function refusalOf(value: object): Refusal | undefined {
  const kind = hostKind(value);
  if (kind) return kind;
  const constructor: unknown = value.constructor;
  if (typeof constructor !== 'function') return undefined;
  const known = hostClasses.get(constructor.name);
  if (known && !isUserClass(constructor)) return known;
  if (value instanceof Stream) return { reason: `a live stream (${constructor.name})`, remedy: openInside('it') };
  if (value instanceof EventEmitter && !isUserClass(constructor)) {
    return { reason: `a live ${constructor.name}`, remedy: openInside('it') };
  }
  return undefined;
}

/** A class of the user's own may be called what it likes. */
function isUserClass(constructor: Function): boolean {
  return stampOf(constructor) !== undefined;
}
