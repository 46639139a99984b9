// The steps of a stage as its errors speak of them: the user's functions in it, and the calls that made its datasets.

import type { Call } from '../base/flow';
import type { Place } from '../base/place';
import type { RemoteError } from '../plan/end';
import { inputsOf, nodesOf, type Plan } from '../plan/program';
import type { FunctionPlace, PlanBuilder } from './plan-builder';

/** What asks for the rows of the stage: the operator behind its shuffle. */
export interface Consumer {
  readonly operation: string;
  readonly call: Call | undefined;
}

export class StageSteps {
  readonly #builder: PlanBuilder;
  readonly #plan: Plan;
  readonly #consumer: Consumer | undefined;

  constructor(builder: PlanBuilder, plan: Plan, consumer: Consumer | undefined) {
    this.#builder = builder;
    this.#plan = plan;
    this.#consumer = consumer;
  }

  /** The functions of the user's that it calls. */
  get functions(): readonly FunctionPlace[] {
    return this.#builder.functions;
  }

  /** Where the operation was called that an error of a task is about. */
  callOf({ operator, step, details }: Pick<RemoteError, 'operator' | 'step' | 'details'>): Place | undefined {
    const operation = details?.operation ?? operator;
    if (step !== undefined && operation === operator) return this.#ownerOf(step)?.place;
    return operation === this.#consumer?.operation ? this.#consumer?.call?.place : this.#onlyOf(operation);
  }

  /** The call of the dataset to which a node of the plan belongs. */
  #ownerOf(step: number): Call | undefined {
    const calls = new Map<Plan, Call | undefined>();
    // Parents come first, so that what is left of a plan is its own dataset's.
    for (const [rdd, plan] of this.#builder.planned) {
      const left = [plan];
      for (let node = left.pop(); node; node = left.pop()) {
        if (calls.has(node)) continue;
        calls.set(node, rdd.call);
        left.push(...inputsOf(node));
      }
    }
    const node = [...nodesOf(this.#plan)].at(step);
    return node && calls.get(node);
  }

  /** The place of the datasets of an operation, if they are all of one place. */
  #onlyOf(operation: unknown): Place | undefined {
    const places = [...this.#builder.planned].flatMap(([rdd]) => (rdd.operation === operation ? [rdd.call?.place] : []));
    const texts = new Set(places.map((place) => place && `${place.file}:${place.line}:${place.column}`));
    return texts.size === 1 ? places[0] : undefined;
  }
}
