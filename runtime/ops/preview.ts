// What the prompt shows of a dataset: its first rows in a given time, exact if the time suffices, else from the first part of its input.
import { withSignal } from '../base/flow';
import { exactSamplePercent, firstReadMs } from '../base/limits';
import { systemClock } from '../base/time';
import { msText } from '../base/units';
import type { Context } from '../context/context';
import type { JobPromise } from '../plan/job-promise';
import { FirstPart, type NotKnown } from '../rdd/first-part';
import type { SinkMaker } from '../rdd/host';
import { RDD } from '../rdd/rdd';

/** What `preview` found. */
export interface Preview<T> {
  readonly rows: T[];
  /** All rows of the dataset are there. */
  readonly complete: boolean;
  /** Why rows may be missing, if the time ran out. */
  readonly gaveUp?: string;
  /** Set where the rows were computed from a part of the input only. */
  readonly part?: {
    /** How much of the input was read: above 0, below 1. Partitions count alike. */
    readonly share: number;
    /** What the whole input may change in rows that are shown: sums and groups, which rows come first, what joins with them. */
    readonly notKnown: readonly NotKnown[];
  };
  readonly seconds: number;
}

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * The first rows, but no longer than `ms` milliseconds: what the prompt shows of a dataset. Where shuffles do not end in that time, the
     * rows are those that the first part of the input gives, and `part` tells how much that is.
     * @example (await sc.range(1e9).preview(3, 1000)).rows // [0, 1, 2]
     */
    preview(rows: number, ms: number): JobPromise<Preview<T>>;
  }
}

/** The first rows of a dataset, as far as the time sufficed. */
interface Found<T> {
  readonly rows: T[];
  readonly complete: boolean;
  readonly inTime: boolean;
}

/** How rows are taken. */
interface Taking {
  readonly until: number;
  /** Tasks end by themselves at `until`; those that cannot are cancelled so much later. */
  readonly graceMs: number;
  /** How many partitions the first round reads, and how many times as many each further one. */
  readonly partitions: number;
  readonly growth: number;
  /** When to look whether what must be computed before can be done in time. */
  readonly looksAfterMs?: number;
}

/** A stage with fewer tasks tells too little by those that have ended. */
const fewTasks = 8;

/** How late a task of another engine may begin; at most a quarter of its time. */
const foreignStartMs = 300;

/** What is cut off the time of a task, so that its rows arrive before the time is up. */
const startOf = ({ engine }: Context, ms: number): number => (engine.status.foreign ? Math.min(foreignStartMs, ms / 4) : 0);

/** Takes rows until there are enough, or the time is up. */
async function takeUntil<T>(rdd: RDD<T>, rows: number, taking: Taking): Promise<Found<T>> {
  const { clock } = rdd.context;
  const { until, graceMs, looksAfterMs } = taking;
  const left = () => until - clock.now();
  const timer = new AbortController();
  const title = `sample of ${rdd}`;
  const stop = () => timer.abort(': the time for a sample was up');
  const stopTimer = clock.after(left() + graceMs, stop);
  const stopLook = clock.after(looksAfterMs ?? left(), () => {
    const progress = rdd.context.progress();
    // A quarter of the time is over: less than a quarter of the tasks is too little.
    if (progress && progress.total >= fewTasks && progress.done * 4 < progress.total) stop();
  });
  const out: T[] = [];
  let done = 0;
  try {
    for (let round = taking.partitions; out.length < rows && done < rdd.numPartitions; round *= taking.growth) {
      if (left() <= 0) return { rows: out, complete: false, inTime: false };
      const partitions = Array.from({ length: Math.min(round, rdd.numPartitions - done) }, (_, i) => done + i);
      const limit = rows - out.length + 1;
      const parts: T[][] = [];
      const cut = startOf(rdd.context, left());
      const sink: SinkMaker = () => ({ kind: 'take', limit, ms: Math.max(1, Math.ceil(left() - cut)) });
      const options = { title, partitions, signal: timer.signal, writesCheckpoints: false };
      // What must be prepared first, such as the bounds of a sort, is cancelled with the rest.
      await withSignal(timer.signal, () =>
        rdd.context.runSink(rdd, sink, options, (p, value) => {
          parts[p - done] = value as T[];
        }),
      );
      for (const part of parts) out.push(...part);
      done += partitions.length;
      if (left() <= cut && out.length <= rows) return { rows: out, complete: false, inTime: false };
    }
    return { rows: out.slice(0, rows), complete: out.length <= rows && done >= rdd.numPartitions, inTime: true };
  } catch (e) {
    if (!timer.signal.aborted) throw e;
    return { rows: out.slice(0, rows), complete: false, inTime: false };
  } finally {
    stopTimer();
    stopLook();
  }
}

/** Whether anything that it is made of must be shuffled. */
function isShuffled(rdd: RDD<unknown>): boolean {
  const seen = new Set([rdd]);
  for (const { lineage } of seen) {
    for (const dependency of lineage) {
      if (dependency.kind === 'shuffle') return true;
      seen.add(dependency.rdd);
    }
  }
  return false;
}

/** Which share of each partition of the sources was read. */
class Shares {
  readonly id: string;
  readonly #each: number[] = [];

  constructor(context: Context) {
    this.id = `shares-${context.nextSharedId()}`;
    context.accumulators.add(this);
  }

  mergeUpdate(value: unknown): void {
    this.#each.push(...(value as number[]));
  }

  get mean(): number {
    return this.#each.length === 0 ? 0 : this.#each.reduce((a, b) => a + b, 0) / this.#each.length;
  }
}

/** Of a part most partitions may be empty: rounds would take longer than reading many at once. */
const mostAtOnce = 64;

type OfPart<T> = Found<T> & NonNullable<Preview<T>['part']>;

/** The first rows of what each partition of the sources gives in `ms` milliseconds; undefined where that cannot be known by `last`. */
async function takeOfPart<T>(rdd: RDD<T>, rows: number, ms: number, until: number, last: number): Promise<OfPart<T> | undefined> {
  const { context } = rdd;
  const { engine, blobs, clock } = context;
  const shares = new Shares(context);
  // Half of the time is for what comes behind the sources.
  const readUntil = systemClock.now() + (until - clock.now()) / 2;
  const isStored = (of: RDD<unknown>) => of.storageLevel.isKept && context.storageOf(of).partitions === of.numPartitions;
  const part = FirstPart.of(rdd, { ms, until: readUntil, shares: shares.id }, isStored);
  if (!part) return undefined;
  for (const [id, make] of part.blobs) blobs.add(id, make);
  try {
    engine.define(part.nodes);
    const found = await takeUntil<T>(part, rows, { until: last, graceMs: 0, partitions: mostAtOnce, growth: 4 });
    // What comes behind the shuffles may be slow: the rows of which the time sufficed are right all the same.
    const isUsable = found.inTime || found.rows.length > 0;
    return isUsable ? { ...found, share: shares.mean, notKnown: [...part.notKnown] } : undefined;
  } finally {
    for (const [id] of part.blobs) blobs.remove(id);
    for (const id of part.shuffles) engine.release({ kind: 'shuffle', id });
    for (const { id } of part.nodes) engine.release({ kind: 'dataset', id });
  }
}

/** Reads more and more of the input, as long as the time of `timeMs` suffices for another round; the last one counts. */
async function growingPart<T>(rdd: RDD<T>, rows: number, until: number, timeMs: number): Promise<OfPart<T> | undefined> {
  const { clock } = rdd.context;
  let best: OfPart<T> | undefined;
  for (let ms = firstReadMs; ; ) {
    const began = clock.now();
    // Rows late are better than none.
    const found = await takeOfPart(rdd, rows, ms, until, best ? until : until + timeMs);
    if (!found || (best && found.rows.length < best.rows.length)) return best;
    best = found;
    const spent = Math.max(1, clock.now() - began);
    const left = until - clock.now();
    if (found.share === 1 || !found.inTime || left < 2 * spent) return best;
    ms *= Math.max(2, Math.min(16, left / spent / 2));
  }
}

RDD.prototype.preview = async function <T>(this: RDD<T>, rows: number, ms: number): Promise<Preview<T>> {
  const { clock } = this.context;
  await this.knowPartitions();
  const started = clock.now();
  const seconds = () => (clock.now() - started) / 1000;
  const gaveUp = `after ${msText(ms)}`;
  const shuffled = isShuffled(this);
  // A task in the session's own process hears of no cancel: there each round ends by itself, and the last may be exact.
  if (!shuffled || this.context.master !== 'local') {
    const rounds = { partitions: 1, growth: 4 };
    const taking = shuffled
      ? { until: started + (ms * exactSamplePercent) / 100, graceMs: 0, looksAfterMs: ms / 4, ...rounds }
      : { until: started + ms, graceMs: 200, ...rounds };
    const exact = await takeUntil(this, rows, taking);
    if (exact.inTime || exact.rows.length > 0 || !shuffled)
      return { rows: exact.rows, complete: exact.complete, gaveUp: exact.inTime ? undefined : gaveUp, seconds: seconds() };
  }
  const part = await growingPart(this, rows, started + ms, ms);
  if (!part) return { rows: [], complete: false, gaveUp, seconds: seconds() };
  const { share, notKnown } = part;
  const { complete, inTime } = part;
  if (share === 1) return { rows: part.rows, complete, gaveUp: inTime ? undefined : gaveUp, seconds: seconds() };
  return { rows: part.rows, complete: false, gaveUp, part: { share, notKnown }, seconds: seconds() };
};
