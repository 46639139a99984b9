// A random program under way: the dataset, its model, and what is known of the order of its rows.
import type { Context, RDD } from '../../runtime/index';
import type { Random } from '../../runtime/time';
import type * as twin from '../helpers/model';

type Rows = RDD<any>;
type Model = twin.Model<any>;
type Kind = 'rows' | 'pairs';
/** What is known of where the elements lie: their partitions, their sequence only, or neither. */
type Order = 'partitions' | 'sequence' | 'none';

export interface State {
  readonly text: string;
  readonly rdd: Rows;
  readonly model: Model;
  readonly kind: Kind;
  readonly order: Order;
}

/** One more operator on both, or undefined where it does not apply. */
export type Operator = (state: State, random: Random, sc: Context) => State | undefined;

/** As the model's, but written here so that it travels with closures. */
export function canonical(value: any): string {
  if (value === null || value === undefined || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return `n${value === 0 ? 0 : value}`;
  if (typeof value === 'bigint') return `b${value}`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Date) return `d${value.getTime()}`;
  if (Array.isArray(value)) return `[${Array.from(value, canonical).join(',')}]`;
  return `{${Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`)
    .join(',')}}`;
}

export const sorted = (values: readonly any[]) => [...values].sort((a, b) => (canonical(a) < canonical(b) ? -1 : 1));
export const least = (a: any, b: any) => (canonical(a) <= canonical(b) ? a : b);
export const partitionsOf = (random: Random) => [1, 2, 3, 7][random.below(4)];
export const flip = (random: Random) => random.below(2) === 0;

interface Change {
  readonly text: string;
  readonly rdd: Rows;
  readonly model: Model;
  readonly kind?: Kind;
  readonly order?: Order;
}

export const after = (state: State, change: Change): State => ({
  kind: 'rows',
  order: state.order,
  ...change,
  text: `${state.text}.${change.text}`,
});
