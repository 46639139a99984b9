// The jobs and tasks that run now, as the state machine keeps them.
import { assert } from '../base/errors';
import type { BlockId } from '../plan/end';
import type { StageParent, StageSpec } from '../planner/stage-spec';
import type { BlockTracker } from './block-tracker';
import type { JobSpec } from './events';
import { defaultPool } from './job-pools';
import type { OutputTracker } from './map-outputs';
import { Stage } from './running-stage';

export interface Job {
  readonly jobId: number;
  readonly pool: string;
  readonly stages: Map<number, Stage>;
  readonly behind: JobSpec['behind'];
  readonly result: Stage;
  /** Its tasks that hold a slot. */
  running: number;
}

export interface RunningTask {
  readonly taskId: number;
  readonly executorId: string;
  readonly job: Job;
  readonly stage: Stage;
  readonly stageAttempt: number;
  readonly partition: number;
  readonly started: number;
  /** Persisted partitions that it takes to its executor. */
  readonly moves: readonly BlockId[];
  /** Its job is over, or another did its work: its end frees the slot and nothing else. */
  abandoned: boolean;
  /** Persisted datasets that it may still write from rows that are no more. */
  readonly spoils: Set<number>;
}

export function jobOf({ jobId, stages: specs, behind, pool = defaultPool }: JobSpec): Job {
  const stages = new Map(specs.map((spec) => [spec.stageId, new Stage(spec, jobId)]));
  return { jobId, pool, stages, behind, result: stages.get(specs[specs.length - 1].stageId)!, running: 0 };
}

interface Trackers {
  readonly outputs: OutputTracker;
  readonly blocks: BlockTracker;
}

/** Whether parents of a stage that were not planned may have to run now. */
const needsMore = ({ spec: { deferred }, ignoreGuards }: Stage, blocks: BlockTracker): boolean =>
  deferred !== undefined && (ignoreGuards || deferred.length === 0 || !deferred.every(([id, n]) => blocks.complete(id, n)));

/** Plans what was left out behind a stage, where some of it may have to run. */
function planBehind(job: Job, stage: Stage, { outputs, blocks }: Trackers): void {
  while (needsMore(stage, blocks)) {
    const specs = job.behind!(stage.spec, stage.ignoreGuards);
    for (const spec of specs) {
      if (spec.stageId === stage.spec.stageId) stage.spec = spec;
      else job.stages.set(spec.stageId, new Stage(spec, job.jobId));
    }
    noteShuffles(job, specs, outputs);
  }
}

/** Notes what is made of which shuffle, for the day when its rows are recomputed and differ. */
export function noteShuffles(job: Job, specs: readonly StageSpec[], outputs: OutputTracker): void {
  for (const { shuffleId, partitions, parents } of specs) {
    if (shuffleId !== undefined) outputs.declare(shuffleId, partitions.length);
    for (const { stageId, guards } of parents) {
      const from = job.stages.get(stageId)!.spec.shuffleId!;
      if (shuffleId !== undefined) outputs.derive(from, shuffleId);
      for (const [rddId] of guards) outputs.keep(from, rddId);
    }
  }
}

/** The parents that must run before a stage can. */
export function missingParents(job: Job, stage: Stage, trackers: Trackers): Stage[] {
  planBehind(job, stage, trackers);
  const { outputs, blocks } = trackers;
  return stage.spec.parents
    .filter(({ guards }) => stage.ignoreGuards || !guards.some(([rddId, partitions]) => blocks.complete(rddId, partitions)))
    .map(({ stageId }) => job.stages.get(stageId)!)
    .filter((parent) => !outputs.complete(parent.spec.shuffleId!));
}

/** How a stage reads a shuffle, if it does. */
export function waysTo(job: Job, stage: Stage, shuffleId: number): StageParent[] {
  return stage.spec.parents.filter(({ stageId }) => job.stages.get(stageId)!.spec.shuffleId === shuffleId);
}

/** The stages under way that read a shuffle. */
export function* readersOf(jobs: Iterable<Job>, shuffleId: number): Generator<Stage> {
  for (const job of jobs) {
    for (const stage of job.stages.values()) if (stage.submitted && waysTo(job, stage, shuffleId).length > 0) yield stage;
  }
}

/** The shuffles that a stage reads whose outputs belong together, as [shuffle, generation]. */
export function* generationsRead(job: Job, stage: Stage, outputs: OutputTracker): Generator<[number, number]> {
  for (const { stageId } of stage.spec.parents) {
    const { shuffleId, indeterminate } = job.stages.get(stageId)!.spec;
    if (indeterminate && outputs.complete(shuffleId!)) yield [shuffleId!, outputs.generation(shuffleId!)];
  }
}

/** Throws where jobs, stages and tasks contradict each other. */
export function checkActive(jobs: Iterable<Job>, tasks: ReadonlyMap<number, RunningTask>, outputs: OutputTracker): void {
  for (const job of jobs) {
    const held = [...tasks.values()].filter((task) => task.job === job).length;
    assert(held === job.running, `job ${job.jobId} counts ${job.running} running tasks of ${held}`);
    for (const stage of job.stages.values()) {
      stage.check();
      for (const [shuffleId, generation] of stage.inputs)
        assert(generation === outputs.generation(shuffleId), `stage ${stage.spec.stageId} has read outputs that were taken back`);
      for (const [p, copies] of stage.running)
        for (const taskId of copies)
          assert(tasks.get(taskId)?.abandoned === false, `partition ${p} runs as task ${taskId}, which is not there`);
    }
  }
}
