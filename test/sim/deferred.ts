// Defers the stages behind finished shuffles and persisted datasets, as the planner does, and plans them when the scheduler asks.

import type { Guard, StageSpec } from '../../runtime/planner/stage-spec';
import type { Present } from '../../runtime/planner/stages';
import type { JobSpec } from '../../runtime/scheduler/events';

/** The job with as few stages as possible; indeterminate lineages are planned whole, because they may give other rows. */
export function deferred({ stages, ...job }: JobSpec, present: Present): JobSpec {
  const whole = new Map(stages.map((stage) => [stage.stageId, stage]));
  const planned = new Set<number>();
  let found: StageSpec[] = [];
  const parentsOf = ({ stageId }: StageSpec, all: boolean): Pick<StageSpec, 'parents' | 'deferred'> => {
    const left: Guard[] = [];
    const parents = whole.get(stageId)!.parents.filter((parent) => {
      const guard = parent.guards.find((g) => present.isWhole(g));
      if (!guard || all || whole.get(parent.stageId)!.indeterminate) return true;
      left.push(guard);
      return false;
    });
    for (const parent of parents) plan(whole.get(parent.stageId)!);
    return { parents, deferred: left.length > 0 ? left : undefined };
  };
  const plan = (stage: StageSpec): void => {
    if (planned.has(stage.stageId)) return;
    planned.add(stage.stageId);
    const { shuffleId, indeterminate } = stage;
    const isThere = shuffleId !== undefined && !indeterminate && present.isComplete(shuffleId);
    found.push({ ...stage, ...(isThere ? { parents: [], deferred: [] } : parentsOf(stage, false)) });
  };
  const behind = (stage: StageSpec, all: boolean): readonly StageSpec[] => {
    found = [];
    found.push({ ...stage, ...parentsOf(stage, all) });
    return found;
  };
  plan(stages[stages.length - 1]);
  return { ...job, stages: found, behind };
}
