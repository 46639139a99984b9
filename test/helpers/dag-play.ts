// The scheduler's state machine played by hand: the events it gets, and the commands it returns.
import { makeConfig } from '../../runtime/base/config';
import type { TaskEnd } from '../../runtime/plan/end';
import type { StageSpec } from '../../runtime/planner/stage-spec';
import { Dag } from '../../runtime/scheduler/dag';
import type { Command, SchedulerEvent } from '../../runtime/scheduler/events';

export type Launch = Command & { kind: 'launchTask' };

/** A state machine with what it was told and what it decided. */
export class Play {
  readonly dag = new Dag({ ...makeConfig(4), slots: 4 });
  now = 0;
  commands: Command[] = [];

  tell(event: SchedulerEvent): Launch[] {
    // The wait for locality is over when its timer says so.
    if (event.kind === 'localityExpired') this.now += 1000;
    this.commands = this.dag.handle(event, this.now);
    this.dag.check();
    return this.launches;
  }

  get launches(): Launch[] {
    return this.commands.filter((c): c is Launch => c.kind === 'launchTask');
  }

  kinds(): string[] {
    return this.commands.map((c) => c.kind);
  }

  join(id: string, slots = 1, outputsSurvive = true): Launch[] {
    return this.tell({ kind: 'executorJoined', executor: { id, host: 'h', slots, outputsSurvive } });
  }

  submit(...stages: StageSpec[]): Launch[] {
    return this.tell({ kind: 'jobSubmitted', job: { jobId: 1, stages } });
  }

  end({ executorId, task }: Launch, end: TaskEnd): Launch[] {
    return this.tell({ kind: 'taskEnded', executorId, taskId: task.taskId, end });
  }
}

/** A stage of so many tasks. */
export const stage = (stageId: number, tasks: number, more: Partial<StageSpec> = {}): StageSpec => ({
  stageId,
  partitions: Array.from({ length: tasks }, (_, i) => i),
  parents: [],
  blocks: [],
  title: '',
  ...more,
});

/** The end of a task that went well. */
export const success = (more: object = {}): TaskEnd => ({
  kind: 'success',
  value: new Uint8Array(0),
  cached: [],
  evicted: [],
  accumulators: [],
  metrics: { runMs: 0, recordsRead: 0, shuffleBytesWritten: 0, shuffleBytesRead: 0 },
  ...more,
});
