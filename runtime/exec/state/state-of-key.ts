// The state of one key as the function of `mapWithState` sees it.
import { MillraceError } from '../../base/errors';
import { showElement } from '../../base/show-element';
import { absent } from './state-table';

/** The state of the key that the function was called for. As Spark's `State`. */
export interface State<S> {
  /** The state; undefined where there is none. */
  get(): S | undefined;
  /** Whether the key has a state. */
  exists(): boolean;
  /** Sets the state. Throws BAD_STATE_CALL while it times out. */
  update(state: S): void;
  /** Drops the state. Throws BAD_STATE_CALL where there is none, and while it times out. */
  remove(): void;
  /** True in the last call for a key, which had no record for the timeout; its state is dropped after it. */
  isTimingOut(): boolean;
}

/** One for all keys of a task, pointed at one after the other. */
export class StateHandle implements State<unknown> {
  readonly #operation: string;
  #key: unknown;
  #value: unknown = absent;
  #isTimingOut = false;

  constructor(operation: string) {
    this.#operation = operation;
  }

  pointAt(key: unknown, value: unknown, isTimingOut: boolean): void {
    this.#key = key;
    this.#value = value;
    this.#isTimingOut = isTimingOut;
  }

  /** What the call left: a value, or `absent`. */
  get value(): unknown {
    return this.#value;
  }

  get(): unknown {
    return this.exists() ? this.#value : undefined;
  }

  exists(): boolean {
    return this.#value !== absent;
  }

  update(state: unknown): void {
    if (this.#isTimingOut) this.#refuse('update', 'its state is timing out');
    this.#value = state;
  }

  remove(): void {
    if (this.#isTimingOut) this.#refuse('remove', 'its state is timing out, and is dropped anyway');
    if (!this.exists()) this.#refuse('remove', 'it has no state');
    this.#value = absent;
  }

  isTimingOut(): boolean {
    return this.#isTimingOut;
  }

  #refuse(call: string, reason: string): never {
    throw new MillraceError('BAD_STATE_CALL', { operation: this.#operation, call, key: showElement(this.#key), reason });
  }
}
