// What to run next, decided without effects: events in, commands out. No timer, socket, promise or clock.
//
// A job is a chain of stages cut at shuffles. A stage runs when the map outputs that it reads are there, or when a cached dataset
// between makes them unneeded. A failed fetch takes the output back and runs its map task again, no more; where that would give other
// rows (an indeterminate stage), all its outputs and all that was made of them are made again.
import type { MapOutput, TaskEnd } from '../exec/end';
import { checkActive, type Job, jobOf, missingParents, type RunningTask, readersOf } from './active';
import { type DagStatus, jobStatus } from './dag-status';
import type { Command, JobFailure, JobSpec, SchedulerEvent } from './events';
import { type Executor, type ExecutorStatus, ExecutorTable, freest } from './executor-table';
import type { DagOptions } from './options';
import { BlockTracker, OutputTracker } from './outputs';
import { fairOrder } from './pools';
import { slowAfterMs } from './speculation';
import type { Stage } from './stage';

export class Dag {
  readonly outputs = new OutputTracker();
  readonly blocks = new BlockTracker();
  readonly #options: DagOptions;
  readonly #executors: ExecutorTable;
  readonly #jobs = new Map<number, Job>();
  readonly #tasks = new Map<number, RunningTask>();
  #nextTask = 1;
  #commands: Command[] = [];
  #now = 0;
  /** Tasks may run anywhere now: the wait for their preferred executors is over. */
  #anywhere = false;
  /** Some task waits for an executor that holds its data. */
  #waitsForLocality = false;
  /** A barrier stage gathers slots: nothing else may take them. */
  #held = false;
  #localityTimer = false;
  #speculationTimer = false;

  constructor(options: DagOptions) {
    this.#options = options;
    this.#executors = new ExecutorTable(options, this.blocks);
  }

  /** Takes an event that happened at `now`, in milliseconds; answers what to do now, in order. */
  handle(event: SchedulerEvent, now: number): Command[] {
    this.#commands = [];
    this.#now = now;
    this.#take(event);
    this.#schedule();
    if (event.kind === 'speculationDue') this.#speculate();
    this.#startTimers();
    return this.#commands;
  }

  #take(event: SchedulerEvent): void {
    switch (event.kind) {
      case 'jobSubmitted':
        return this.#submitJob(event.job);
      case 'jobCancelled':
        return this.#failJob(event.jobId, { kind: 'cancelled', reason: event.reason });
      case 'executorJoined':
        return this.#executors.join(event.executor);
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
        this.#localityTimer = false;
        this.#anywhere = true;
        return;
      case 'speculationDue':
        this.#speculationTimer = false;
    }
  }

  #submitJob(spec: JobSpec): void {
    const job = jobOf(spec);
    for (const { shuffleId, partitions, parents } of spec.stages) {
      if (shuffleId === undefined) continue;
      this.outputs.declare(shuffleId, partitions.length);
      for (const { stageId } of parents) this.outputs.derive(job.stages.get(stageId)!.spec.shuffleId!, shuffleId);
    }
    this.#jobs.set(spec.jobId, job);
    const { slots } = this.#options;
    for (const { barrier, stageId, partitions } of spec.stages)
      if (barrier && partitions.length > slots)
        return this.#failJob(spec.jobId, { kind: 'tooFewSlots', stageId, asked: partitions.length, slots });
    job.result.submit(job.result.spec.partitions);
    this.#finishIfDone(job);
  }

  /** Launches what can run: older jobs first, or pools by their shares; of a job the stages nearest its result. */
  #schedule(): void {
    this.#waitsForLocality = false;
    this.#held = false;
    if (this.#options.schedulerMode === 'FIFO') {
      for (const job of [...this.#jobs.values()]) {
        this.#launchJob(job, Number.POSITIVE_INFINITY);
        if (this.#held) break;
      }
    } else {
      // Each task changes the shares.
      while (!this.#held && this.#executors.anyFree && this.#launchNext());
    }
    this.#anywhere = false;
  }

  #launchNext(): boolean {
    for (const job of fairOrder([...this.#jobs.values()], this.#options.pools)) {
      if (this.#launchJob(job, 1) > 0) return true;
      if (this.#held) return false;
    }
    return false;
  }

  /** Starts up to `most` tasks of a job; answers how many. */
  #launchJob(job: Job, most: number): number {
    let launched = 0;
    for (const stage of this.#ready(job, job.result, new Set())) {
      if (launched >= most || this.#held) break;
      launched += stage.spec.barrier ? this.#launchTogether(job, stage) : this.#launchStage(job, stage, most - launched);
    }
    return launched;
  }

  /** The stages below this one whose inputs are there and that have something to run. */
  #ready(job: Job, stage: Stage, seen: Set<Stage>): Stage[] {
    if (seen.has(stage)) return [];
    seen.add(stage);
    if (stage.waiting.size === 0) return [];
    const missing = missingParents(job, stage, this.outputs, this.blocks);
    if (missing.length === 0) return [stage];
    return missing.flatMap((parent) => {
      const shuffleId = parent.spec.shuffleId!;
      if (parent.spec.indeterminate && this.outputs.isConsumed(shuffleId)) this.#rollBack(shuffleId);
      if (!parent.submitted || parent.finished) {
        // The tasks of a barrier stage run together or not at all.
        if (parent.spec.barrier) this.outputs.removeAll(shuffleId);
        parent.submit(this.outputs.missing(shuffleId));
      }
      return this.#ready(job, parent, seen);
    });
  }

  /** Starts tasks of a stage on free executors; notes where some wait for the executor that holds their data. */
  #launchStage(job: Job, stage: Stage, most: number): number {
    let launched = 0;
    for (const partition of stage.waiting) {
      const free = launched < most ? this.#executors.free(stage, this.#now) : [];
      if (free.length === 0) break;
      const preferred = this.#executors.preferred(stage, partition);
      const near = preferred.find((e) => free.includes(e));
      if (!near && preferred.length > 0 && !this.#anywhere) {
        this.#waitsForLocality = true;
        continue;
      }
      this.#launch(job, stage, partition, near ?? freest(free));
      launched++;
    }
    return launched;
  }

  /** Starts all tasks of a barrier stage, or none while there are too few slots. */
  #launchTogether(job: Job, stage: Stage): number {
    // Tasks of an earlier run are still being stopped.
    if (stage.running.size > 0) return 0;
    const free = this.#executors.free(stage, this.#now);
    const members = free.flatMap((e) => Array.from({ length: e.free }, () => e)).slice(0, stage.waiting.size);
    if (members.length < stage.waiting.size) {
      this.#held = true;
      return 0;
    }
    const ids = members.map(({ id }) => id);
    for (const [i, partition] of [...stage.waiting].entries()) this.#launch(job, stage, partition, members[i], { members: ids });
    return members.length;
  }

  #launch(
    job: Job,
    stage: Stage,
    partition: number,
    executor: Executor,
    more: { members?: string[]; copy?: boolean } = {},
  ): void {
    const taskId = this.#nextTask++;
    const { jobId, attempt: stageAttempt, spec } = stage;
    if (stage.announced < stageAttempt) {
      stage.announced = stageAttempt;
      this.#commands.push({ kind: 'noteStageSubmitted', jobId, stage: spec, attempt: stageAttempt });
    }
    stage.start(partition, taskId, more.copy);
    executor.free--;
    job.running++;
    for (const { stageId } of spec.parents) this.outputs.consume(job.stages.get(stageId)!.spec.shuffleId!);
    const started = this.#now;
    this.#tasks.set(taskId, { taskId, executorId: executor.id, job, stage, stageAttempt, partition, started, abandoned: false });
    const attempt = stage.nextAttempt(partition);
    const { members, copy = false } = more;
    const task = { taskId, jobId, stageId: spec.stageId, stageAttempt, partition, attempt, speculative: copy, members };
    this.#commands.push({ kind: 'launchTask', executorId: executor.id, task });
  }

  /** Starts copies of slow tasks on executors that nothing else wants. */
  #speculate(): void {
    for (const task of [...this.#tasks.values()]) {
      const { job, stage, partition, executorId } = task;
      if (task.abandoned || stage.tasksOf(partition).size !== 1) continue;
      if (this.#now - task.started <= slowAfterMs(stage, this.#options)) continue;
      const others = this.#executors.free(stage, this.#now).filter(({ id }) => id !== executorId);
      if (others.length > 0) this.#launch(job, stage, partition, freest(others), { copy: true });
    }
  }

  #startTimers(): void {
    if (this.#waitsForLocality && !this.#localityTimer) {
      this.#localityTimer = true;
      this.#commands.push({ kind: 'startLocalityTimer' });
    }
    if (this.#options.speculation && this.#tasks.size > 0 && !this.#speculationTimer) {
      this.#speculationTimer = true;
      this.#commands.push({ kind: 'startSpeculationTimer' });
    }
  }

  #endTask(taskId: number, executorId: string, end: TaskEnd): void {
    const task = this.#tasks.get(taskId);
    // An end of a task that was given up with its executor comes too late to count.
    if (!task || task.executorId !== executorId) return;
    this.#tasks.delete(taskId);
    const { job, stage, partition } = task;
    job.running--;
    const executor = this.#executors.get(executorId);
    if (executor) executor.free++;
    if (end.kind === 'success' && executor) this.#noteBlocks(executorId, end);
    if (task.abandoned) return;
    switch (end.kind) {
      case 'success':
        return this.#succeed(task, end);
      case 'fetchFailed':
        return this.#fetchFailed(task, end);
      case 'cancelled':
        stage.fail(partition, taskId, false);
        return this.#restartBarrier(stage);
      case 'tooBig':
        // Another try would be as big.
        return this.#failTask(task, end, 1);
      case 'userError':
      case 'lost': {
        this.#executors.exclusions.taskFailed(executorId, stage.spec.stageId, partition);
        const failures = stage.fail(partition, taskId, true);
        if (failures >= this.#options.taskMaxFailures) this.#failTask(task, end, failures);
        else this.#restartBarrier(stage);
      }
    }
  }

  #noteBlocks(executorId: string, { cached, evicted }: TaskEnd & { kind: 'success' }): void {
    for (const block of evicted) this.blocks.remove(executorId, block);
    for (const block of cached) this.blocks.add(executorId, block);
    if (cached.length > 0 || evicted.length > 0) this.#commands.push({ kind: 'noteBlocks', executorId, cached, evicted });
  }

  #failTask({ job, stage, partition }: RunningTask, end: TaskEnd & { kind: 'userError' | 'lost' | 'tooBig' }, attempts: number) {
    this.#failJob(job.jobId, { kind: 'task', end, stageId: stage.spec.stageId, partition, attempts });
  }

  #succeed({ taskId, job, stage, partition, started }: RunningTask, end: TaskEnd & { kind: 'success' }): void {
    const { shuffleId } = stage.spec;
    for (const copy of stage.tasksOf(partition)) if (copy !== taskId) this.#abandon(this.#tasks.get(copy)!);
    stage.finish(partition);
    stage.durations.push(this.#now - started);
    // Accumulators count each (stage, partition) once, also where an output that was lost is made again.
    const first = shuffleId === undefined ? stage.count(partition) : this.outputs.count(shuffleId, partition);
    if (first && end.accumulators.length > 0) this.#commands.push({ kind: 'mergeAccumulators', updates: end.accumulators });
    if (end.output) this.#addOutput(stage, end.output);
    else this.#commands.push({ kind: 'reportResult', jobId: job.jobId, partition, value: end.value });
    if (stage.finished) {
      this.#executors.exclusions.stageCompleted(stage.spec.stageId, this.#now);
      this.#noteCompleted(stage);
    }
    this.#finishIfDone(job);
  }

  #addOutput(stage: Stage, output: MapOutput): void {
    // Another job's task made again what readers saw otherwise: they start over.
    if (stage.spec.indeterminate && this.outputs.isRemade(output)) this.#rollBack(output.shuffleId);
    this.outputs.add(output);
  }

  #noteCompleted({ jobId, spec, attempt }: Stage, failure?: string): void {
    this.#commands.push({ kind: 'noteStageCompleted', jobId, stageId: spec.stageId, attempt, failure });
  }

  #finishIfDone(job: Job): void {
    if (!job.result.finished) return;
    this.#endJob(job, 'the job was done without it');
    this.#commands.push({ kind: 'finishJob', jobId: job.jobId });
  }

  #fetchFailed(task: RunningTask, end: TaskEnd & { kind: 'fetchFailed' }): void {
    const { job, stage } = task;
    stage.fail(task.partition, task.taskId, false);
    stage.fetchFailed(task.stageAttempt);
    this.outputs.remove(end.shuffleId, end.mapIndex, end.attempt);
    const { spec, fetchFailures: attempts } = stage;
    if (attempts >= this.#options.stageMaxAttempts)
      return this.#failJob(job.jobId, { kind: 'shuffleLost', stageId: spec.stageId, attempts, reason: end.reason });
    this.#restartBarrier(stage);
  }

  /** One task of a barrier stage failed: all of them run again. */
  #restartBarrier(stage: Stage): void {
    if (!stage.spec.barrier) return;
    if (stage.spec.shuffleId !== undefined) this.outputs.removeAll(stage.spec.shuffleId);
    this.#startOver(stage);
  }

  #startOver(stage: Stage): void {
    for (const tasks of stage.running.values()) for (const taskId of tasks) this.#abandon(this.#tasks.get(taskId)!);
    stage.startOver();
  }

  /** Has the outputs of an indeterminate stage made again, all of them, with everything that was made of them. */
  #rollBack(shuffleId: number, seen = new Set<number>()): void {
    if (seen.has(shuffleId)) return;
    seen.add(shuffleId);
    this.outputs.removeAll(shuffleId);
    for (const [stage, { guards }] of readersOf(this.#jobs.values(), shuffleId)) {
      this.#startOver(stage);
      for (const [rddId] of guards) {
        this.blocks.forget(rddId);
        this.#commands.push({ kind: 'dropBlocks', rddId });
      }
    }
    for (const derived of this.outputs.derivedOf(shuffleId)) this.#rollBack(derived, seen);
  }

  #loseExecutor(executorId: string, reason: string): void {
    const executor = this.#executors.get(executorId);
    if (!executor) return;
    this.#executors.remove(executorId);
    this.blocks.removeExecutor(executorId, executor.outputsSurvive);
    if (!executor.outputsSurvive) this.outputs.removeExecutor(executorId);
    for (const task of [...this.#tasks.values()]) {
      if (task.executorId === executorId) this.#endTask(task.taskId, executorId, { kind: 'lost', executorId, reason });
    }
  }

  #failJob(jobId: number, failure: JobFailure): void {
    const job = this.#jobs.get(jobId);
    if (!job) return;
    this.#endJob(job, failure.kind === 'cancelled' ? 'the job was cancelled' : 'the job failed');
    this.#commands.push({ kind: 'failJob', jobId, failure });
  }

  /** Takes a job from the state with the tasks and stages that still run. */
  #endJob(job: Job, reason: string): void {
    this.#jobs.delete(job.jobId);
    for (const task of this.#tasks.values()) if (task.job === job && !task.abandoned) this.#abandon(task);
    for (const stage of job.stages.values()) {
      this.#executors.exclusions.stageFailed(stage.spec.stageId);
      if (stage.announced === stage.attempt && !stage.finished) this.#noteCompleted(stage, reason);
    }
  }

  #abandon(task: RunningTask): void {
    task.abandoned = true;
    this.#commands.push({ kind: 'cancelTask', executorId: task.executorId, taskId: task.taskId });
  }

  /** Jobs are there, and none of their tasks runs. */
  get isStuck(): boolean {
    return this.#jobs.size > 0 && this.#tasks.size === 0;
  }

  /** What runs and waits, for those who watch. */
  status(): DagStatus {
    return { jobs: [...this.#jobs.values()].map(jobStatus), executors: this.executors() };
  }

  executors(): readonly ExecutorStatus[] {
    return this.#executors.status(this.#now);
  }

  /** Throws where the state contradicts itself; tests call it after each event. */
  check(): void {
    this.outputs.check();
    this.#executors.check([...this.#tasks.values()].map(({ executorId }) => executorId));
    checkActive(this.#jobs.values(), this.#tasks);
  }
}
