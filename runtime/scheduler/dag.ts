// What to run next, decided without effects: events in, commands out. No timer, socket, promise or clock.
//
// A job is a chain of stages cut at shuffles. A stage runs when the map outputs that it reads are there, or when a cached dataset
// between makes them unneeded. A failed fetch takes the output back and runs its map task again, no more; where that would give other
// rows (an indeterminate stage), all its outputs and all that was made of them are made again. This file takes the events in;
// reruns.ts knows what has to run, launcher.ts where.

import type { DagOptions } from '../base/config';
import type { TaskEnd } from '../plan/end';
import type { BlockTracker } from './block-tracker';
import { DagState } from './dag-state';
import { type DagStatus, jobStatus } from './dag-status';
import type { Command, JobFailure, JobSpec, SchedulerEvent } from './events';
import type { ExecutorStatus } from './executor-table';
import { Launcher } from './launcher';
import type { OutputTracker } from './map-outputs';
import { Reruns } from './reruns';
import { type Job, jobOf, noteShuffles, type RunningTask } from './running-jobs';

export class Dag {
  readonly #state: DagState;
  readonly #reruns: Reruns;
  readonly #launcher: Launcher;

  constructor(options: DagOptions) {
    this.#state = new DagState(options);
    this.#reruns = new Reruns(this.#state);
    this.#launcher = new Launcher(this.#state, this.#reruns);
  }

  get outputs(): OutputTracker {
    return this.#state.outputs;
  }

  get blocks(): BlockTracker {
    return this.#state.blocks;
  }

  /** Takes an event that happened at `now`, in milliseconds; answers what to do now, in order. */
  handle(event: SchedulerEvent, now: number): Command[] {
    this.#state.now = now;
    this.#take(event);
    this.#reruns.settle();
    this.#launcher.launch();
    if (event.kind === 'speculationDue') this.#launcher.speculate();
    this.#launcher.startTimers();
    return this.#state.takeCommands();
  }

  #take(event: SchedulerEvent): void {
    const { executors, jobs, blocks, outputs, counted } = this.#state;
    switch (event.kind) {
      case 'jobSubmitted':
        return this.#submitJob(event.job);
      case 'jobCancelled':
        return this.#failJob(event.jobId, { kind: 'cancelled', reason: event.reason });
      case 'executorJoined':
        return executors.join(event.executor);
      case 'executorLost':
        return this.#loseExecutor(event.executorId, event.reason);
      case 'taskEnded':
        return this.#endTask(event.taskId, event.executorId, event.end);
      case 'backendFailed':
        for (const jobId of [...jobs.keys()]) this.#failJob(jobId, { kind: 'backend', reason: event.reason });
        return;
      case 'datasetForgotten':
        blocks.forget(event.rddId);
        return counted.forgetDataset(event.rddId);
      case 'shuffleForgotten':
        outputs.forget(event.shuffleId);
        return counted.forgetShuffle(event.shuffleId);
      case 'localityExpired':
        return this.#launcher.localityExpired();
      case 'speculationDue':
        return this.#launcher.speculationDue();
    }
  }

  #submitJob(spec: JobSpec): void {
    const { options, jobs } = this.#state;
    const job = jobOf(spec);
    jobs.set(spec.jobId, job);
    noteShuffles(job, spec.stages, this.#state.outputs);
    const { slots } = options;
    for (const { barrier, stageId, partitions } of spec.stages)
      if (barrier && partitions.length > slots)
        return this.#failJob(spec.jobId, { kind: 'tooFewSlots', stageId, asked: partitions.length, slots });
    job.result.submit(job.result.spec.partitions);
    this.#finishIfDone(job);
  }

  #endTask(taskId: number, executorId: string, end: TaskEnd): void {
    const { tasks, executors, options } = this.#state;
    const task = tasks.get(taskId);
    // An end of a task that was lost with its executor comes too late to count.
    if (!task || task.executorId !== executorId) return;
    tasks.delete(taskId);
    const { job, stage, partition } = task;
    job.running--;
    const executor = executors.get(executorId);
    if (executor) executor.free++;
    if (end.kind === 'success' && executor) this.#noteBlocks(task, end);
    this.#reruns.drained(task.spoils);
    if (task.abandoned) return;
    switch (end.kind) {
      case 'success':
        return this.#succeed(task, end);
      case 'fetchFailed':
        return this.#fetchFailed(task, end);
      case 'cancelled': {
        // Nobody asked for it: a break hit the task, or its function threw what a break throws, which it may do each time.
        const failures = stage.fail(partition, taskId, true);
        if (failures < options.taskMaxFailures) return this.#reruns.restartBarrier(stage);
        return this.#failJob(job.jobId, { kind: 'cancelled', reason: `: a task was interrupted ${failures} times` });
      }
      case 'tooBig':
        // Another try would be as big.
        return this.#failJob(job.jobId, { kind: 'tooBig', bytes: end.bytes });
      case 'userError':
      case 'lost': {
        executors.exclusions.taskFailed(executorId, stage.spec.stageId, partition);
        const failures = stage.fail(partition, taskId, true);
        if (failures >= options.taskMaxFailures) this.#failTask(task, end, failures);
        else this.#reruns.restartBarrier(stage);
      }
    }
  }

  #noteBlocks({ executorId, moves }: RunningTask, { cached, evicted, accumulators }: TaskEnd & { kind: 'success' }): void {
    const { blocks, counted } = this.#state;
    // Whoever computed the partition, and whether that task counted or not: who reads it now adds nothing.
    const updates = counted.uncounted(accumulators);
    if (updates.length > 0) this.#state.push({ kind: 'mergeAccumulators', updates });
    for (const block of evicted) blocks.remove(executorId, block);
    for (const block of cached) blocks.add(executorId, block);
    if (cached.length > 0 || evicted.length > 0) this.#state.push({ kind: 'noteBlocks', executorId, cached, evicted });
    for (const block of moves) {
      // Where the task did not read it to its end, another may still take it.
      if (!cached.some(({ rddId, partition }) => rddId === block.rddId && partition === block.partition)) continue;
      blocks.settle(block);
      if (!blocks.holders(block.rddId, block.partition).includes(executorId)) continue;
      blocks.moved(executorId, block);
      this.#state.push({ kind: 'dropCopies', ...block, keeper: executorId });
    }
  }

  #failTask({ job, stage, partition }: RunningTask, end: TaskEnd & { kind: 'userError' | 'lost' }, attempts: number) {
    this.#failJob(job.jobId, { kind: 'task', end, stageId: stage.spec.stageId, partition, attempts });
  }

  #succeed({ taskId, job, stage, partition, started }: RunningTask, end: TaskEnd & { kind: 'success' }): void {
    const state = this.#state;
    const { stageId } = stage.spec;
    for (const copy of stage.tasksOf(partition)) if (copy !== taskId) state.abandon(state.tasks.get(copy)!);
    stage.finish(partition);
    stage.durations.push(state.now - started);
    // Accumulators count each (stage, partition) once, also where a lost output is recomputed.
    const first = state.counted.count(stage, partition);
    const updates = end.accumulators.filter(({ block }) => !block);
    if (first && updates.length > 0) state.push({ kind: 'mergeAccumulators', updates });
    if (end.output) state.outputs.add(end.output);
    else state.push({ kind: 'reportResult', jobId: job.jobId, partition, value: end.value });
    if (stage.finished) {
      state.executors.exclusions.stageCompleted(stageId, state.now);
      state.noteCompleted(stage);
    }
    this.#finishIfDone(job);
  }

  #finishIfDone(job: Job): void {
    if (!job.result.finished) return;
    this.#endJob(job, 'the job was done without it');
    this.#state.push({ kind: 'finishJob', jobId: job.jobId });
  }

  #fetchFailed(task: RunningTask, end: TaskEnd & { kind: 'fetchFailed' }): void {
    const { job, stage } = task;
    stage.fail(task.partition, task.taskId, false);
    stage.fetchFailed(task.stageAttempt);
    this.#state.outputs.remove(end.shuffleId, end.mapIndex, end.writer);
    const { spec, fetchFailures: attempts } = stage;
    if (attempts >= this.#state.options.stageMaxAttempts)
      return this.#failJob(job.jobId, { kind: 'shuffleLost', stageId: spec.stageId, attempts, reason: end.reason });
    this.#reruns.restartBarrier(stage);
  }

  #loseExecutor(executorId: string, reason: string): void {
    const { executors, blocks, outputs, tasks } = this.#state;
    const executor = executors.get(executorId);
    if (!executor) return;
    executors.remove(executorId);
    blocks.removeExecutor(executorId, executor.outputsSurvive);
    if (!executor.outputsSurvive) outputs.removeExecutor(executorId);
    for (const task of [...tasks.values()]) {
      if (task.executorId === executorId) this.#endTask(task.taskId, executorId, { kind: 'lost', executorId, reason });
    }
  }

  #failJob(jobId: number, failure: JobFailure): void {
    const job = this.#state.jobs.get(jobId);
    if (!job) return;
    this.#endJob(job, failure.kind === 'cancelled' ? 'the job was cancelled' : 'the job failed');
    this.#state.push({ kind: 'failJob', jobId, failure });
  }

  /** Takes a job from the state with the tasks and stages that still run. */
  #endJob(job: Job, reason: string): void {
    const state = this.#state;
    state.jobs.delete(job.jobId);
    this.#reruns.release(job);
    for (const task of state.tasks.values()) if (task.job === job && !task.abandoned) state.abandon(task);
    for (const stage of job.stages.values()) {
      state.executors.exclusions.stageFailed(stage.spec.stageId);
      if (stage.announced === stage.attempt && !stage.finished) state.noteCompleted(stage, reason);
    }
  }

  /** Jobs are there, and none of their tasks runs. */
  get isStuck(): boolean {
    return this.#state.jobs.size > 0 && this.#state.tasks.size === 0;
  }

  /** What runs and waits, for those who watch. */
  status(): DagStatus {
    return { jobs: [...this.#state.jobs.values()].map(jobStatus), executors: this.executors() };
  }

  executors(): readonly ExecutorStatus[] {
    return this.#state.executors.status(this.#state.now);
  }

  /** Throws where the state contradicts itself; tests call it after each event. */
  check(): void {
    this.#state.check();
  }
}
