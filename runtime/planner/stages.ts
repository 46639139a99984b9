// Cuts a dataset's lineage into the stages of a job, and makes the programs of those stages.
import { createHash } from 'node:crypto';
import { encodeProgram } from '../plan/encode';
import type { Program, Sink } from '../plan/program';
import { specOf } from '../rdd/custom-partitioner';
import type { ShuffleDependency } from '../rdd/dependency';
import type { RDD } from '../rdd/rdd';
import type { JobSpec, StageParent, StageSpec } from '../scheduler/events';
import { PlanBuilder } from './plan-builder';
import { type Consumer, StageSteps } from './stage-steps';

/** What a sink needs beyond plain data: functions are registered with the stage's own builder. */
export type SinkMaker = (builder: PlanBuilder) => Sink;

/** The dataset and the sink behind a stage. */
export interface StageSource {
  readonly rdd: RDD<unknown>;
  readonly sink: SinkMaker;
  /** The operator behind the shuffle that it writes, if it writes one. */
  readonly consumer?: Consumer;
}

export interface PlannedJob {
  readonly spec: JobSpec;
  readonly sources: ReadonlyMap<number, StageSource>;
}

const shuffleSink =
  (d: ShuffleDependency): SinkMaker =>
  (builder) => ({
    kind: 'shuffle',
    shuffleId: d.shuffleId,
    partitioner: specOf(d.partitioner, builder),
    operation: d.operation,
    combine: d.combine && {
      create: d.combine.create && builder.function(d.combine.create),
      merge: builder.function(d.combine.merge),
    },
  });

/** Plans the stages that answer `sink` on some partitions of a dataset; stage numbers come from `nextStage`. */
export function planJob(
  jobId: number,
  rdd: RDD<unknown>,
  sink: SinkMaker,
  partitions: readonly number[],
  nextStage: () => number,
): PlannedJob {
  const stages: StageSpec[] = [];
  const sources = new Map<number, StageSource>();
  const byShuffle = new Map<number, number>();

  const addStage = (of: RDD<unknown>, make: SinkMaker, wanted: readonly number[], consumer?: ShuffleDependency): number => {
    const parents = parentsOf(of);
    const stageId = nextStage();
    stages.push({
      stageId,
      shuffleId: consumer?.shuffleId,
      partitions: wanted,
      parents,
      blocks: blocksOf(of, wanted),
      locations: locationsOf(of, wanted),
      barrier: runsTogether(of),
      indeterminate: isIndeterminate(of, new Set()),
      title: of.name ?? of.operation,
    });
    sources.set(stageId, { rdd: of, sink: make, consumer });
    return stageId;
  };

  const mapStage = (d: ShuffleDependency): number => {
    let stageId = byShuffle.get(d.shuffleId);
    if (stageId === undefined) {
      const all = Array.from({ length: d.rdd.numPartitions }, (_, i) => i);
      stageId = addStage(d.rdd, shuffleSink(d), all, d);
      byShuffle.set(d.shuffleId, stageId);
    }
    return stageId;
  };

  const parentsOf = (of: RDD<unknown>): StageParent[] => {
    const parents: StageParent[] = [];
    const seen = new Set<string>();
    const walk = (at: RDD<unknown>, above: readonly (readonly [number, number])[]): void => {
      const guards = at.storageLevel.isKept ? [...above, [at.id, at.numPartitions] as const] : above;
      const key = `${at.id}:${guards.map(([id]) => id).join()}`;
      if (seen.has(key)) return;
      seen.add(key);
      for (const d of at.lineage) {
        if (d.kind === 'narrow') walk(d.rdd, guards);
        else parents.push({ stageId: mapStage(d), guards });
      }
    };
    walk(of, []);
    return parents;
  };

  addStage(rdd, sink, partitions);
  return { spec: { jobId, stages }, sources };
}

/** The cached partitions that each of a stage's partitions would read first. */
function blocksOf(rdd: RDD<unknown>, partitions: readonly number[]): (readonly [number, number])[][] {
  if (!readsCached(rdd, new Set())) return [];
  const find = (at: RDD<unknown>, index: number): (readonly [number, number])[] =>
    at.storageLevel.isKept
      ? [[at.id, index], ...at.besides(index)]
      : at.lineage.length === 0
        ? []
        : at.narrowParents(index).flatMap(([parent, i]) => find(parent, i));
  return partitions.map((p) => find(rdd, p));
}

function readsCached(rdd: RDD<unknown>, seen: Set<RDD<unknown>>): boolean {
  if (seen.has(rdd)) return false;
  seen.add(rdd);
  if (rdd.storageLevel.isKept) return true;
  return rdd.lineage.some((d) => d.kind === 'narrow' && readsCached(d.rdd, seen));
}

/** Where the datasets of a stage like their partitions to run; undefined where none says. */
function locationsOf(rdd: RDD<unknown>, partitions: readonly number[]): (readonly string[])[] | undefined {
  const find = (at: RDD<unknown>, index: number): readonly string[] => {
    const own = at.preferredLocations(index);
    return own.length > 0 ? own : at.narrowParents(index).flatMap(([parent, i]) => find(parent, i));
  };
  return someInStage(rdd, new Set(), (at) => at.hasPreferences) ? partitions.map((p) => find(rdd, p)) : undefined;
}

/** Whether some dataset that is computed in the stage of `rdd` is such. */
function someInStage(rdd: RDD<unknown>, seen: Set<RDD<unknown>>, is: (at: RDD<unknown>) => boolean): boolean {
  if (seen.has(rdd)) return false;
  seen.add(rdd);
  return is(rdd) || rdd.lineage.some((d) => d.kind === 'narrow' && someInStage(d.rdd, seen, is));
}

/** Whether the stage that computes a dataset has a barrier. */
export const runsTogether = (rdd: RDD<unknown>): boolean => someInStage(rdd, new Set(), (at) => at.isBarrier);

/** Whether another run of the dataset may give other rows: it or one that it is made of was marked so. */
function isIndeterminate(rdd: RDD<unknown>, seen: Set<RDD<unknown>>): boolean {
  if (seen.has(rdd)) return false;
  seen.add(rdd);
  return rdd.isIndeterminate || rdd.lineage.some((d) => isIndeterminate(d.rdd, seen));
}

/** The encoded program of a stage, with the blobs that its tasks need. */
export interface StageProgram {
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly needs: readonly string[];
  /** What errors of its tasks are about. */
  readonly steps: StageSteps;
}

/** Makes a stage's program. `blob` keeps values that go once to each executor; `modules` answers the blob of the user's modules. */
export function programOf(
  jobId: number,
  source: StageSource,
  blob: (id: string, value: unknown) => void,
  modules: () => string | undefined,
): StageProgram {
  const builder = new PlanBuilder(jobId, blob);
  const plan = builder.plan(source.rdd);
  const sink = source.sink(builder);
  const moduleBlob = builder.modules.size > 0 ? modules() : undefined;
  const program: Program = { plan, sink, closures: builder.closures, modules: moduleBlob };
  const steps = new StageSteps(builder, plan, source.consumer);
  const bytes = encodeProgram(program);
  const id = `program-${createHash('sha1').update(bytes).digest('hex')}`;
  return { id, bytes, needs: [id, ...builder.needs, ...(moduleBlob ? [moduleBlob] : [])], steps };
}
