// Checks of arguments: each error names the operation, the argument, its value, the rule and what to write instead.
import { existsSync, statSync } from 'node:fs';
import { MillraceError } from './errors';
import { driverOnly } from './markers';
import { showElement } from './show-element';

export interface BadArgument {
  readonly operation: string;
  readonly argument: string;
  readonly value: unknown;
  readonly rule: string;
  readonly remedy: string;
  /** How to show the value, if not by its text. */
  readonly shown?: string;
}

/** Throws BAD_ARGUMENT. */
export function refuseArgument({ value, shown = textOf(value), ...rest }: BadArgument): never {
  throw new MillraceError('BAD_ARGUMENT', { ...rest, value: shown });
}

function textOf(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  // A dataset or a context refers to the whole session: show its name only.
  if (value instanceof Object && driverOnly in value) return String(value[driverOnly]);
  return showElement(value);
}

/** Throws BAD_ARGUMENT unless `value` is a whole number from `least` to `most`. */
export function checkWhole(value: unknown, least: number, most: number, bad: Omit<BadArgument, 'value' | 'rule'>): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
  const rule = `a whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? ' on' : ` to ${most}`}`;
  return refuseArgument({ ...bad, value, rule });
}

/** Throws BAD_ARGUMENT unless `n` can be a number of elements. */
export function checkSize(operation: string, n: unknown): number {
  return checkWhole(n, 0, Number.MAX_SAFE_INTEGER, {
    operation,
    argument: 'the number of elements',
    remedy: `Write ${operation}(10).`,
  });
}

/** Throws BAD_ARGUMENT unless `value` is true or false: the text 'false' would count as true. */
export function checkFlag(operation: string, argument: string, value: unknown): void {
  if (typeof value === 'boolean') return;
  refuseArgument({
    operation,
    argument,
    value,
    rule: 'true or false',
    remedy: `Check the order of the arguments of ${operation}.`,
  });
}

/** Throws BAD_ARGUMENT if a compare function takes one element only: it would silently give any order. */
export function checkOrdering(operation: string, compare: unknown): void {
  if (typeof compare !== 'function' || compare.length !== 1) return;
  refuseArgument({
    operation,
    argument: 'the compare function',
    value: compare,
    shown: 'a function of one argument',
    rule: 'a function of two elements',
    remedy: 'Compare two elements, as in (a, b) => a.size - b.size.',
  });
}

/** Throws BAD_ARGUMENT unless `value` is an object; its fields are checked later, one by one. */
export function checkOptions(operation: string, value: unknown, remedy: string): void {
  if (typeof value === 'object' && value !== null && !(driverOnly in value) && !Array.isArray(value)) return;
  refuseArgument({ operation, argument: 'the object of options', value, rule: 'an object', remedy });
}

/** Throws BAD_ARGUMENT unless `f` is a function that runs in the session. Shipping checks functions for executors. */
export function checkCallback(operation: string, f: unknown, remedy: string): void {
  if (typeof f === 'function') return;
  refuseArgument({ operation, argument: 'the function', value: f, rule: 'a function', remedy });
}

/** Throws BAD_ARGUMENT if the folder to write is a file: DISK's remedy, to free space, would not help. */
export function checkNoFile(operation: string, folder: string): void {
  if (!existsSync(folder) || statSync(folder).isDirectory()) return;
  refuseArgument({
    operation,
    argument: 'the folder',
    value: folder,
    rule: 'a folder or a free name; it is a file',
    remedy: `Write ${operation}('folder').`,
  });
}
