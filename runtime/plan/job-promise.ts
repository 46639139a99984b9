// What actions return: the promise of a job's answer, as a type of its own.

/** Tells the types apart; no value has it. */
declare const ofJob: unique symbol;

/**
 * The promise of what a job answers. It is a promise like any other: scripts, modules and functions write `await`. At the prompt and
 * under `.load` a declaration `const n = rdd.count()` holds the answer; with a type of its own, `const p: Promise<number> = rdd.count()`,
 * it holds the promise.
 */
export interface JobPromise<T> extends Promise<T> {
  readonly [ofJob]?: T;
}
