// The datasets that an engine knows, by id, each as it was when a job began: a job that runs sees no later definition.
import { MillraceError } from '../base/errors';
import type { DatasetNode } from '../plan/node';
import { foldedUnion } from './folded-union';

/** A dataset as it was defined at one time. */
interface Definition {
  readonly node: DatasetNode;
  /** The version of the table from which on it holds. */
  readonly since: number;
  /** What it was before, for jobs that began before this definition. */
  readonly before?: Definition;
}

/** What follows from a dataset and all that it is made of. */
export interface Facts {
  /** Another run may give other rows: it or a dataset of its lineage was marked so. */
  readonly indeterminate: boolean;
  /** In the stage that computes it: some dataset has a barrier, is persisted, or prefers executors. */
  readonly barrier: boolean;
  readonly persisted: boolean;
  readonly located: boolean;
  /** How many datasets are computed in that stage, those that are read twice counted twice; up to a limit. */
  readonly steps: number;
}

/** What was worked out about datasets, as long as none of them is defined again: what lies behind is looked at once, not by each job. */
class Knowledge {
  readonly facts = new Map<number, Facts>();
  /** Parts of programs, as whoever builds programs made them. */
  readonly parts = new Map<number, unknown>();
  /** The dataset at the end of a chain of steps of one input. */
  readonly ends = new Map<number, DatasetNode>();
  /** Unions as they are planned. */
  readonly unions = new Map<number, DatasetNode>();
  /** For each union the numbers of the first partitions of its dependencies. */
  readonly starts = new Map<number, readonly number[]>();

  forget(id: number): void {
    this.facts.delete(id);
    this.parts.delete(id);
    this.ends.delete(id);
    this.unions.delete(id);
    this.starts.delete(id);
  }
}

export class NodeTable {
  readonly #cutsAtPersisted: boolean;
  readonly #definitions = new Map<number, Definition>();
  #knowledge = new Knowledge();
  /** Rises with each definition that replaces another. */
  #version = 0;
  #openViews = 0;

  /** With `cutsAtPersisted`, the engine stores persisted datasets by itself: programs and splits end at them. */
  constructor({ cutsAtPersisted = false } = {}) {
    this.#cutsAtPersisted = cutsAtPersisted;
  }

  /** Defines datasets, or defines them again. Their dependencies must be known. Throws UNKNOWN_DATASET. */
  define(nodes: readonly DatasetNode[]): void {
    for (const node of nodes) {
      for (const { dataset } of node.dependencies) if (!this.#definitions.has(dataset)) throw unknown(dataset);
      const before = this.#definitions.get(node.id);
      if (before) {
        this.#version++;
        this.#knowledge = new Knowledge();
      }
      // Without a job that runs, nobody can see what was before.
      this.#definitions.set(node.id, { node, since: this.#version, before: this.#openViews > 0 ? before : undefined });
    }
  }

  /** Forgets a dataset that nobody will run a job on again. */
  persistenceOf(id: number): DatasetNode['persistence'] {
    return this.#definitions.get(id)?.node.persistence;
  }

  release(id: number): void {
    this.#definitions.delete(id);
    this.#knowledge.forget(id);
  }

  /** The datasets as they are now, until the view is closed. */
  view(): NodeView {
    this.#openViews++;
    const version = this.#version;
    return new NodeView(
      (id) => this.#at(id, version),
      this.#knowledge,
      () => this.#openViews--,
      this.#cutsAtPersisted,
    );
  }

  #at(id: number, version: number): DatasetNode {
    let definition = this.#definitions.get(id);
    while (definition?.before && definition.since > version) definition = definition.before;
    if (!definition) throw unknown(id);
    return definition.node;
  }
}

const unknown = (id: number) => new MillraceError('UNKNOWN_DATASET', { id });

/** The datasets as a job sees them. */
export class NodeView {
  /** A dataset as it was defined. Throws UNKNOWN_DATASET. */
  readonly defined: (id: number) => DatasetNode;
  readonly #knowledge: Knowledge;
  #onClose: (() => void) | undefined;
  readonly #cutsAtPersisted: boolean;

  constructor(defined: (id: number) => DatasetNode, knowledge: Knowledge, onClose: () => void, cutsAtPersisted: boolean) {
    this.defined = defined;
    this.#knowledge = knowledge;
    this.#onClose = onClose;
    this.#cutsAtPersisted = cutsAtPersisted;
  }

  /** Whether programs that read a dataset end at it. */
  isCut({ persistence }: DatasetNode): boolean {
    return this.#cutsAtPersisted && persistence !== undefined;
  }

  /** Ends the view: what only it could see is forgotten. */
  close(): void {
    this.#onClose?.();
    this.#onClose = undefined;
  }

  /** A dataset as it is planned: a union of unions is one. Throws UNKNOWN_DATASET. */
  node(id: number): DatasetNode {
    const node = this.defined(id);
    if (node.splits.kind !== 'union') return node;
    const { unions } = this.#knowledge;
    let planned = unions.get(id);
    if (!planned) {
      planned = foldedUnion(node, this.defined);
      unions.set(id, planned);
    }
    return planned;
  }

  /** Which dependency of a union its partition `index` comes from, and the number that it has there. */
  readOfUnion({ id, dependencies }: DatasetNode, index: number): readonly [dependency: number, partition: number] {
    const { starts } = this.#knowledge;
    let firsts = starts.get(id);
    if (!firsts) {
      let next = 0;
      firsts = dependencies.map(({ dataset }) => {
        const first = next;
        next += this.node(dataset).partitions;
        return first;
      });
      starts.set(id, firsts);
    }
    // The last one that begins at or before it: those without partitions begin where the next one does.
    let [low, high] = [0, firsts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (firsts[middle] <= index) low = middle;
      else high = middle - 1;
    }
    return [low, index - firsts[low]];
  }

  facts(id: number): Facts {
    const { facts } = this.#knowledge;
    const open = [id];
    for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
      const node = this.node(at);
      const waiting = facts.has(at) ? [] : node.dependencies.filter(({ dataset }) => !facts.has(dataset));
      if (waiting.length > 0) {
        for (const { dataset } of waiting) open.push(dataset);
        continue;
      }
      open.pop();
      if (!facts.has(at)) facts.set(at, factsOf(node, facts));
    }
    return facts.get(id)!;
  }

  /** Down a chain of steps of one input, whose partitions read those of the same number, to the first dataset that is no such step. */
  endOfSteps(id: number): DatasetNode {
    const { ends } = this.#knowledge;
    const passed: number[] = [];
    let node = this.node(id);
    while (node.splits.kind === 'same' && node.dependencies[0].kind === 'narrow' && !this.isCut(node)) {
      const known = ends.get(node.id);
      if (known) {
        node = known;
        break;
      }
      passed.push(node.id);
      node = this.node(node.dependencies[0].dataset);
    }
    for (const step of passed) ends.set(step, node);
    return node;
  }

  /** The part of programs that computes a persisted dataset: made once for all that read it. */
  part<P>(id: number, make: () => P): P {
    const { parts } = this.#knowledge;
    const known = (parts.get(id) as P | undefined) ?? make();
    parts.set(id, known);
    return known;
  }
}

/** More are not told apart. */
const mostSteps = 1_000;

function factsOf(
  { dependencies, indeterminate, barrier, persistence, locations }: DatasetNode,
  known: Map<number, Facts>,
): Facts {
  const all = dependencies.map(({ dataset }) => known.get(dataset)!);
  const near = dependencies.flatMap(({ kind, dataset }) => (kind === 'narrow' ? [known.get(dataset)!] : []));
  return {
    indeterminate: indeterminate === true || all.some((facts) => facts.indeterminate),
    barrier: barrier === true || near.some((facts) => facts.barrier),
    persisted: persistence !== undefined || near.some((facts) => facts.persisted),
    located: locations !== undefined || near.some((facts) => facts.located),
    steps: Math.min(
      mostSteps,
      near.reduce((sum, { steps }) => sum + steps, 1),
    ),
  };
}
