// What has happened in a session so far, for the pages and for commands: jobs, stages, tasks, executors, persisted partitions; bounded in memory.

import { cutText } from '../base/cut-text';
import type { CallSite } from '../base/flow';
import { rememberedJobs, rememberedTasks } from '../base/limits';
import type { JobFailureInfo } from '../scheduler/job-error';
import { type JobRecord, labelsOf } from '../scheduler/job-record';
import type { JobEnd, JobStart, Listener, StageCompleted, StageSubmitted, TaskEnded, TaskStart } from '../scheduler/listener-bus';
import { ExecutorStore } from './executor-store';
import { StageStatus } from './stage-status';

export interface JobStatus extends Pick<JobRecord, 'group' | 'description' | 'tags' | 'pool' | 'output'> {
  readonly jobId: number;
  readonly title: string;
  readonly callSite?: CallSite;
  readonly started: number;
  ended?: number;
  status: JobRecord['status'];
  failure?: JobFailureInfo;
  /** Parents before children; the last one answers. */
  readonly stages: readonly StageStatus[];
}

/** Tags of a job that are remembered. */
const rememberedTags = 20;

/**
 * Listens from the start of a session: `sc.addListener(store.listener)`. Of ended jobs it remembers the last 200 of entries and the last
 * 200 of streams; of their tasks 50,000, those of the oldest jobs going first.
 */
export class StatusStore {
  readonly executors = new ExecutorStore();
  readonly #jobs = new Map<number, JobStatus>();
  readonly #stages = new Map<number, StageStatus>();
  /** The numbers of ended jobs, oldest first: of entries, and of streams, whose jobs are many and must not push out those of entries. */
  readonly #ended = { entries: [] as number[], streams: [] as number[] };
  /** Of persisted datasets, until they are so no longer. */
  readonly #partitions = new Map<number, number>();
  #tasks = 0;
  /** Grows with all that happens: what was made of an older one is stale. */
  version = 0;

  /** All remembered jobs, oldest first. */
  jobs(): JobStatus[] {
    return [...this.#jobs.values()];
  }

  job(jobId: number): JobStatus | undefined {
    return this.#jobs.get(jobId);
  }

  /** A stage of a remembered job. */
  stage(stageId: number): StageStatus | undefined {
    return this.#stages.get(stageId);
  }

  /** How many partitions a persisted dataset has, if a job has read it. */
  partitionsOf(rddId: number): number | undefined {
    return this.#partitions.get(rddId);
  }

  readonly listener: Listener = {
    onJobStart: (job) => this.#jobStarted(job),
    onJobEnd: (job) => this.#jobEnded(job),
    onStageSubmitted: (stage) => this.#onStage(stage, (status) => status.onSubmitted(stage)),
    onStageCompleted: (stage) => this.#onStage(stage, (status) => status.onCompleted(stage)),
    onTaskStart: (task) => this.#taskStarted(task),
    onTaskEnd: (task) => this.#taskEnded(task),
    onExecutorAdded: (executor) => this.#onExecutors((store) => store.onAdded(executor)),
    onExecutorRemoved: (executor) => this.#onExecutors((store) => store.onRemoved(executor)),
    onBlockUpdated: (block) => this.#onExecutors((store) => store.onBlock(block)),
    onUnpersist: ({ rddId }) => this.#unpersisted(rddId),
  };

  #jobStarted({ jobId, title, callSite, stages, properties, time }: JobStart): void {
    this.version++;
    const labels = cutLabels(labelsOf(properties));
    const made = stages.map((graph) => new StageStatus(jobId, graph));
    for (const stage of made) {
      this.#stages.set(stage.graph.stageId, stage);
      for (const { rddId, level, partitions } of stage.graph.datasets)
        if (level !== undefined) this.#partitions.set(rddId, partitions);
    }
    this.#jobs.set(jobId, { jobId, title: cutText(title), callSite, started: time, status: 'running', stages: made, ...labels });
  }

  #jobEnded({ jobId, status, failure, time }: JobEnd): void {
    this.version++;
    const job = this.#jobs.get(jobId);
    if (!job) return;
    job.status = status;
    job.ended = time;
    job.failure = failure && { ...failure, message: cutText(failure.message), remedy: failure.remedy && cutText(failure.remedy) };
    for (const stage of job.stages) stage.onJobEnd(status);
    const ended = job.output === undefined ? this.#ended.entries : this.#ended.streams;
    ended.push(jobId);
    if (ended.length > rememberedJobs) this.#forget(this.#jobs.get(ended.shift()!)!);
  }

  #forget({ jobId, stages }: JobStatus): void {
    this.#jobs.delete(jobId);
    for (const stage of stages) {
      this.#stages.delete(stage.graph.stageId);
      this.#tasks -= stage.tasks.size;
    }
  }

  #onStage(event: StageSubmitted | StageCompleted, note: (stage: StageStatus) => void): void {
    this.version++;
    const stage = this.#stages.get(event.stageId);
    if (stage) note(stage);
  }

  #taskStarted(task: TaskStart): void {
    this.version++;
    this.executors.onTaskStart(task);
    this.#stages.get(task.stageId)?.onTaskStart(task);
  }

  #taskEnded(task: TaskEnded): void {
    this.version++;
    this.executors.onTaskEnd(task);
    const stage = this.#stages.get(task.stageId);
    const started = stage?.running.get(task.taskId)?.started;
    // A task that ends after its job reports the time of its end only.
    if (!stage || started === undefined) return;
    this.#tasks += stage.onTaskEnd(task, started);
    if (this.#tasks > rememberedTasks) this.#forgetTasks();
  }

  #forgetTasks(): void {
    for (const stage of this.#stages.values()) {
      if (this.#tasks <= rememberedTasks) return;
      this.#tasks -= stage.tasks.thin();
    }
  }

  #unpersisted(rddId: number): void {
    this.#partitions.delete(rddId);
    this.#onExecutors((store) => store.onUnpersist(rddId));
  }

  #onExecutors(note: (store: ExecutorStore) => void): void {
    this.version++;
    note(this.executors);
  }
}

type Labels = ReturnType<typeof labelsOf>;

/** Groups, descriptions and tags are the user's texts, of any length. */
function cutLabels({ group, description, tags, pool, output }: Labels): Labels {
  const cut = (text: string | undefined) => text && cutText(text);
  return {
    group: cut(group),
    description: cut(description),
    tags: tags.slice(0, rememberedTags).map((tag) => cutText(tag)),
    pool: cut(pool),
    output,
  };
}
