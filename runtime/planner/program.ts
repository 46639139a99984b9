// The program of one stage: the plans of its datasets put together, its sink, and the functions that they call.
import { createHash } from 'node:crypto';
import { encodeProgram } from '../plan/encode';
import type { DatasetNode, FunctionNode, ShuffleNode } from '../plan/node';
import type { Plan, Sink } from '../plan/program';
import { planWith, sinkWith } from './functions';
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
  /** What errors of its tasks are about. */
  readonly steps: StageSteps;
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
  /** The plan of each dataset, parents first. */
  readonly plans = new Map<number, Plan>();
  usesModules = false;
  readonly #view: NodeView;
  readonly #blob: (id: string) => Uint8Array;
  readonly #indexes = new Map<number, number>();

  constructor(view: NodeView, blob: (id: string) => Uint8Array) {
    this.#view = view;
    this.#blob = blob;
  }

  /** The plan of a dataset, made once however often it is read. Long lineages cost no stack. */
  plan(root: number): Plan {
    const open = [root];
    for (let id = open.at(-1); id !== undefined; id = open.at(-1)) {
      const node = this.#view.node(id);
      const waiting = node.dependencies.filter((d) => d.kind === 'narrow' && !this.plans.has(d.dataset));
      if (waiting.length > 0 && !this.plans.has(id)) {
        open.push(...waiting.map(({ dataset }) => dataset).reverse());
        continue;
      }
      open.pop();
      if (!this.plans.has(id)) this.plans.set(id, this.#planOf(node));
    }
    return this.plans.get(root)!;
  }

  #planOf({ id, dependencies, fragment, functions, persistence }: DatasetNode): Plan {
    const inputs = dependencies.map(
      (d): Plan => (d.kind === 'narrow' ? this.plans.get(d.dataset)! : { op: 'shuffleRead', shuffleId: d.shuffleId }),
    );
    const own = this.#filled(fragment, inputs, functions);
    return persistence ? { op: 'cached', rddId: id, ...persistence, input: own } : own;
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
  #numbering(functions: readonly FunctionNode[]): (index: number) => number {
    return (index) => {
      const { instance, closure, operation, place, needs, bulk, usesModules } = functions[index];
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
    };
  }
}

/** Makes a stage's program. */
export function programOf(
  { dataset, sink, functions, writes }: StageSource,
  view: NodeView,
  sources: ProgramSources,
): StageProgram {
  const builder = new ProgramBuilder(view, sources.blob);
  const plan = builder.plan(dataset);
  const numbered = builder.sink(sink, functions);
  const modules = builder.usesModules ? sources.modules() : undefined;
  const bytes = encodeProgram({ plan, sink: numbered, closures: builder.closures, modules });
  const id = `program-${createHash('sha1').update(bytes).digest('hex')}`;
  const needs = [id, ...builder.needs, ...(modules ? [modules] : [])];
  const steps = new StageSteps({ plan, writes, plans: builder.plans, functions: builder.functions }, view);
  return { id, bytes, needs, bulk: [...builder.bulk], steps };
}
