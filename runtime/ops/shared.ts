// The variables that a context shares with executors: broadcasts to read, accumulators to add to.
import { Context } from '../context/context';
import { Accumulator } from '../shared/accumulator';
import { Broadcast } from '../shared/broadcast';
import { type AccumulatorV2, RegisteredAccumulator } from '../shared/custom-accumulator';
import { decode, encode } from '../wire/codec';

declare module '../context/context' {
  interface Context {
    /**
     * Sends a value to each executor once; closures read `.value`. The value is copied now.
     * Throws UNSHIPPABLE_VALUE for what cannot leave its process.
     * @example sc.broadcast(['a', 'b']).value // ['a', 'b']
     */
    broadcast<T>(value: T): Broadcast<T>;
    /**
     * A sum of whole numbers that closures add to.
     * @example sc.longAccumulator().value // 0
     */
    longAccumulator(name?: string): Accumulator<number>;
    /**
     * A sum of numbers that closures add to.
     * @example sc.doubleAccumulator().value // 0
     */
    doubleAccumulator(name?: string): Accumulator<number>;
    /**
     * A list that closures add elements to; their order is that in which tasks end.
     * @example sc.collectionAccumulator('bad lines').value // []
     */
    collectionAccumulator<T>(name?: string): Accumulator<T, T[]>;
    /**
     * A value that closures merge others into, from `zero` on; without `merge` a sum of numbers.
     * `merge` must be commutative and associative, for tasks end in any order.
     * @example sc.accumulator(1, (a, b) => a * b, 'product').value // 1
     */
    accumulator<T>(zero: T, merge?: (a: T, b: T) => T, name?: string): Accumulator<T>;
    /**
     * Registers an accumulator of a class of yours, with `reset`, `add`, `merge` and `value`; answers it. Closures add to copies of its
     * zero, which are merged into it as tasks end. Throws BAD_ARGUMENT for an object without these.
     * @example class Longest { value = ''; reset() { this.value = ''; } add(w) { if (w.length > this.value.length) this.value = w; } merge(other) { this.add(other.value); } }
     */
    register<A extends AccumulatorV2<never, unknown>>(accumulator: A): A;
  }
}

Context.prototype.broadcast = function <T>(this: Context, value: T) {
  this.checkAlive();
  const id = `broadcast-${this.nextSharedId()}`;
  const bytes = encode(value);
  this.blobs.add(id, () => bytes);
  return new Broadcast(id, decode(bytes) as T, () => this.removeBlob(id));
};

function accumulatorOf<In, Out>(
  context: Context,
  kind: 'sum' | 'collection' | 'custom',
  zero: unknown,
  name?: string,
  merge?: (a: unknown, b: unknown) => unknown,
): Accumulator<In, Out> {
  context.checkAlive();
  const accumulator = new Accumulator<In, Out>(context, `accumulator-${context.nextSharedId()}`, kind, zero, name, merge);
  context.accumulators.add(accumulator);
  return accumulator;
}

Context.prototype.longAccumulator = function (this: Context, name) {
  return accumulatorOf<number, number>(this, 'sum', 0, name);
};

Context.prototype.doubleAccumulator = function (this: Context, name) {
  return accumulatorOf<number, number>(this, 'sum', 0, name);
};

Context.prototype.collectionAccumulator = function <T>(this: Context, name?: string) {
  return accumulatorOf<T, T[]>(this, 'collection', [], name);
};

Context.prototype.accumulator = function <T>(this: Context, zero: T, merge?: (a: T, b: T) => T, name?: string) {
  return accumulatorOf<T, T>(this, merge ? 'custom' : 'sum', zero, name, merge as never);
};

Context.prototype.register = function <A extends AccumulatorV2<never, unknown>>(this: Context, accumulator: A): A {
  this.checkAlive();
  new RegisteredAccumulator(this.accumulators, `accumulator-${this.nextSharedId()}`, accumulator);
  return accumulator;
};
