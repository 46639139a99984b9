// What must hold of a row's fields for a function to answer true, as far as its text says it: parts of a table in which it cannot are not read.

/** How a field is compared, by its operator. */
export type Comparison = '<' | '<=' | '>' | '>=' | '===' | '!==' | '==' | '!=';

/** A constant of the text, or what a variable held when the function was captured. */
export type Constant = null | number | string | bigint | boolean | Date;

/** What must hold of a row: comparisons of its fields with constants. */
export type Condition =
  | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'compare'; readonly field: string; readonly by: Comparison; readonly value: Constant };

export interface Where {
  readonly condition: Condition;
  /** The function does nothing but look at this: it may be left out where it would answer false. */
  readonly isAll: boolean;
}

/** What is read of rows that are objects, as far as the steps on them say it. A source may leave the rest out; none has to. */
export interface Asked {
  /** The fields that are read; undefined for all of them. */
  readonly wanted?: readonly string[];
  /** Rows of which this does not hold are dropped by the next steps. */
  readonly where?: Condition;
}

const constantText = (value: Constant): string =>
  value instanceof Date ? value.toISOString() : typeof value === 'bigint' ? `${value}n` : JSON.stringify(value);

/** A condition as people write it. */
export function conditionText(condition: Condition, isInner = false): string {
  if (condition.kind === 'compare') return `${condition.field} ${condition.by} ${constantText(condition.value)}`;
  const text = condition.of.map((one) => conditionText(one, true)).join(condition.kind === 'all' ? ' && ' : ' || ');
  return isInner && condition.of.length > 1 ? `(${text})` : text;
}
