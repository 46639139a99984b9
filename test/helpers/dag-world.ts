// A world around the scheduler's state machine: executors that run what they are told, lose things, and tell it late, twice or never.
import { makeConfig } from '../../runtime/base/config';
import type { Random } from '../../runtime/base/time';
import type { CachedBlock, TaskEnd } from '../../runtime/plan/end';
import type { StageSpec } from '../../runtime/planner/stage-spec';
import { Dag } from '../../runtime/scheduler/dag';
import type { Command, JobFailure, JobSpec, SchedulerEvent, TaskRequest } from '../../runtime/scheduler/events';

/** A shuffle of the lineage that all jobs share: its map tasks read those of the parents, or a cached dataset. */
interface Shuffle {
  readonly maps: number;
  readonly parents: readonly number[];
  /** The dataset that its map stage keeps in memory, if any. */
  readonly cached?: number;
}

interface Launched {
  readonly task: TaskRequest;
  readonly executorId: string;
  readonly stage: StageSpec;
  /** What the split named when the task was launched: [shuffle, map index, writer]; -1 where an output was not there. */
  readonly reads: readonly (readonly [number, number, number])[];
}

export interface JobEnd {
  readonly failure?: JobFailure;
  readonly results: readonly number[];
}

const noMetrics = { runMs: 0, recordsRead: 0, shuffleBytesWritten: 0, shuffleBytesRead: 0 };

export class DagWorld {
  readonly dag = new Dag({ ...makeConfig(4), slots: 4 });
  readonly launched = new Map<number, Launched>();
  /** Tasks of executors that are gone: their ends may still come. */
  readonly lostTasks: Launched[] = [];
  readonly ends = new Map<number, JobEnd>();
  readonly accumulated = new Map<string, number>();
  timers = 0;
  readonly #random: Random;
  readonly #shuffles: Shuffle[] = [];
  readonly #jobs = new Map<number, { spec: JobSpec; results: number[] }>();
  readonly #executors = new Map<string, boolean>();
  /** Map outputs that can be read, by `shuffle.map.writer`, with their executor. */
  readonly #files = new Map<string, string>();
  /** Cached partitions that are in memory, by `executor.dataset.partition`. */
  readonly #memory = new Set<string>();
  #now = 0;
  #nextStage = 0;
  #nextExecutor = 0;

  constructor(random: Random) {
    this.#random = random;
    for (let id = 0; id < 6; id++) {
      const parents = Array.from({ length: id }, (_, p) => p).filter(() => random.below(3) === 0);
      this.#shuffles.push({ maps: random.below(4), parents, cached: random.below(3) === 0 ? 100 + id : undefined });
    }
  }

  get executors(): string[] {
    return [...this.#executors.keys()];
  }

  get runningJobs(): number[] {
    return [...this.#jobs.keys()];
  }

  handle(event: SchedulerEvent): void {
    // The wait for locality is over when its timer says so.
    if (event.kind === 'localityExpired') this.#now += 1000;
    for (const command of this.dag.handle(event, this.#now)) this.#carryOut(command);
    this.dag.check();
  }

  join(): void {
    const id = `e${this.#nextExecutor++}`;
    const outputsSurvive = this.#random.below(2) === 0;
    this.#executors.set(id, outputsSurvive);
    const executor = { id, host: 'h', slots: 1 + this.#random.below(2), outputsSurvive };
    this.handle({ kind: 'executorJoined', executor });
  }

  lose(id: string): void {
    if (!this.#executors.get(id)) for (const [file, owner] of this.#files) if (owner === id) this.#files.delete(file);
    this.#executors.delete(id);
    for (const block of this.#memory) if (block.startsWith(`${id}.`)) this.#memory.delete(block);
    for (const [taskId, launched] of this.launched) {
      if (launched.executorId !== id) continue;
      this.launched.delete(taskId);
      this.lostTasks.push(launched);
    }
    this.handle({ kind: 'executorLost', executorId: id, reason: 'killed' });
  }

  /** One map output or cached partition goes without a word. */
  damage(): void {
    const [gone] = [...this.#files.keys()].slice(this.#random.below(this.#files.size + 1));
    if (gone !== undefined) this.#files.delete(gone);
    const [evicted] = [...this.#memory].slice(this.#random.below(this.#memory.size + 1));
    if (evicted !== undefined) this.#memory.delete(evicted);
  }

  submit(jobId: number): void {
    const stages: StageSpec[] = [];
    const made = new Map<number, number>();
    const stageOf = (shuffleId: number): number => {
      const known = made.get(shuffleId);
      if (known !== undefined) return known;
      const { maps, parents, cached } = this.#shuffles[shuffleId];
      const stage = this.#stage(maps, parents.map(stageOf), cached, shuffleId);
      stages.push(stage);
      made.set(shuffleId, stage.stageId);
      return stage.stageId;
    };
    const parents = this.#shuffles.flatMap((_, id) => (this.#random.below(3) === 0 ? [id] : []));
    const cached = this.#random.below(3) === 0 ? 200 + this.#random.below(2) : undefined;
    const result = this.#stage(this.#random.below(4), parents.map(stageOf), cached);
    const spec = { jobId, stages: [...stages, result] };
    this.#jobs.set(jobId, { spec, results: [] });
    this.handle({ kind: 'jobSubmitted', job: spec });
  }

  #stage(tasks: number, parents: readonly number[], cached: number | undefined, shuffleId?: number): StageSpec {
    const partitions = Array.from({ length: tasks }, (_, i) => i);
    const guards = cached === undefined ? [] : [[cached, tasks] as const];
    const blocks = cached === undefined ? [] : partitions.map((p) => [[cached, p] as const]);
    return {
      stageId: this.#nextStage++,
      shuffleId,
      partitions,
      parents: parents.map((stageId) => ({ stageId, guards })),
      blocks,
      title: '',
    };
  }

  /** The true end of a task: it reads what it was told to read, or fails to. */
  run(taskId: number): void {
    const launched = this.launched.get(taskId)!;
    this.launched.delete(taskId);
    this.#end(launched, this.#outcome(launched));
  }

  fail(taskId: number): void {
    const launched = this.launched.get(taskId)!;
    this.launched.delete(taskId);
    this.#end(launched, { kind: 'userError', error: { name: 'Error', message: 'no', stack: '', frames: [] } });
  }

  /** An end that was told before, or that of a task whose executor is gone. */
  tellAgain(launched: Launched): void {
    this.#end(launched, this.#success(launched, []));
  }

  #end({ executorId, task }: Launched, end: TaskEnd): void {
    this.handle({ kind: 'taskEnded', executorId, taskId: task.taskId, end });
  }

  #outcome(launched: Launched): TaskEnd {
    const { executorId, stage, task } = launched;
    const [block] = stage.blocks[task.partition]?.[0] ? [stage.blocks[task.partition][0]] : [];
    const key = block && `${executorId}.${block[0]}.${block[1]}`;
    if (key !== undefined && this.#memory.has(key)) return this.#success(launched, []);
    const unread = launched.reads.find(([shuffle, map, writer]) => !this.#files.has(`${shuffle}.${map}.${writer}`));
    if (unread) return { kind: 'fetchFailed', shuffleId: unread[0], mapIndex: unread[1], writer: unread[2], reason: 'gone' };
    if (key === undefined) return this.#success(launched, []);
    this.#memory.add(key);
    return this.#success(launched, [{ rddId: block![0], partition: block![1], bytes: 1, diskBytes: 0 }]);
  }

  #success({ executorId, stage, task }: Launched, cached: readonly CachedBlock[]): TaskEnd {
    const accumulators = [{ id: `${stage.shuffleId ?? `job ${task.jobId}`}.${task.partition}`, value: 1 }];
    const common = { kind: 'success', value: new Uint8Array(0), cached, evicted: [], accumulators, metrics: noMetrics } as const;
    if (stage.shuffleId === undefined) return common;
    const output = { shuffleId: stage.shuffleId, mapIndex: task.partition, executorId, writer: task.taskId, sizes: [1] };
    if (this.#executors.has(executorId)) this.#files.set(`${stage.shuffleId}.${task.partition}.${task.taskId}`, executorId);
    return { ...common, output };
  }

  #carryOut(command: Command): void {
    switch (command.kind) {
      case 'launchTask':
        return this.#launch(command.executorId, command.task);
      case 'startLocalityTimer':
        this.timers++;
        return;
      case 'mergeAccumulators':
        for (const { id } of command.updates) this.accumulated.set(id, (this.accumulated.get(id) ?? 0) + 1);
        return;
      case 'reportResult':
        this.#jobs.get(command.jobId)!.results.push(command.partition);
        return;
      case 'finishJob':
        return this.#finish(command.jobId);
      case 'failJob':
        return this.#finish(command.jobId, command.failure);
    }
  }

  #launch(executorId: string, task: TaskRequest): void {
    if (!this.#executors.has(executorId)) throw new Error(`task ${task.taskId} goes to ${executorId}, which is gone`);
    const stages = this.#jobs.get(task.jobId)!.spec.stages;
    const stage = stages.find((s) => s.stageId === task.stageId)!;
    const reads = stage.parents.flatMap(({ stageId }) => {
      const { shuffleId, partitions } = stages.find((s) => s.stageId === stageId)!;
      const outputs = new Map(this.dag.outputs.of(shuffleId!).map((o) => [o.mapIndex, o.writer]));
      return partitions.map((map) => [shuffleId!, outputs.has(map) ? map : -1, outputs.get(map) ?? -1] as const);
    });
    this.launched.set(task.taskId, { task, executorId, stage, reads });
  }

  #finish(jobId: number, failure?: JobFailure): void {
    const job = this.#jobs.get(jobId);
    if (!job || this.ends.has(jobId)) throw new Error(`job ${jobId} ended twice`);
    this.#jobs.delete(jobId);
    this.ends.set(jobId, { failure, results: job.results });
    const wanted = job.spec.stages[job.spec.stages.length - 1].partitions;
    const got = [...job.results].sort((a, b) => a - b);
    if (!failure && got.join() !== wanted.join()) throw new Error(`job ${jobId} answered ${got} for ${wanted}`);
  }
}
