// What must hold of a row's fields for a function to answer true, as far as its text says it: parts of a table in which it cannot are not read.

export type Comparison = '<' | '<=' | '>' | '>=' | '===' | '!==' | '==' | '!=';

/** A constant of the text, or what a variable held when the function was captured. */
export type Constant = null | number | string | bigint | boolean | Date;

export type Condition =
  | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'compare'; readonly field: string; readonly by: Comparison; readonly value: Constant };

export interface Where {
  readonly condition: Condition;
  /** The function does nothing but look at this: it may be left out where it would answer false. */
  readonly isAll: boolean;
}

const constantText = (value: Constant): string =>
  value instanceof Date ? value.toISOString() : typeof value === 'bigint' ? `${value}n` : JSON.stringify(value);

/** A condition as people write it. */
export function conditionText(condition: Condition, isInner = false): string {
  if (condition.kind === 'compare') return `${condition.field} ${condition.by} ${constantText(condition.value)}`;
  const text = condition.of.map((one) => conditionText(one, true)).join(condition.kind === 'all' ? ' && ' : ' || ');
  return isInner && condition.of.length > 1 ? `(${text})` : text;
}
