// The session's side of a broadcast, a value sent once to each executor; `exec/task-runner.ts` decodes it there for `b.value`.
import { MillraceError } from '../base/errors';
import { type Reference, travelsAs } from '../closure';

/**
 * A read-only value that tasks share.
 * @example const stop = sc.broadcast(new Set(['a', 'the'])); words.filter(w => !stop.value.has(w))
 */
export class Broadcast<T> {
  /**
   * Its number in this session.
   * @example sc.broadcast(1).id >= 0
   */
  readonly id: string;
  #value: T | undefined;
  #destroyed = false;
  readonly #onDestroy: () => void;

  /** @internal */ constructor(id: string, value: T, onDestroy: () => void) {
    this.id = id;
    this.#value = value;
    this.#onDestroy = onDestroy;
  }

  /**
   * The value: on the driver the one that was given, in a task a copy that its executor keeps.
   * @example sc.broadcast('the').value // 'the'
   */
  get value(): T {
    if (this.#destroyed)
      throw new MillraceError('BAD_ARGUMENT', {
        operation: 'broadcast.value',
        argument: this.id,
        value: 'destroyed',
        rule: 'alive',
        remedy: 'Broadcast the value again.',
      });
    return this.#value as T;
  }

  /**
   * Gives the value up everywhere; closures that use it fail from then on.
   * @example sc.broadcast(1).destroy()
   */
  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#value = undefined;
    this.#onDestroy();
  }

  /** @internal */ [travelsAs](): Reference {
    if (this.#destroyed)
      throw new MillraceError('BAD_ARGUMENT', {
        operation: 'broadcast',
        argument: this.id,
        value: 'destroyed',
        rule: 'alive',
        remedy: 'Broadcast the value again.',
      });
    return { kind: 'broadcast', id: this.id };
  }
}
