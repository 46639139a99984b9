// What the tasks of each stage took and read, for `.stages`, and where kept partitions are, for `.datasets`: kept from events, bounded.
import type { Listener } from '../runtime';

type Event<K extends keyof Listener> = Parameters<NonNullable<Listener[K]>>[0];
type TaskEnded = Event<'onTaskEnd'>;

/** A task that ended well. */
export interface TaskRun {
  readonly partition: number;
  readonly executorId: string;
  readonly ms: number;
  readonly records: number;
  readonly bytesRead: number;
}

export interface StageRun {
  readonly jobId: number;
  readonly stageId: number;
  readonly title: string;
  readonly numTasks: number;
  readonly started: number;
  ended?: number;
  failure?: string;
  done: number;
  failed: number;
  records: number;
  bytesRead: number;
  bytesWritten: number;
  /** The first tasks that ended well, for the median; the slowest of all beside them. */
  readonly tasks: TaskRun[];
  slowest?: TaskRun;
}

const maxStages = 500;
const maxTasks = 10_000;

export class StageLog {
  readonly #stages = new Map<string, StageRun>();
  /** The executor in whose memory each kept partition is, and whether it is in a file. */
  readonly #blocks = new Map<number, Map<string, Set<number>>>();
  readonly #onStageEnd: (stage: StageRun) => void;

  /** `onStageEnd` is told of stages that ended well. */
  constructor(onStageEnd: (stage: StageRun) => void) {
    this.#onStageEnd = onStageEnd;
  }

  readonly listener: Listener = {
    onStageSubmitted: (event) => this.#submitted(event),
    onStageCompleted: (event) => this.#completed(event),
    onTaskEnd: (event) => this.#taskEnded(event),
    onBlockUpdated: (event) => this.#blockUpdated(event),
    onExecutorRemoved: ({ executorId }) => {
      for (const places of this.#blocks.values()) places.delete(executorId);
    },
    onUnpersist: ({ rddId }) => void this.#blocks.delete(rddId),
  };

  /** The stages of a job, in the order in which they began. */
  stagesOf(jobId: number): StageRun[] {
    return [...this.#stages.values()].filter((stage) => stage.jobId === jobId);
  }

  /** How many partitions of a dataset are where: executors by name, `disk` for files. */
  placesOf(rddId: number): ReadonlyMap<string, number> {
    const places = [...(this.#blocks.get(rddId) ?? [])].map(([place, partitions]) => [place, partitions.size] as const);
    return new Map(places.filter(([, count]) => count > 0));
  }

  #submitted({ jobId, stageId, attempt, title, numTasks, time }: Event<'onStageSubmitted'>): void {
    const counts = { done: 0, failed: 0, records: 0, bytesRead: 0, bytesWritten: 0 };
    this.#stages.set(keyOf(stageId, attempt), { jobId, stageId, title, numTasks, started: time, tasks: [], ...counts });
    const [oldest] = this.#stages.keys();
    if (this.#stages.size > maxStages) this.#stages.delete(oldest);
  }

  #completed({ stageId, attempt, failure, time }: Event<'onStageCompleted'>): void {
    const stage = this.#stages.get(keyOf(stageId, attempt));
    if (!stage) return;
    stage.ended = time;
    stage.failure = failure;
    if (failure === undefined) this.#onStageEnd(stage);
  }

  #taskEnded({ stageId, stageAttempt, partition, executorId, metrics }: TaskEnded): void {
    const stage = this.#stages.get(keyOf(stageId, stageAttempt));
    if (!stage) return;
    if (!metrics) {
      stage.failed++;
      return;
    }
    const task = {
      partition,
      executorId,
      ms: metrics.runMs,
      records: metrics.recordsRead,
      bytesRead: metrics.shuffleBytesRead,
    };
    stage.done++;
    stage.records += task.records;
    stage.bytesRead += task.bytesRead;
    stage.bytesWritten += metrics.shuffleBytesWritten;
    if (stage.tasks.length < maxTasks) stage.tasks.push(task);
    if (!stage.slowest || task.ms > stage.slowest.ms) stage.slowest = task;
  }

  #blockUpdated({ executorId, rddId, partition, bytes, diskBytes }: Event<'onBlockUpdated'>): void {
    const places = this.#blocks.get(rddId) ?? new Map<string, Set<number>>();
    this.#blocks.set(rddId, places);
    const put = (place: string, isThere: boolean) => {
      const partitions = places.get(place) ?? new Set();
      places.set(place, partitions);
      if (isThere) partitions.add(partition);
      else partitions.delete(partition);
    };
    put(executorId, bytes > 0);
    put('disk', diskBytes > 0);
  }
}

const keyOf = (stageId: number, attempt: number) => `${stageId}.${attempt}`;

/** The middle one of some numbers; the lower middle of an even count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}
