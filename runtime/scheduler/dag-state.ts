// What the state machine of the scheduler knows: jobs, tasks, executors, outputs and persisted blocks; and the commands of the step it makes.

import type { DagOptions } from '../base/config';
import { BlockTracker } from './block-tracker';
import { CountedUpdates } from './counted-updates';
import type { Command } from './events';
import { ExecutorTable } from './executor-table';
import { Levelling } from './levelling';
import { OutputTracker } from './map-outputs';
import { checkActive, type Job, type RunningTask } from './running-jobs';
import type { Stage } from './running-stage';

export class DagState {
  readonly options: DagOptions;
  readonly outputs = new OutputTracker();
  readonly blocks = new BlockTracker();
  readonly counted = new CountedUpdates(this.outputs);
  readonly executors: ExecutorTable;
  readonly levelling: Levelling;
  readonly jobs = new Map<number, Job>();
  readonly tasks = new Map<number, RunningTask>();
  /** When the event of this step happened, in milliseconds. */
  now = 0;
  #commands: Command[] = [];

  constructor(options: DagOptions) {
    this.options = options;
    this.executors = new ExecutorTable(options, this.blocks);
    this.levelling = new Levelling(this.blocks, options.slots);
  }

  push(command: Command): void {
    this.#commands.push(command);
  }

  /** The commands since the last call. */
  takeCommands(): Command[] {
    const commands = this.#commands;
    this.#commands = [];
    return commands;
  }

  /** Has a task stopped, and its end ignored. */
  abandon(task: RunningTask): void {
    task.abandoned = true;
    this.push({ kind: 'cancelTask', executorId: task.executorId, taskId: task.taskId });
  }

  /** Has all partitions of a stage recomputed. */
  startOver(stage: Stage): void {
    for (const tasks of stage.running.values()) for (const taskId of tasks) this.abandon(this.tasks.get(taskId)!);
    stage.startOver();
  }

  noteCompleted({ jobId, spec, attempt }: Stage, failure?: string): void {
    this.push({ kind: 'noteStageCompleted', jobId, stageId: spec.stageId, attempt, failure });
  }

  /** Throws where the state contradicts itself. */
  check(): void {
    this.outputs.check();
    this.blocks.check();
    this.executors.check([...this.tasks.values()].map(({ executorId }) => executorId));
    checkActive(this.jobs.values(), this.tasks, this.outputs);
  }
}
