// What to run next, decided without effects: events in, commands out. No timer, socket, promise or clock.
//
// A job is a chain of stages cut at shuffles. A stage runs when the map outputs that it reads are there, or when a cached dataset
// between makes them unneeded. A failed fetch takes the output back and runs its map task again, no more.
import { assert } from '../errors';
import type { TaskEnd } from '../exec/end';
import type { ExecutorInfo } from './backend';
import type { Command, JobFailure, JobSpec, SchedulerEvent, StageSpec } from './events';
import { BlockTracker, OutputTracker } from './outputs';
import { Stage } from './stage';

export interface DagOptions {
  /** Tries of one task before its job fails. */
  readonly taskMaxFailures: number;
  /** Runs of one stage, by failed fetches, before its job fails. */
  readonly stageMaxAttempts: number;
}

interface Job {
  readonly spec: JobSpec;
  readonly stages: Map<number, Stage>;
  readonly result: Stage;
}

interface RunningTask {
  readonly taskId: number;
  readonly executorId: string;
  readonly stage: Stage;
  readonly stageAttempt: number;
  readonly partition: number;
  /** Its job is over: its end frees the slot and nothing else. */
  abandoned: boolean;
}

interface Executor extends ExecutorInfo {
  free: number;
}

export class Dag {
  readonly outputs = new OutputTracker();
  readonly blocks = new BlockTracker();
  readonly #options: DagOptions;
  readonly #executors = new Map<string, Executor>();
  readonly #jobs = new Map<number, Job>();
  readonly #tasks = new Map<number, RunningTask>();
  #nextTask = 1;
  #commands: Command[] = [];
  /** Tasks may run anywhere now: the wait for their preferred executors is over. */
  #anywhere = false;
  #timerRunning = false;

  constructor(options: DagOptions) {
    this.#options = options;
  }

  /** Takes an event; answers what to do now, in order. */
  handle(event: SchedulerEvent): Command[] {
    this.#commands = [];
    this.#take(event);
    this.#schedule();
    return this.#commands;
  }

  #take(event: SchedulerEvent): void {
    switch (event.kind) {
      case 'jobSubmitted':
        return this.#submitJob(event.job);
      case 'jobCancelled':
        return this.#failJob(event.jobId, { kind: 'cancelled', reason: event.reason });
      case 'executorJoined':
        this.#executors.set(event.executor.id, { ...event.executor, free: event.executor.slots });
        return;
      case 'executorLost':
        return this.#loseExecutor(event.executorId, event.reason);
      case 'taskEnded':
        return this.#endTask(event.taskId, event.executorId, event.end);
      case 'backendFailed':
        for (const jobId of [...this.#jobs.keys()]) this.#failJob(jobId, { kind: 'backend', reason: event.reason });
        return;
      case 'datasetForgotten':
        return this.blocks.forget(event.rddId);
      case 'shuffleForgotten':
        return this.outputs.forget(event.shuffleId);
      case 'localityExpired':
        this.#timerRunning = false;
        this.#anywhere = true;
        return;
    }
  }

  #submitJob(spec: JobSpec): void {
    const stages = new Map(spec.stages.map((s) => [s.stageId, new Stage(s, spec.jobId)]));
    for (const s of spec.stages) if (s.shuffleId !== undefined) this.outputs.declare(s.shuffleId, s.partitions.length);
    const result = stages.get(spec.stages[spec.stages.length - 1].stageId)!;
    const job = { spec, stages, result };
    this.#jobs.set(spec.jobId, job);
    result.submit(result.spec.partitions);
    this.#finishIfDone(job);
  }

  /** The parents that must run before this stage can. */
  #missingParents(job: Job, stage: Stage): Stage[] {
    return stage.spec.parents
      .filter(
        ({ guards }) => stage.ignoreGuards || !guards.some(([rddId, partitions]) => this.blocks.complete(rddId, partitions)),
      )
      .map(({ stageId }) => job.stages.get(stageId)!)
      .filter((parent) => !this.outputs.complete(parent.spec.shuffleId!));
  }

  /** Launches what can run: older jobs first, and of a job the stages nearest its result. */
  #schedule(): void {
    let waitsForLocality = false;
    for (const job of [...this.#jobs.values()]) {
      for (const stage of this.#ready(job, job.result, new Set())) {
        if (this.#launchStage(stage)) waitsForLocality = true;
      }
    }
    this.#anywhere = false;
    if (waitsForLocality && !this.#timerRunning) {
      this.#timerRunning = true;
      this.#commands.push({ kind: 'startLocalityTimer' });
    }
  }

  /** The stages below this one whose inputs are there and that have something to run. */
  #ready(job: Job, stage: Stage, seen: Set<Stage>): Stage[] {
    if (seen.has(stage)) return [];
    seen.add(stage);
    if (stage.waiting.size === 0) return [];
    const missing = this.#missingParents(job, stage);
    if (missing.length === 0) return [stage];
    return missing.flatMap((parent) => {
      if (!parent.submitted || parent.finished) parent.submit(this.outputs.missing(parent.spec.shuffleId!));
      return this.#ready(job, parent, seen);
    });
  }

  /** Starts tasks of a stage on free executors; true where some wait for the executor that holds their data. */
  #launchStage(stage: Stage): boolean {
    let waits = false;
    const { partitions } = stage.spec;
    for (const partition of stage.waiting) {
      if (!this.#anyFree()) return waits;
      // Map stages run all partitions in order; only jobs on chosen partitions need the search.
      const index = partitions[partition] === partition ? partition : partitions.indexOf(partition);
      const preferred = this.#preferred(stage.spec, index);
      const near = preferred.find((e) => e.free > 0);
      if (near) this.#launch(stage, partition, near);
      else if (preferred.length > 0 && !this.#anywhere) waits = true;
      else this.#launch(stage, partition, this.#freest());
    }
    return waits;
  }

  #anyFree(): boolean {
    for (const e of this.#executors.values()) if (e.free > 0) return true;
    return false;
  }

  #freest(): Executor {
    let best: Executor | undefined;
    for (const e of this.#executors.values()) if (e.free > 0 && (!best || e.free > best.free)) best = e;
    return best!;
  }

  #preferred(spec: StageSpec, index: number): Executor[] {
    for (const [rddId, partition] of spec.blocks[index] ?? []) {
      const holders = this.blocks.holders(rddId, partition).flatMap((id) => this.#executors.get(id) ?? []);
      if (holders.length > 0) return holders;
    }
    return [];
  }

  #launch(stage: Stage, partition: number, executor: Executor): void {
    const taskId = this.#nextTask++;
    stage.start(partition, taskId);
    executor.free--;
    this.#tasks.set(taskId, { taskId, executorId: executor.id, stage, stageAttempt: stage.attempt, partition, abandoned: false });
    const { jobId, attempt: stageAttempt } = stage;
    const task = { taskId, jobId, stageId: stage.spec.stageId, stageAttempt, partition, attempt: stage.nextAttempt(partition) };
    this.#commands.push({ kind: 'launchTask', executorId: executor.id, task });
  }

  #endTask(taskId: number, executorId: string, end: TaskEnd): void {
    const task = this.#tasks.get(taskId);
    // An end of a task that was given up with its executor comes too late to count.
    if (!task || task.executorId !== executorId) return;
    this.#tasks.delete(taskId);
    const executor = this.#executors.get(executorId);
    if (executor) executor.free++;
    if (end.kind === 'success' && executor) this.#noteBlocks(executorId, end);
    const job = this.#jobs.get(task.stage.jobId);
    if (task.abandoned || !job) return;
    switch (end.kind) {
      case 'success':
        return this.#succeed(job, task, end);
      case 'fetchFailed':
        return this.#fetchFailed(job, task, end);
      case 'cancelled':
        task.stage.fail(task.partition, false);
        return;
      case 'tooBig':
        // Another try would be as big.
        return this.#failJob(job.spec.jobId, this.#taskFailure(task, end, 1));
      case 'userError':
      case 'lost': {
        const failures = task.stage.fail(task.partition, true);
        if (failures >= this.#options.taskMaxFailures) this.#failJob(job.spec.jobId, this.#taskFailure(task, end, failures));
      }
    }
  }

  #noteBlocks(executorId: string, { cached, evicted }: TaskEnd & { kind: 'success' }): void {
    for (const block of evicted) this.blocks.remove(executorId, block);
    for (const block of cached) this.blocks.add(executorId, block);
    if (cached.length > 0) this.#commands.push({ kind: 'noteCached', executorId, blocks: cached });
  }

  #taskFailure(task: RunningTask, end: TaskEnd & { kind: 'userError' | 'lost' | 'tooBig' }, attempts: number): JobFailure {
    return { kind: 'task', end, stageId: task.stage.spec.stageId, partition: task.partition, attempts };
  }

  #succeed(job: Job, task: RunningTask, end: TaskEnd & { kind: 'success' }): void {
    const { stage, partition } = task;
    if (stage.done.has(partition)) return;
    stage.finish(partition);
    // Accumulators count each partition of a stage once, also where a map output is lost and made again, by this job or another.
    const first = end.output === undefined || this.outputs.add(end.output);
    if (first && end.accumulators.length > 0) this.#commands.push({ kind: 'mergeAccumulators', updates: end.accumulators });
    if (!end.output) this.#commands.push({ kind: 'reportResult', jobId: job.spec.jobId, partition, value: end.value });
    this.#finishIfDone(job);
  }

  #finishIfDone(job: Job): void {
    if (!job.result.finished) return;
    this.#jobs.delete(job.spec.jobId);
    this.#abandonTasks(job);
    this.#commands.push({ kind: 'finishJob', jobId: job.spec.jobId });
  }

  #fetchFailed(job: Job, task: RunningTask, end: TaskEnd & { kind: 'fetchFailed' }): void {
    const { stage } = task;
    stage.fail(task.partition, false);
    stage.ignoreGuards = true;
    this.outputs.remove(end.shuffleId, end.mapIndex, end.attempt);
    if (task.stageAttempt === stage.attempt) stage.attempt++;
    if (stage.attempt >= this.#options.stageMaxAttempts)
      this.#failJob(job.spec.jobId, {
        kind: 'shuffleLost',
        stageId: stage.spec.stageId,
        attempts: stage.attempt,
        reason: end.reason,
      });
  }

  #loseExecutor(executorId: string, reason: string): void {
    const executor = this.#executors.get(executorId);
    if (!executor) return;
    this.#executors.delete(executorId);
    this.blocks.removeExecutor(executorId, executor.outputsSurvive);
    if (!executor.outputsSurvive) this.outputs.removeExecutor(executorId);
    for (const task of [...this.#tasks.values()]) {
      if (task.executorId === executorId) this.#endTask(task.taskId, executorId, { kind: 'lost', executorId, reason });
    }
  }

  #failJob(jobId: number, failure: JobFailure): void {
    const job = this.#jobs.get(jobId);
    if (!job) return;
    this.#jobs.delete(jobId);
    this.#abandonTasks(job);
    this.#commands.push({ kind: 'failJob', jobId, failure });
  }

  #abandonTasks(job: Job): void {
    for (const task of this.#tasks.values()) {
      if (task.abandoned || task.stage.jobId !== job.spec.jobId) continue;
      task.abandoned = true;
      this.#commands.push({ kind: 'cancelTask', executorId: task.executorId, taskId: task.taskId });
    }
  }

  /** What runs and waits, for the progress line and `.jobs`. */
  progress(
    jobId: number,
  ): { stages: number; stage: number; title: string; done: number; total: number; running: number } | undefined {
    const job = this.#jobs.get(jobId);
    if (!job) return undefined;
    const submitted = [...job.stages.values()].filter((s) => s.submitted);
    const current = submitted.find((s) => s.running.size > 0) ?? submitted[submitted.length - 1];
    return {
      stages: submitted.length,
      stage: submitted.indexOf(current) + 1,
      title: current.spec.title,
      done: current.done.size,
      total: current.spec.partitions.length,
      running: current.running.size,
    };
  }

  /** Executors that are there, with their free slots. */
  executors(): readonly { id: string; slots: number; free: number }[] {
    return [...this.#executors.values()].map(({ id, slots, free }) => ({ id, slots, free }));
  }

  /** Throws where the state contradicts itself; tests call it after each event. */
  check(): void {
    this.outputs.check();
    for (const e of this.#executors.values()) {
      const used = [...this.#tasks.values()].filter((t) => t.executorId === e.id).length;
      assert(e.free + used === e.slots && e.free >= 0, `executor ${e.id} has ${e.free} free of ${e.slots} with ${used} tasks`);
    }
    for (const job of this.#jobs.values()) {
      for (const stage of job.stages.values()) {
        stage.check();
        for (const [p, taskId] of stage.running)
          assert(this.#tasks.has(taskId), `partition ${p} runs as task ${taskId}, which is not there`);
      }
    }
  }
}
