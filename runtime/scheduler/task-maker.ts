// Makes whole tasks of what the state machine asks for: program, split, environment, and the blobs that executors need for them.

import { encodeSplit } from '../plan/encode';
import type { TaskSpec } from '../plan/task';
import { environmentBlob, type TaskEnvironment } from '../plan/task-environment';
import type { NodeView } from '../planner/node-table';
import { programOf, type StageProgram } from '../planner/program';
import type { UserCode } from '../planner/session-code';
import type { StageSteps } from '../planner/stage-steps';
import type { PlannedJob } from '../planner/stages';
import { bucketsOf, SplitMaker } from '../planner/task-inputs';
import type { BlobStore } from './blob-store';
import type { TaskRequest } from './events';
import type { OutputTracker } from './map-outputs';

/** The tasks of one job; what they need stays from their first launch until `release`. */
export class TaskMaker {
  readonly #planned: PlannedJob;
  readonly #view: NodeView;
  readonly #environment: TaskEnvironment;
  readonly #blobs: BlobStore;
  readonly #code: UserCode;
  readonly #programs = new Map<number, StageProgram>();
  /** Environments that stay until `release`. */
  readonly #pinned = new Set<string>();

  constructor(planned: PlannedJob, view: NodeView, environment: TaskEnvironment, blobs: BlobStore, code: UserCode) {
    this.#planned = planned;
    this.#view = view;
    this.#environment = environment;
    this.#blobs = blobs;
    this.#code = code;
  }

  /** `maxResultBytes` is what its answer may have. Throws where a program cannot be made: a blob is missing. */
  make(request: TaskRequest, outputs: OutputTracker, maxResultBytes: number): TaskSpec {
    const { taskId, jobId, stageId, stageAttempt, partition, attempt, handsOver } = request;
    const program = this.#program(stageId);
    const splits = new SplitMaker(this.#view, {
      shuffle: (id, index) => bucketsOf(id, index, outputs.of(id), outputs.complete(id)),
      blob: (id) => this.#blobs.blob(id),
    });
    const split = encodeSplit(splits.split(this.#planned.sources.get(stageId)!.dataset, partition));
    const environment = this.#environmentOf(request);
    const needs = [...program.needs, ...this.#code.classes(), ...environment.needs];
    const { id: programId } = program;
    const environmentId = environment.id;
    const numbers = { taskId, jobId, stageId, stageAttempt, partition, attempt };
    return { ...numbers, programId, environmentId, split, needs, handsOver: handsOver || undefined, maxResultBytes };
  }

  /** The job is over. */
  release(): void {
    for (const { id } of this.#programs.values()) this.#blobs.unpin(id);
    for (const id of this.#pinned) this.#blobs.unpin(id);
  }

  /** The steps of a stage that has run. */
  stepsOf(stageId: number): StageSteps | undefined {
    return this.#programs.get(stageId)?.steps;
  }

  #program(stageId: number): StageProgram {
    let program = this.#programs.get(stageId);
    if (!program) {
      const sources = { blob: (id: string) => this.#blobs.blob(id), modules: this.#code.modules };
      program = programOf(this.#planned.sources.get(stageId)!, this.#view, sources);
      this.#programs.set(stageId, program);
      for (const { id, bytes } of program.parts) this.#blobs.put(id, bytes);
      this.#blobs.pin(program.id, program.bytes, [...program.bulk, ...program.parts.map(({ id }) => id)]);
    }
    return program;
  }

  /** The blob with what a task sees of its job, where there is anything to see. */
  #environmentOf({ members }: TaskRequest): { id?: string; needs: readonly string[] } {
    const { properties, files } = this.#environment;
    if (properties.length === 0 && files.length === 0 && !members) return { needs: [] };
    const { id, bytes } = environmentBlob({ properties, files, members });
    if (!this.#pinned.has(id)) {
      this.#pinned.add(id);
      this.#blobs.pin(id, bytes);
    }
    return { id, needs: [id, ...files.map(([, blob]) => blob)] };
  }
}
