// Refusing arguments: each error names the operation, the argument, its value, the rule, and what to write instead.
import { MillraceError } from '../errors';
import { showElement } from '../exec/task-runtime';

export interface BadArgument {
  readonly operation: string;
  readonly argument: string;
  readonly value: unknown;
  readonly rule: string;
  readonly remedy: string;
}

/** Throws BAD_ARGUMENT. */
export function refuseArgument({ value, ...rest }: BadArgument): never {
  const shown = typeof value === 'function' ? 'a function' : typeof value === 'symbol' ? 'a symbol' : showElement(value);
  throw new MillraceError('BAD_ARGUMENT', { ...rest, value: shown });
}

/** Throws BAD_ARGUMENT unless `value` is a whole number from `least` to `most`. */
export function checkWhole(value: unknown, least: number, most: number, bad: Omit<BadArgument, 'value' | 'rule'>): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
  const rule = `a whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? ' on' : ` to ${most}`}`;
  return refuseArgument({ ...bad, value, rule });
}
