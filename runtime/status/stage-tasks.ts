// The tasks of one stage that are remembered: all of a small one; of a large one a fair sample, the slowest, and those that failed last.

import { rememberedStageTasks } from '../base/limits';
import type { Place } from '../base/place';
import { Random } from '../base/time';
import type { TaskEnded } from '../scheduler/listener-bus';

export interface RunningRow {
  readonly taskId: number;
  readonly partition: number;
  readonly attempt: number;
  readonly executorId: string;
  readonly speculative: boolean;
  readonly started: number;
}

/** A task that has ended. */
export interface TaskRow extends RunningRow {
  readonly ended: number;
  readonly end: TaskEnded['end'];
  /** Rows that it read, bytes of shuffles that it read and wrote; 0 where it did not end well. */
  readonly rows: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly reason?: string;
  readonly place?: Place;
}

/** What tasks are compared by. */
export const metrics = ['ms', 'rows', 'bytesRead', 'bytesWritten'] as const;
export type Metric = (typeof metrics)[number];

const valueOf = (task: TaskRow, metric: Metric): number => (metric === 'ms' ? task.ended - task.started : task[metric]);

/** Least, quartiles and greatest. */
export type Quantiles = readonly [min: number, q25: number, median: number, q75: number, max: number];

const slowestKept = 20;
const failedKept = 50;

export class StageTasks {
  readonly #random = new Random(1);
  /** Of those that ended well: a sample in which each has the same chance (reservoir). */
  #sample: TaskRow[] = [];
  #slowest: TaskRow[] = [];
  /** The slowest of all: it stays with the totals. */
  #slowestOfAll: TaskRow | undefined;
  #failed: TaskRow[] = [];
  readonly #extremes = new Map<Metric, [number, number]>();
  #quantiles: ReadonlyMap<Metric, Quantiles> | undefined;
  /** Tasks that ended well, and those that did not. */
  succeeded = 0;
  failures = 0;

  /** Answers by how many the remembered tasks have grown. */
  add(task: TaskRow): number {
    const before = this.size;
    if (task.end === 'success') this.#addSuccess(task);
    else if (task.end !== 'cancelled') {
      this.failures++;
      this.#failed.push(task);
      if (this.#failed.length > failedKept) this.#failed.shift();
    }
    return this.size - before;
  }

  #addSuccess(task: TaskRow): void {
    this.succeeded++;
    this.#quantiles = undefined;
    if (!this.#slowestOfAll || valueOf(task, 'ms') > valueOf(this.#slowestOfAll, 'ms')) this.#slowestOfAll = task;
    for (const metric of metrics) {
      const value = valueOf(task, metric);
      const [least, most] = this.#extremes.get(metric) ?? [value, value];
      this.#extremes.set(metric, [Math.min(least, value), Math.max(most, value)]);
    }
    if (this.#sample.length < rememberedStageTasks) {
      this.#sample.push(task);
      return;
    }
    const place = this.#random.below(this.succeeded);
    const passedOver = place < rememberedStageTasks ? this.#sample.splice(place, 1, task)[0] : task;
    this.#noteSlow(passedOver);
  }

  /** What leaves the sample, or never was in it, stays if it is slow. */
  #noteSlow(task: TaskRow): void {
    const slowest = [...this.#slowest, task].sort((a, b) => valueOf(b, 'ms') - valueOf(a, 'ms'));
    this.#slowest = slowest.slice(0, slowestKept);
  }

  /** How many are remembered one by one. */
  get size(): number {
    return this.#sample.length + this.#slowest.length + this.#failed.length;
  }

  /** In the order in which they started. */
  all(): TaskRow[] {
    return [...this.#sample, ...this.#slowest, ...this.#failed].sort((a, b) => a.started - b.started || a.taskId - b.taskId);
  }

  failed(): readonly TaskRow[] {
    return this.#failed;
  }

  /** The slowest one that ended well. */
  slowest(): TaskRow | undefined {
    return this.#slowestOfAll;
  }

  /** Of the tasks that ended well; undefined without any. */
  quantiles(metric: Metric): Quantiles | undefined {
    if (this.succeeded === 0) return undefined;
    this.#quantiles ??= new Map(metrics.map((each) => [each, this.#quantilesOf(each)]));
    return this.#quantiles.get(metric);
  }

  #quantilesOf(metric: Metric): Quantiles {
    const values = this.#sample.map((task) => valueOf(task, metric)).sort((a, b) => a - b);
    const [least, most] = this.#extremes.get(metric)!;
    return [least, quantile(values, 0.25), quantile(values, 0.5), quantile(values, 0.75), most];
  }

  /** Keeps the totals, the slowest and the failures only; answers how many tasks that freed. */
  thin(): number {
    const before = this.size;
    if (this.succeeded > 0) this.quantiles('ms');
    this.#sample = [];
    this.#slowest = [];
    return before - this.size;
  }
}

/** Between the two nearest of sorted values. */
function quantile(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q;
  const below = sorted[Math.floor(at)];
  return below + (sorted[Math.ceil(at)] - below) * (at - Math.floor(at));
}
