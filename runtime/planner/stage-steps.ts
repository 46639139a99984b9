// The steps of a stage as its errors speak of them: the user's functions in it, and the calls that made its datasets.

import type { Call } from '../base/flow';
import type { Place } from '../base/place';
import type { RemoteError } from '../plan/end';
import type { ShuffleNode } from '../plan/node';
import { inputsOf, nodesOf, type Plan } from '../plan/program';
import type { NodeView } from './node-table';

/** A function of the user in a stage, and where it is written. */
export interface FunctionPlace {
  readonly operation: string;
  readonly place: Place;
}

/** What a program, or a part of one, was made of. */
interface Built {
  /** The plan of each dataset, parents first. */
  readonly plans: ReadonlyMap<number, Plan>;
  readonly functions: readonly FunctionPlace[];
}

/** What a stage was made of. */
export interface StageParts {
  readonly plan: Plan;
  /** The program and its parts. */
  readonly built: readonly Built[];
  readonly writes?: ShuffleNode;
}

export class StageSteps {
  readonly #parts: StageParts;
  readonly #view: NodeView;

  constructor(parts: StageParts, view: NodeView) {
    this.#parts = parts;
    this.#view = view;
  }

  /** The user's functions that it calls. */
  get functions(): readonly FunctionPlace[] {
    return this.#parts.built.flatMap(({ functions }) => functions);
  }

  /** The plans of the datasets, those of parts first. */
  get #plans(): (readonly [dataset: number, plan: Plan])[] {
    return this.#parts.built.toReversed().flatMap(({ plans }) => [...plans]);
  }

  /** Where the operation was called that an error of a task is about. */
  callOf({ operator, step, details }: Pick<RemoteError, 'operator' | 'step' | 'details'>): Place | undefined {
    const { writes } = this.#parts;
    const operation = details?.operation ?? operator;
    if (step !== undefined && operation === operator) return this.#ownerOf(step)?.place;
    return operation === writes?.operation ? writes?.call?.place : this.#onlyOf(operation);
  }

  /** The call of the dataset to which a node of the plan belongs. */
  #ownerOf(step: number): Call | undefined {
    const calls = new Map<Plan, Call | undefined>();
    // Parents come first, so that what is left of a plan is its own dataset's.
    for (const [dataset, plan] of this.#plans) {
      const left = [plan];
      for (let node = left.pop(); node; node = left.pop()) {
        if (calls.has(node)) continue;
        calls.set(node, this.#view.node(dataset).call);
        left.push(...inputsOf(node));
      }
    }
    const node = [...nodesOf(this.#parts.plan)].at(step);
    return node && calls.get(node);
  }

  /** The place of the datasets of an operation, if they are all of one place. */
  #onlyOf(operation: unknown): Place | undefined {
    const places = this.#plans.flatMap(([id]) => {
      const node = this.#view.node(id);
      return node.operation === operation ? [node.call?.place] : [];
    });
    const texts = new Set(places.map((place) => place && `${place.file}:${place.line}:${place.column}`));
    return texts.size === 1 ? places[0] : undefined;
  }
}
