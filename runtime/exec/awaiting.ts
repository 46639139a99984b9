// Runs steps whose functions answer promises: so many calls at a time, their answers in the order of the elements.
import { MillraceError } from '../base/errors';
import { waitPollMs } from '../base/limits';
import { showElement } from '../base/show-element';
import type { FunctionRef } from '../plan/function-ref';
import { inputsOf, type Plan, type Sink, type Split } from '../plan/program';
import { StepFailure } from '../plan/step-failure';
import { sizeOfArray } from '../storage/size-of';
import type { SpilledFrame, SpillFile } from '../storage/spill-file';
import { awaitsIn, awaitsOf } from './awaits';
import type { PersistedPartitions } from './persisted';
import { isThenable } from './promises';
import { type ChunkIterator, customData, inputOf, isNoFaultOfStep, notAPair, type Pulse } from './task-runtime';

/** What a task lends. */
export interface AwaitingHost {
  readonly pulse: Pulse;
  readonly persisted: PersistedPartitions;
  /** Bytes that gathered rows may take before they go to the file. */
  readonly budget: number;
  readonly file: SpillFile;
  resolve(ref: FunctionRef): Function;
  /** The chunks of a plan; asynchronous where a step of it waits. */
  chunks(plan: Plan, split: Split): Iterable<unknown[]> | AsyncIterable<unknown[]>;
  pull(plan: Plan, split: Split): ChunkIterator;
}

type Step = Plan & { op: 'map' | 'flatMap' | 'filter' | 'mapPartitions' };
type Named = { readonly name: string };

/** A call that was made and may not have answered yet. */
class Call {
  value: unknown;
  thrown: unknown;
  failed = false;
  isDone = false;
  /** Never rejects. */
  readonly settled: PromiseLike<void> | undefined;

  constructor(
    readonly element: unknown,
    call: () => unknown,
  ) {
    try {
      this.value = call();
    } catch (e) {
      this.#fail(e);
    }
    if (!isThenable(this.value)) this.isDone = true;
    else
      this.settled = this.value.then(
        (value) => {
          this.value = value;
          this.isDone = true;
        },
        (e) => this.#fail(e),
      );
  }

  #fail(e: unknown): void {
    this.thrown = e;
    this.failed = true;
    this.isDone = true;
  }
}

function failedAt(step: Named, element: unknown, thrown: unknown): Error {
  if (isNoFaultOfStep(thrown)) return thrown as Error;
  return new StepFailure(thrown, step.name, element === undefined ? undefined : showElement(element), step);
}

/** Rows that wait for a reader that takes them at once, in memory and then in the task's file. */
class GatheredRows {
  readonly #chunks: (unknown[] | SpilledFrame)[] = [];
  readonly #file: SpillFile;
  #room: number;

  constructor(file: SpillFile, budget: number) {
    this.#file = file;
    this.#room = budget;
  }

  add(chunk: unknown[]): void {
    this.#room -= sizeOfArray(chunk);
    this.#chunks.push(this.#room < 0 ? this.#file.write(chunk) : chunk);
  }

  *rows(): Generator<unknown[]> {
    for (const chunk of this.#chunks) yield Array.isArray(chunk) ? chunk : this.#file.read(chunk);
  }
}

export class Awaiting {
  readonly #host: AwaitingHost;
  readonly #gathered = new Map<Plan, Map<Split, GatheredRows>>();

  constructor(host: AwaitingHost) {
    this.#host = host;
  }

  /** The rows of a plan that were gathered before; undefined where none were. */
  gathered(plan: Plan, split: Split): Generator<unknown[]> | undefined {
    return this.#gathered.get(plan)?.get(split)?.rows();
  }

  /** Computes the rows of a plan, for what takes them at once. */
  async gather(plan: Plan, split: Split): Promise<void> {
    if (!awaitsIn(plan)) return;
    const known = this.#gathered.get(plan) ?? new Map<Split, GatheredRows>();
    this.#gathered.set(plan, known);
    if (known.has(split)) return;
    const rows = new GatheredRows(this.#host.file, this.#host.budget);
    for await (const chunk of this.chunks(plan, split)) rows.add(chunk);
    known.set(split, rows);
  }

  /** Computes the rows that a plan takes of its inputs. */
  async gatherInputs(plan: Plan, split: Split): Promise<void> {
    for (const [input, part] of readBy(plan, split)) await this.gather(input, part);
  }

  async *chunks(plan: Plan, split: Split): AsyncGenerator<unknown[]> {
    yield* plan.op === 'cached' && awaitsIn(plan) ? this.persisted(plan, split) : this.#host.chunks(plan, split);
  }

  /** A persisted partition is computed whole before its first row is read; a sample, which stores nothing, reads rows as they come. */
  async *persisted(plan: Plan & { op: 'cached' }, split: Split): AsyncGenerator<unknown[]> {
    const { persisted } = this.#host;
    const isThere = await persisted.prepare(plan, split, () => this.gather(plan.input, split));
    yield* isThere ? this.#host.chunks(plan, split) : this.chunks(plan.input, split);
  }

  /** The inputs of a plan, one after the other. */
  async *inTurn(plan: Plan, split: Split): AsyncGenerator<unknown[]> {
    for (const [input, part] of readBy(plan, split)) yield* this.chunks(input, part);
  }

  /** The rows of a step that waits. */
  async *step(step: Step, split: Split): AsyncGenerator<unknown[]> {
    if (step.op === 'mapPartitions') return yield* this.#partition(step, split);
    const f = this.#host.resolve(step.f!);
    const answer = answerOf(step);
    const isOfPairs = (step.op === 'map' && step.template === 'mapValues') || (step.op === 'flatMap' && step.values);
    const start = (x: unknown) => {
      if (!isOfPairs) return new Call(x, () => f(x));
      if (!Array.isArray(x) || x.length !== 2) notAPair(step.name, x);
      return new Call(x, () => f((x as unknown[])[1]));
    };
    const calls = new Calls(step, this.#host.pulse, awaitsOf(step)!, start);
    let isOver = false;
    try {
      for await (const chunk of this.chunks(step.input, split))
        for (const x of chunk) {
          while (calls.isFull) yield* this.#answered(step, await calls.next(), answer);
          calls.add(x);
        }
      while (!calls.isEmpty) yield* this.#answered(step, await calls.next(), answer);
      isOver = true;
    } catch (e) {
      isOver = true;
      throw e;
    } finally {
      // Its reader has enough: nothing of the user runs on behind the task.
      if (!isOver) await calls.settle();
    }
  }

  async *#answered(step: Step, { element, value }: Call, answer: Answer): AsyncGenerator<unknown[]> {
    if (step.op !== 'flatMap') {
      const rows = answer(element, value);
      if (rows.length > 0) yield rows;
      return;
    }
    const row = step.values ? (v: unknown) => [(element as unknown[])[0], v] : (v: unknown) => v;
    for await (const chunk of this.#elements(step, element, value)) yield chunk.map(row);
  }

  async *#partition(step: Step & { op: 'mapPartitions' }, split: Split): AsyncGenerator<unknown[]> {
    const { pulse } = this.#host;
    await this.gather(step.input, split);
    const f = this.#host.resolve(step.f);
    const rows = () => this.#host.pull(step.input, split);
    const calls = new Calls(step, pulse, 1, () => new Call(undefined, () => f(rows(), split.index, step.reads)));
    calls.add(undefined);
    const { value } = await calls.next();
    const elements = this.#elements(step, undefined, value);
    if (!step.reads) return yield* elements;
    for await (const [batch] of elements) yield batch as unknown[];
  }

  /** The elements of what a function answered: an array at once, others one by one as they come. */
  async *#elements(step: Step, element: unknown, value: unknown): AsyncGenerator<unknown[]> {
    if (Array.isArray(value)) return yield value;
    const { pulse } = this.#host;
    const from = value as Partial<AsyncIterable<unknown> & Iterable<unknown>> | null | undefined;
    const make = from?.[Symbol.asyncIterator] ?? from?.[Symbol.iterator];
    if (typeof make !== 'function')
      throw failedAt(step, element, new MillraceError('NOT_ITERABLE', { operation: step.name, value: showElement(value) }));
    const iterator = (make as () => AsyncIterator<unknown>).call(value);
    const calls = new Calls(step, pulse, 1, () => new Call(element, () => iterator.next()));
    let isOver = false;
    try {
      for (;;) {
        calls.add(element);
        const { done, value: next } = (await calls.next()).value as IteratorResult<unknown>;
        isOver = done === true;
        if (isOver) return;
        pulse.tick(0);
        yield [next];
      }
    } catch (e) {
      isOver = true;
      throw e;
    } finally {
      if (!isOver) await iterator.return?.();
    }
  }

  /** The calls of a `foreach`. */
  calls(sink: Sink & { kind: 'foreach' }, f: Function): { add(x: unknown): Promise<void>; end(): Promise<void> } {
    const calls = new Calls(sink, this.#host.pulse, sink.awaits!, (x) => new Call(x, () => f(x)));
    return {
      add: async (x) => {
        while (calls.isFull) await calls.next();
        calls.add(x);
      },
      end: async () => {
        while (!calls.isEmpty) await calls.next();
      },
    };
  }
}

/** Calls in the order of their elements, so many at a time. */
class Calls {
  readonly #step: Named;
  readonly #pulse: Pulse;
  readonly #most: number;
  readonly #start: (x: unknown) => Call;
  readonly #open: Call[] = [];

  constructor(step: Named, pulse: Pulse, most: number, start: (x: unknown) => Call) {
    this.#step = step;
    this.#pulse = pulse;
    this.#most = most;
    this.#start = start;
  }

  get isFull(): boolean {
    return this.#open.length >= this.#most;
  }

  get isEmpty(): boolean {
    return this.#open.length === 0;
  }

  add(x: unknown): void {
    try {
      this.#open.push(this.#start(x));
    } catch (e) {
      throw failedAt(this.#step, x, e);
    }
  }

  /** The first one, once it has answered. Throws what its function threw, with the step and the element. */
  async next(): Promise<Call> {
    const call = this.#open[0];
    await this.#until(call);
    this.#open.shift();
    if (call.failed) throw failedAt(this.#step, call.element, call.thrown);
    return call;
  }

  /** Waits for all, whatever they answer. */
  async settle(): Promise<void> {
    for (const call of this.#open) await this.#until(call);
  }

  /** Hears of a cancel and of the end of a sample's time while it waits. */
  async #until(call: Call): Promise<void> {
    while (!call.isDone) {
      let timer: NodeJS.Timeout | undefined;
      const pause = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, waitPollMs);
      });
      await Promise.race([call.settled, pause]);
      clearTimeout(timer);
      this.#pulse.tick(0);
    }
  }
}

type Answer = (element: unknown, value: unknown) => unknown[];

/** The rows that a step makes of an element and what its function answered. */
function answerOf(step: Step): Answer {
  if (step.op === 'filter') return (x, kept) => (kept ? [x] : []);
  if (step.op !== 'map') return () => [];
  if (step.template === 'keyBy') return (x, key) => [[key, x]];
  return step.template === 'mapValues' ? (x, value) => [[(x as unknown[])[0], value]] : (_, value) => [value];
}

/** What a plan reads of its inputs: each with its part of the split. */
function readBy(plan: Plan, split: Split): (readonly [Plan, Split])[] {
  switch (plan.op) {
    case 'concat':
      return split.kind === 'node' ? split.inputs.map((part) => [plan.input, part] as const) : [];
    case 'custom': {
      if (split.kind !== 'node') return [];
      const [own, ...parents] = split.inputs;
      const [, which] = customData(own);
      return parents.map((part, i) => [plan.inputs[which[i]], part] as const);
    }
    default:
      return inputsOf(plan).map((input, i) => [input, 'inputs' in plan ? inputOf(split, i) : split] as const);
  }
}
