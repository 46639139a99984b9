// The program of one stage: the plans of its datasets put together, its sink, and the functions that they call.
import { hash } from 'node:crypto';
import { partDatasets } from '../base/limits';
import { encodePart, encodeProgram } from '../plan/encode';
import type { ClosureRef } from '../plan/function-ref';
import { planWith, sinkWith } from '../plan/functions';
import type { DatasetNode, FunctionNode, ShuffleNode } from '../plan/node';
import type { Plan, Sink } from '../plan/program';

import type { NodeView } from './node-table';
import { type FunctionPlace, StageSteps } from './stage-steps';

/** What a stage computes: a dataset, and what becomes of its rows. */
export interface StageSource {
  readonly dataset: number;
  readonly sink: Sink;
  /** The functions of the sink. */
  readonly functions: readonly FunctionNode[];
  /** The shuffle that it writes, if it writes one. */
  readonly writes?: ShuffleNode;
}

/** The encoded program of a stage, with the blobs that its tasks need. */
export interface StageProgram {
  readonly id: string;
  readonly bytes: Uint8Array;
  /** Blobs that an executor must have, the program first. */
  readonly needs: readonly string[];
  /** Those of `needs` that belong to the functions of this program. */
  readonly bulk: readonly string[];
  readonly parts: readonly SharedPart[];
  /** What errors of its tasks are about. */
  readonly steps: StageSteps;
}

/** The plan below a persisted dataset, as all programs that read it share it: most tasks find its partitions and never run it. */
export interface SharedPart {
  /** Its blob, named by a hash of its content. */
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly plan: Plan;
  readonly built: ProgramBuilder;
}

/** Where a program finds what is no plain data in it. */
export interface ProgramSources {
  readonly blob: (id: string) => Uint8Array;
  /** The blob of the user's modules as they are now. */
  readonly modules: () => string;
}

/** Puts the plan of a stage together, and numbers the functions that it calls. */
export class ProgramBuilder {
  readonly closures: Uint8Array[] = [];
  readonly functions: FunctionPlace[] = [];
  readonly needs = new Set<string>();
  readonly bulk = new Set<string>();
  /** The plan of each dataset, parents first, but for those in parts. */
  readonly plans = new Map<number, Plan>();
  /** Parts that the plan refers to, and those that these refer to. */
  readonly parts = new Set<SharedPart>();
  usesModules = false;
  readonly #view: NodeView;
  readonly #blob: (id: string) => Uint8Array;
  readonly #indexes = new Map<number, number>();
  /** The persisted dataset that the stage itself computes. */
  readonly #within: number | undefined;

  constructor(view: NodeView, blob: (id: string) => Uint8Array, within?: number) {
    this.#view = view;
    this.#blob = blob;
    this.#within = within;
  }

  /** The plan of a dataset, made once however often it is read. Long lineages cost no stack. */
  plan(root: number): Plan {
    const open = [root];
    for (let id = open.at(-1); id !== undefined; id = open.at(-1)) {
      const node = this.#view.node(id);
      if (this.#view.isCut(node) && id !== this.#within) this.plans.set(id, { op: 'stored', rddId: id });
      const isShared = node.persistence !== undefined && id !== this.#within && this.#view.facts(id).steps > partDatasets;
      const waiting = this.plans.has(id) || isShared ? [] : narrowParents(node).filter((parent) => !this.plans.has(parent));
      if (waiting.length > 0) {
        open.push(...waiting.reverse());
        continue;
      }
      open.pop();
      if (!this.plans.has(id)) this.plans.set(id, isShared ? this.#shared(node) : this.#persisted(node, this.#own(node)));
    }
    return this.plans.get(root)!;
  }

  /** The plan of a persisted dataset with a long lineage, by reference to its part. */
  #shared(node: DatasetNode): Plan {
    const part = this.#view.part(node.id, () => {
      const built = new ProgramBuilder(this.#view, this.#blob);
      for (const parent of narrowParents(node)) built.plan(parent);
      const plan = built.#own(node);
      const bytes = encodePart({ plan, closures: built.closures });
      return { id: `part-${hash('sha1', bytes)}`, bytes, plan, built };
    });
    this.parts.add(part);
    for (const inner of part.built.parts) this.parts.add(inner);
    for (const need of part.built.needs) this.needs.add(need);
    for (const id of part.built.bulk) this.bulk.add(id);
    this.usesModules ||= part.built.usesModules;
    return this.#persisted(node, part.plan, part.id);
  }

  #persisted({ id, persistence }: DatasetNode, input: Plan, part?: string): Plan {
    return persistence && id !== this.#within ? { op: 'cached', rddId: id, ...persistence, input, part } : input;
  }

  /** What a dataset adds, on the plans of its dependencies. */
  #own({ dependencies, fragment, functions }: DatasetNode): Plan {
    const inputs = dependencies.map(
      (d): Plan => (d.kind === 'narrow' ? this.plans.get(d.dataset)! : { op: 'shuffleRead', shuffleId: d.shuffleId }),
    );
    return this.#filled(fragment, inputs, functions);
  }

  /** A part of a dataset's own plan with the plans of its dependencies in it. */
  #filled(part: Plan, inputs: readonly Plan[], functions: readonly FunctionNode[]): Plan {
    if (part.op === 'input') return inputs[part.dependency];
    const own = planWith(part, this.#numbering(functions));
    if ('inputs' in own) return { ...own, inputs: own.inputs.map((input) => this.#filled(input, inputs, functions)) } as Plan;
    return 'input' in own ? { ...own, input: this.#filled(own.input, inputs, functions) } : own;
  }

  sink(sink: Sink, functions: readonly FunctionNode[]): Sink {
    return sinkWith(sink, this.#numbering(functions));
  }

  /** The numbers that functions of a dataset have in the program; one is taken in when it is first called. */
  #numbering(functions: readonly FunctionNode[]): (ref: ClosureRef) => ClosureRef {
    return (ref) => ({ ...ref, index: this.#numberOf(functions[ref.index]) });
  }

  #numberOf({ instance, closure, operation, place, needs, bulk, usesModules }: FunctionNode): number {
    const known = this.#indexes.get(instance);
    if (known !== undefined) return known;
    const own = this.closures.length;
    this.#indexes.set(instance, own);
    this.closures.push(this.#blob(closure));
    this.functions.push({ operation, place });
    for (const id of needs) this.needs.add(id);
    for (const id of bulk) this.bulk.add(id);
    this.usesModules ||= usesModules === true;
    return own;
  }
}

const narrowParents = ({ dependencies }: DatasetNode): number[] =>
  dependencies.flatMap(({ kind, dataset }) => (kind === 'narrow' ? [dataset] : []));

/** Makes a stage's program. */
export function programOf(
  { dataset, sink, functions, writes }: StageSource,
  view: NodeView,
  sources: ProgramSources,
): StageProgram {
  const builder = new ProgramBuilder(view, sources.blob, sink.kind === 'store' ? dataset : undefined);
  const plan = builder.plan(dataset);
  const numbered = builder.sink(sink, functions);
  const modules = builder.usesModules ? sources.modules() : undefined;
  const bytes = encodeProgram({ plan, sink: numbered, closures: builder.closures, modules });
  const id = `program-${hash('sha1', bytes)}`;
  const parts = [...builder.parts];
  const needs = [id, ...parts.map((part) => part.id), ...builder.needs, ...(modules ? [modules] : [])];
  const built = [builder, ...parts.map((part) => part.built)];
  const steps = new StageSteps({ plan, writes, built }, view);
  return { id, bytes, needs, bulk: [...builder.bulk], parts, steps };
}
