// The parts of a task's runtime that need no executor: chunks, the pulse that counts and cancels, splits. TaskScope joins them.

import { MillraceError } from '../base/errors';
import { elementsPerTick, slowTickMs, timedTick } from '../base/limits';
import { showElement } from '../base/show-element';
import type { Split } from '../plan/program';
import { StepFailure } from '../plan/step-failure';
import type { TaskControl } from '../plan/task';
import { decode } from '../wire/codec';
import { FetchFailure } from './files/read-bucket';

/** Thrown through user code when the task was cancelled. */
export class TaskCancelled extends Error {
  override name = 'TaskCancelled';
}

/** Thrown through the loops of a task whose time is up: its answer is what it has by then. */
export class TimeUp extends Error {
  override name = 'TimeUp';
}

/** Thrown through the loops of a task that collected what cannot be sent. */
export class AnswerRefused extends Error {
  override name = 'AnswerRefused';
  readonly why: Error;

  constructor(why: Error) {
    super(why.message);
    this.why = why;
  }
}

/** Thrown through the loops of a task whose answer is larger than it may be. */
export class AnswerTooBig extends Error {
  override name = 'AnswerTooBig';
  /** How large it is so far. */
  readonly bytes: number;

  constructor(bytes: number) {
    super(`its result has ${bytes} bytes so far`);
    this.bytes = bytes;
  }
}

/** Whether something thrown is no fault of the step that ran. */
export const isNoFaultOfStep = (thrown: unknown): boolean =>
  thrown instanceof TaskCancelled ||
  thrown instanceof TimeUp ||
  thrown instanceof AnswerRefused ||
  thrown instanceof AnswerTooBig ||
  thrown instanceof FetchFailure ||
  thrown instanceof StepFailure;

/**
 * The user's iterable as arrays of one element, the next one only once the element was used: a generator may yield one object again and
 * again, changed each time.
 */
export class Chunks {
  readonly #iterator: Iterator<unknown>;
  readonly #onEnd: (chunks: Chunks) => void;
  readonly #one: unknown[] = [undefined];

  constructor(iterator: Iterator<unknown>, onEnd: (chunks: Chunks) => void) {
    this.#iterator = iterator;
    this.#onEnd = onEnd;
  }

  /** The next element in an array that is used again, or null at the end. */
  next(): unknown[] | null {
    const step = this.#iterator.next();
    if (step.done) {
      this.#onEnd(this);
      return null;
    }
    this.#one[0] = step.value;
    return this.#one;
  }

  /** Ends a generator that is no longer read. */
  close(): void {
    this.#iterator.return?.();
  }
}

/** The elements of chunks, for functions that take an iterator. */
export class ChunkIterator implements IterableIterator<unknown> {
  readonly #chunks: Iterator<unknown[]>;
  #chunk: unknown[] = [];
  #at = 0;

  constructor(chunks: Iterator<unknown[]>) {
    this.#chunks = chunks;
  }

  next(): IteratorResult<unknown, undefined> {
    while (this.#at >= this.#chunk.length) {
      const step = this.#chunks.next();
      if (step.done) return { done: true, value: undefined };
      this.#chunk = step.value;
      this.#at = 0;
    }
    return { done: false, value: this.#chunk[this.#at++] };
  }

  return(): IteratorResult<unknown, undefined> {
    this.#chunks.return?.();
    this.#chunk = [];
    this.#at = 0;
    return { done: true, value: undefined };
  }

  [Symbol.iterator](): this {
    return this;
  }
}

/** Raises NOT_A_PAIR unless the element is an array of two. */
export function notAPair(operation: string, element: unknown): never {
  throw new MillraceError('NOT_A_PAIR', { operation, element: showElement(element) });
}

export const noElement = Symbol('no element');

/** Counts, cancels and ends by time: the part of the runtime that every chunk goes through. */
export class Pulse {
  records = 0;
  readonly #control: TaskControl;
  #deadline = Number.POSITIVE_INFINITY;
  #stride = elementsPerTick;
  #lookedAt = 0;
  #beats = 0;
  readonly #now: () => number;

  constructor(control: TaskControl, now: () => number) {
    this.#control = control;
    this.#now = now;
  }

  /** Ends a take with a time limit; the clock starts with the task. */
  limitTime(ms: number): void {
    this.#lookedAt = this.#now();
    this.#deadline = this.#lookedAt + ms;
    this.#stride = 1;
  }

  /** Counts `n` more records. Throws TaskCancelled or TimeUp. */
  tick(n: number): void {
    this.records += n;
    if (this.#control.cancelled()) throw new TaskCancelled();
    this.#control.progress(this.records);
    if (this.#deadline !== Number.POSITIVE_INFINITY) this.#checkTime();
  }

  /** Between two elements of the user's iterable: looks at the clock as often as a loop over a list. */
  beat(): void {
    if (this.#deadline === Number.POSITIVE_INFINITY || ++this.#beats < this.#stride) return;
    this.#beats = 0;
    this.#checkTime();
  }

  /** The slower the elements come, the fewer pass before the next look at the clock. */
  #checkTime(): void {
    const now = this.#now();
    if (now > this.#deadline) throw new TimeUp();
    this.#stride = now - this.#lookedAt > slowTickMs ? Math.max(1, this.#stride >> 2) : Math.min(timedTick, this.#stride * 2);
    this.#lookedAt = now;
  }

  /** The end of the next slice of a loop over `length` elements that stands at `from`. */
  slice(from: number, length: number): number {
    return Math.min(length, from + this.#stride);
  }
}

/** The only input of a split. */
export function inputOf(split: Split, input = 0): Split {
  if (split.kind !== 'node') throw new MillraceError('INTERNAL', { reason: `a ${split.kind} split where inputs were expected` });
  return split.inputs[input];
}

/** The make-up of a CustomRDD's partition: its data, and for each parent partition that it reads the number of that parent. */
export function customData(own: Split): [data: unknown, which: readonly number[]] {
  if (own.kind !== 'values')
    throw new MillraceError('INTERNAL', { reason: `a ${own.kind} split where the data of a kind was expected` });
  return decode(own.bytes, 'executor') as [unknown, number[]];
}
