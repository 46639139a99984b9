// The datasets that an engine knows, by id, each as it was when a job began: a job that runs sees no later definition.
import { MillraceError } from '../base/errors';
import type { DatasetNode } from '../plan/node';

/** A dataset as it was defined at one time, with what planners worked out about it. */
interface Definition {
  readonly node: DatasetNode;
  /** The version of the table from which on it holds. */
  readonly since: number;
  /** What it was before, for jobs that began before this definition. */
  readonly before?: Definition;
}

/** The datasets as a job sees them. */
export interface NodeView {
  /** Throws UNKNOWN_DATASET. */
  node(id: number): DatasetNode;
  /** Ends the view: what only it could see is forgotten. */
  close(): void;
}

export class NodeTable {
  readonly #definitions = new Map<number, Definition>();
  /** Rises with each definition that replaces another. */
  #version = 0;
  #openViews = 0;

  /** Defines datasets, or defines them again. Their dependencies must be known. Throws UNKNOWN_DATASET. */
  define(nodes: readonly DatasetNode[]): void {
    for (const node of nodes) {
      for (const { dataset } of node.dependencies) if (!this.#definitions.has(dataset)) throw unknown(dataset);
      const before = this.#definitions.get(node.id);
      if (before) this.#version++;
      // Without a job that runs, nobody can see what was before.
      this.#definitions.set(node.id, { node, since: this.#version, before: this.#openViews > 0 ? before : undefined });
    }
  }

  /** Forgets a dataset that nobody will run a job on again. */
  release(id: number): void {
    this.#definitions.delete(id);
  }

  /** The datasets as they are now, until the view is closed. */
  view(): NodeView {
    const version = this.#version;
    this.#openViews++;
    let isOpen = true;
    return {
      node: (id) => this.#at(id, version),
      close: () => {
        if (isOpen) this.#openViews--;
        isOpen = false;
      },
    };
  }

  #at(id: number, version: number): DatasetNode {
    let definition = this.#definitions.get(id);
    while (definition?.before && definition.since > version) definition = definition.before;
    if (!definition) throw unknown(id);
    return definition.node;
  }
}

const unknown = (id: number) => new MillraceError('UNKNOWN_DATASET', { id });
