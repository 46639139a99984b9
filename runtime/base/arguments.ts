// Refusing arguments: each error names the operation, the argument, its value, the rule, and what to write instead.
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
  /** How the value is shown, where that is not by its text. */
  readonly shown?: string;
}

/** Throws BAD_ARGUMENT. */
export function refuseArgument({ value, shown = textOf(value), ...rest }: BadArgument): never {
  throw new MillraceError('BAD_ARGUMENT', { ...rest, value: shown });
}

function textOf(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  // Datasets and the context lead to all of the session.
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

/** Throws BAD_ARGUMENT unless `value` is true or false: 'false' and 0 would not do what they say. */
export function checkFlag(operation: string, argument: string, value: unknown): void {
  if (typeof value === 'boolean') return;
  refuseArgument({
    operation,
    argument,
    value,
    rule: 'true or false',
    remedy: `Look up the order of the arguments of ${operation}.`,
  });
}

/** Throws BAD_ARGUMENT of an ordering that looks at one element only: it would answer any order, without a word. */
export function checkOrdering(operation: string, compare: unknown): void {
  if (typeof compare !== 'function' || compare.length !== 1) return;
  refuseArgument({
    operation,
    argument: 'the compare function',
    value: compare,
    shown: 'a function of one argument',
    rule: 'a function of two elements',
    remedy: 'Compare what you take of each, as in (a, b) => a.size - b.size.',
  });
}

/** Throws BAD_ARGUMENT unless `value` is an object, whose fields are then looked at one by one. */
export function checkOptions(operation: string, value: unknown, remedy: string): void {
  if (typeof value === 'object' && value !== null && !(driverOnly in value) && !Array.isArray(value)) return;
  refuseArgument({ operation, argument: 'the object of options', value, rule: 'an object', remedy });
}

/** Throws BAD_ARGUMENT unless `f` is a function: one that runs in the session; others are checked where they are shipped. */
export function checkCallback(operation: string, f: unknown, remedy: string): void {
  if (typeof f === 'function') return;
  refuseArgument({ operation, argument: 'the function', value: f, rule: 'a function', remedy });
}

/** Throws BAD_ARGUMENT unless `path` is a text that can name files. */
export function checkPath(operation: string, path: unknown): string {
  if (typeof path === 'string' && path.trim() !== '') return path;
  const remedy = `Write ${operation}('folder/*.txt').`;
  return refuseArgument({ operation, argument: 'the path', value: path, rule: 'a text that names files', remedy });
}

/** Throws BAD_ARGUMENT where the folder that is asked for is a file: no space that is freed would help. */
export function checkNoFile(operation: string, folder: string): void {
  if (!existsSync(folder) || statSync(folder).isDirectory()) return;
  refuseArgument({
    operation,
    argument: 'the folder',
    value: folder,
    rule: 'a folder, or a name that is free; it is a file',
    remedy: `Write ${operation}('folder').`,
  });
}
