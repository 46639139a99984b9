// Elements on which a function throws: they fail the job, or are left out, counted, reported, and found again as dead letters.
import { checkOptions, refuseArgument } from '../base/arguments';
import type { LeftOut, LenientKind } from '../exec/library/bad-records';
import { awaitsFor } from '../plan/concurrency';
import type { Awaits, Plan } from '../plan/program';
import { lib, ShippedFunction } from '../rdd/function-argument';
import { SteppedRDD } from '../rdd/narrow-step';
import { RDD } from '../rdd/rdd';
import type { Accumulator } from '../shared/accumulator';

/** What becomes of an element on which the function of an operator throws. */
export type OnError = 'fail' | 'skip';

/** Options of operators that call a function for each element: `lines.map(parse, { onError: 'skip' })`. */
export interface BadRecordOptions {
  /**
   * 'fail' (default): the job fails, and in a stream the batch. 'skip': the element is left out, counted and reported, and `deadLetters()`
   * of the result has it. Errors of Millrace itself, such as those of a disk, always fail.
   */
  readonly onError?: OnError;
}

/** An element that was left out, and why: the name and the message of what the function threw. */
export interface DeadLetter<R = unknown> {
  readonly record: R;
  readonly error: string;
}

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * The elements that this step left out, each with the error: `{ record, error }`. They are found by running the step's function on its
     * input again. Throws BAD_ARGUMENT unless the dataset was made with `{ onError: 'skip' }`.
     * @example await sc.parallelize(['1', 'x']).map(t => JSON.parse(t), { onError: 'skip' }).deadLetters().map(d => d.record).collect() // ['x']
     */
    deadLetters<R = unknown>(): RDD<DeadLetter<R>>;
  }
}

/** What is put together of the reports of tasks. */
const together = (a: LeftOut, b: LeftOut): LeftOut => ({ count: a.count + b.count, first: a.first ?? b.first });

/** Throws BAD_ARGUMENT for what is no policy. */
export function checkOnError(operation: string, onError: unknown): OnError {
  if (onError === 'fail' || onError === 'skip') return onError;
  return refuseArgument({
    operation,
    argument: 'onError',
    value: onError,
    rule: "'fail' or 'skip'",
    remedy: `Write ${operation}(f, { onError: 'skip' }) to leave out elements on which f throws.`,
  });
}

/** The elements that one operator of the user left out so far: of a dataset, or of all batches of a stream. */
export class LeftOutElements {
  readonly note: ShippedFunction;
  readonly #sum: Accumulator<LeftOut>;
  #reported = 0;

  private constructor(context: RDD<unknown>['context'], operation: string) {
    const sum = context.accumulator<LeftOut>({ count: 0 }, together, `elements that ${operation} left out`);
    this.#sum = sum;
    this.note = ShippedFunction.of(context, (leftOut: LeftOut) => sum.add(leftOut), operation);
  }

  /** By the options of an operator: undefined where an element fails the job. Streams give what they have already made as `onError`. */
  static of(
    context: RDD<unknown>['context'],
    operation: string,
    options: unknown = {},
    otherwise: OnError = 'fail',
  ): LeftOutElements | undefined {
    checkOptions(operation, options, `Write ${operation}(f, { onError: 'skip' }).`);
    const { onError = otherwise } = options as { readonly onError?: unknown };
    if (onError instanceof LeftOutElements) return onError;
    return checkOnError(operation, onError) === 'skip' ? new LeftOutElements(context, operation) : undefined;
  }

  get count(): number {
    return this.#sum.value.count;
  }

  /** The first of them, with its error. */
  get first(): string | undefined {
    return this.#sum.value.first;
  }

  /** A sentence about those that were not reported yet; undefined without any. */
  news(name: string): string | undefined {
    const fresh = this.count - this.#reported;
    if (fresh === 0) return undefined;
    this.#reported = this.count;
    const elements = fresh === 1 ? '1 element was' : `${fresh} elements were`;
    return `${name}: ${elements} left out, because the function threw; for example ${this.first ?? 'one that a lost task met'}`;
  }
}

/** How an operator calls its function where elements may be left out. */
interface LenientStep {
  readonly kind: LenientKind;
  readonly onValues?: boolean;
  readonly keepsPartitioner?: boolean;
}

const lenientSteps = {
  map: { kind: 'map' },
  keyBy: { kind: 'keyBy' },
  flatMap: { kind: 'flatMap' },
  filter: { kind: 'filter', keepsPartitioner: true },
  mapValues: { kind: 'map', onValues: true, keepsPartitioner: true },
  flatMapValues: { kind: 'flatMap', onValues: true, keepsPartitioner: true },
} as const satisfies Readonly<Record<string, LenientStep>>;

export type LenientOperation = keyof typeof lenientSteps;

export const isLenient = (operation: string): operation is LenientOperation => Object.hasOwn(lenientSteps, operation);

/** A step without the elements on which its function throws. */
class LenientRDD<T> extends SteppedRDD<T> {
  readonly #f: ShippedFunction;
  readonly #left: LeftOutElements;
  readonly #awaits: Awaits;

  /** `reports`: streams report for all their batches. */
  constructor(
    parent: RDD<unknown>,
    operation: LenientOperation,
    f: ShippedFunction,
    left: LeftOutElements,
    { reports, awaits }: { readonly reports: boolean; readonly awaits: Awaits },
  ) {
    const { kind, onValues = false, keepsPartitioner = false }: LenientStep = lenientSteps[operation];
    super(parent, {
      operation,
      keepsPartitioner,
      plan: (input, b): Plan => {
        const run = awaits.awaits === undefined ? 'orLeaveOut' : 'orLeaveOutAwaited';
        const step = { name: operation, f: b.function(lib(run, kind, f, left.note, operation)), ...awaits, input };
        return kind === 'filter' ? { op: 'filter', ...step } : { op: 'flatMap', values: onValues, ...step };
      },
    });
    this.#f = f;
    this.#awaits = awaits;
    this.#left = left;
    if (reports) this.context.control.reportAfterJobs(this);
  }

  /** What is to be reported after a job. */
  news(): string | undefined {
    return this.#left.news(String(this));
  }

  letters<R>(): RDD<DeadLetter<R>> {
    const [dependency] = this.dependencies;
    return dependency === undefined
      ? refuseLetters(this, 'a checkpoint has taken the place of what it was made of')
      : deadLettersOf<R>(dependency.rdd, this.operation as LenientOperation, this.#f, this.#awaits);
  }
}

/** The dead letters of an operator on a dataset. */
export function deadLettersOf<R>(
  parent: RDD<unknown>,
  operation: LenientOperation,
  f: ShippedFunction,
  awaits: Awaits,
): RDD<DeadLetter<R>> {
  const { kind, onValues = false }: LenientStep = lenientSteps[operation];
  return new SteppedRDD<DeadLetter<R>>(parent, {
    operation: 'deadLetters',
    plan: (input, b) => ({
      op: 'flatMap',
      values: false,
      name: 'deadLetters',
      f: b.function(lib(awaits.awaits === undefined ? 'deadLetters' : 'deadLettersAwaited', kind, onValues, f, operation)),
      ...awaits,
      input,
    }),
  });
}

/** What an operator makes with a function for each element: `plain`, or a step without the elements on which the function throws. */
export function perElement<T>(
  parent: RDD<unknown>,
  operation: LenientOperation,
  f: unknown,
  options: unknown,
  plain: (f: ShippedFunction, awaits: Awaits) => RDD<T>,
): RDD<T> {
  const shipped = ShippedFunction.of(parent.context, f, operation);
  const awaits = awaitsFor(operation, shipped, options);
  const left = LeftOutElements.of(parent.context, operation, options);
  if (!left) return plain(shipped, awaits);
  const reports = left !== (options as { onError?: unknown }).onError;
  return new LenientRDD<T>(parent, operation, shipped, left, { reports, awaits });
}

/** Throws BAD_ARGUMENT: nothing was left out on the way to a dataset or a stream. */
export function refuseLetters(of: unknown, why: string): never {
  return refuseArgument({
    operation: 'deadLetters',
    argument: String(of),
    value: of,
    shown: why,
    rule: "the result of map, filter, flatMap, keyBy, mapValues or flatMapValues with { onError: 'skip' }",
    remedy: "Write parsed = lines.map(parse, { onError: 'skip' }), and then parsed.deadLetters().",
  });
}

RDD.prototype.deadLetters = function <R>(this: RDD<unknown>) {
  return this instanceof LenientRDD ? this.letters<R>() : refuseLetters(this, `made by ${this.operation}`);
};
