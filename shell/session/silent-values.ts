// What a script does not print where an expression gives it.
import { EventEmitter } from 'node:events';
import { types } from 'node:util';
import type { Screen } from '../contract/screen';

/**
 * No value, and what calls return to go on with: `process.on(…)`, `setTimeout(…)`, `server.listen(…)`. Such an object is long, and that of
 * the process has the environment with all secrets in it.
 */
export function isSilent(value: unknown, { live }: Screen): boolean {
  if (live || value === undefined) return !live;
  return typeof value === 'object' && !types.isProxy(value) && (isEmitter(value) || isTimer(value));
}

/** Asks no trap of a proxy, wherever it is among the prototypes. */
function isEmitter(value: object | null): boolean {
  for (let one = value; one !== null && !types.isProxy(one); one = Object.getPrototypeOf(one) as object | null)
    if (one === EventEmitter.prototype) return true;
  return false;
}

function isTimer(value: object | null): boolean {
  const prototype: unknown = value && Object.getPrototypeOf(value);
  return prototype === prototypeOf(setTimeout(() => {}, 0).unref()) || prototype === prototypeOf(setImmediate(() => {}).unref());
}

const prototypeOf = (value: object): unknown => Object.getPrototypeOf(value);
