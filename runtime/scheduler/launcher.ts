// Which task of a stage that can run starts next: jobs in order or pools by their shares, together, as a copy. Where: placement.ts.
import type { BlockId } from '../plan/end';
import type { DagState } from './dag-state';
import { type Executor, freest } from './executor-table';
import { fairOrder } from './job-pools';
import { Placement } from './placement';
import type { Reruns } from './reruns';
import { generationsRead, type Job } from './running-jobs';
import type { Stage } from './running-stage';
import { slowAfterMs } from './speculation';

export class Launcher {
  readonly #state: DagState;
  readonly #reruns: Reruns;
  readonly #placement: Placement;
  #nextTask = 1;
  /** A barrier stage gathers slots: nothing else may take them. */
  #held = false;
  #localityTimer = false;
  #speculationTimer = false;

  constructor(state: DagState, reruns: Reruns) {
    this.#state = state;
    this.#reruns = reruns;
    this.#placement = new Placement(state);
  }

  localityExpired(): void {
    this.#localityTimer = false;
  }

  speculationDue(): void {
    this.#speculationTimer = false;
  }

  /** Launches what can run: older jobs first, or pools by their shares; of a job the stages nearest its result. */
  launch(): void {
    const { jobs, executors, options } = this.#state;
    this.#placement.begin();
    this.#held = false;
    if (options.schedulerMode === 'FIFO') {
      for (const job of jobs.values()) {
        this.#launchJob(job, Number.POSITIVE_INFINITY);
        if (this.#held) break;
      }
    } else {
      // Each task changes the shares.
      while (!this.#held && executors.anyFree && this.#launchNext());
    }
  }

  #launchNext(): boolean {
    const { jobs, options } = this.#state;
    for (const job of fairOrder([...jobs.values()], options.pools)) {
      if (this.#launchJob(job, 1) > 0) return true;
      if (this.#held) return false;
    }
    return false;
  }

  /** Starts up to `most` tasks of a job; answers how many. */
  #launchJob(job: Job, most: number): number {
    if (!this.#state.executors.anyFree) return 0;
    let launched = 0;
    for (const stage of this.#reruns.ready(job)) {
      if (launched >= most || this.#held) break;
      launched += stage.spec.barrier ? this.#launchTogether(job, stage) : this.#launchStage(job, stage, most - launched);
    }
    return launched;
  }

  /** Starts tasks of a stage on free executors. */
  #launchStage(job: Job, stage: Stage, most: number): number {
    let launched = 0;
    for (const partition of this.#placement.inOrder(stage)) {
      if (launched >= most || !this.#state.executors.anyFree) break;
      const place = this.#placement.of(stage, partition);
      if (!place) continue;
      this.#start(job, stage, partition, place.executor, { moves: place.moves });
      launched++;
    }
    return launched;
  }

  /** Starts all tasks of a barrier stage, or none while there are too few slots. */
  #launchTogether(job: Job, stage: Stage): number {
    const { executors, now } = this.#state;
    const free = executors.free(stage, now, stage.waiting.size);
    const members = free.flatMap((e) => Array.from({ length: e.free }, () => e)).slice(0, stage.waiting.size);
    if (members.length < stage.waiting.size) {
      this.#held = true;
      return 0;
    }
    const ids = members.map(({ id }) => id);
    for (const [i, partition] of [...stage.waiting].entries()) this.#start(job, stage, partition, members[i], { members: ids });
    return members.length;
  }

  #start(
    job: Job,
    stage: Stage,
    partition: number,
    executor: Executor,
    { members, copy = false, moves = [] }: { members?: string[]; copy?: boolean; moves?: readonly BlockId[] } = {},
  ): void {
    const state = this.#state;
    const taskId = this.#nextTask++;
    const { jobId, attempt: stageAttempt, spec } = stage;
    const { id: executorId } = executor;
    if (stage.announced < stageAttempt) {
      stage.announced = stageAttempt;
      state.push({ kind: 'noteStageSubmitted', jobId, stage: spec, attempt: stageAttempt });
    }
    stage.start(partition, taskId, copy);
    executor.free--;
    job.running++;
    for (const [shuffleId, generation] of generationsRead(job, stage, state.outputs)) {
      state.outputs.consume(shuffleId);
      stage.read(shuffleId, generation);
    }
    const held = { taskId, executorId, job, stage, stageAttempt, partition, started: state.now, moves };
    state.tasks.set(taskId, { ...held, abandoned: false, spoils: new Set() });
    const attempt = stage.nextAttempt(partition);
    const { stageId } = spec;
    const handsOver = state.levelling.handsOver(stage.keptBy(partition), executor);
    const task = { taskId, jobId, stageId, stageAttempt, partition, attempt, speculative: copy, handsOver, members };
    state.push({ kind: 'launchTask', executorId, task });
  }

  /** Starts copies of slow tasks on executors that nothing else wants. */
  speculate(): void {
    const { tasks, executors, options, now } = this.#state;
    for (const task of [...tasks.values()]) {
      const { job, stage, partition, executorId } = task;
      if (task.abandoned || stage.tasksOf(partition).size !== 1) continue;
      if (now - task.started <= slowAfterMs(stage, options)) continue;
      const others = executors.free(stage, now).filter(({ id }) => id !== executorId);
      if (others.length > 0) this.#start(job, stage, partition, freest(others), { copy: true });
    }
  }

  startTimers(): void {
    const { waitMs } = this.#placement;
    if (waitMs !== undefined && !this.#localityTimer) {
      this.#localityTimer = true;
      this.#state.push({ kind: 'startLocalityTimer', ms: waitMs });
    }
    if (this.#state.options.speculation && this.#state.tasks.size > 0 && !this.#speculationTimer) {
      this.#speculationTimer = true;
      this.#state.push({ kind: 'startSpeculationTimer' });
    }
  }
}
