// Collects the plan of one stage: fragments of its datasets, the closures they call and the blobs those need; and the splits of its tasks.

import type { Place } from '../base/place';
import type { MapOutput } from '../plan/end';
import type { FunctionRef } from '../plan/function-ref';
import type { CapturedClosure } from '../plan/payload';
import type { BucketLocation, Plan, Split } from '../plan/program';
import { type FunctionArgument, ShippedFunction } from '../rdd/function-argument';
import type { RDD } from '../rdd/rdd';

/** A function of the user's in a stage, and where it is written. */
export interface FunctionPlace {
  readonly operation: string;
  readonly place: Place;
}

export class PlanBuilder {
  readonly closures: CapturedClosure[] = [];
  /** The functions of the user's that the stage calls. */
  readonly functions: FunctionPlace[] = [];
  /** Blobs that the closures refer to. */
  readonly needs = new Set<string>();
  readonly modules = new Set<string>();
  readonly #indexes = new Map<ShippedFunction, number>();
  readonly #plans = new Map<RDD<unknown>, Plan>();
  readonly #blob: (id: string, value: unknown) => void;
  readonly #jobId: number;

  constructor(jobId: number, blob: (id: string, value: unknown) => void) {
    this.#jobId = jobId;
    this.#blob = blob;
  }

  /** The plan of a dataset. Persisting and checkpointing redirect here, so that kinds know nothing of it. */
  plan(rdd: RDD<unknown>): Plan {
    const known = this.#plans.get(rdd);
    if (known) return known;
    const own: Plan = rdd.checkpointed?.serves(this.#jobId) ? { op: 'checkpoint' } : rdd.fragment(this);
    const { storageLevel: level, persistencePriority: priority } = rdd;
    const plan: Plan = level.isKept ? { op: 'cached', rddId: rdd.id, level: level.flags, priority, input: own } : own;
    this.#plans.set(rdd, plan);
    return plan;
  }

  /** The datasets that were planned, with the topmost node of each. */
  get planned(): Iterable<readonly [RDD<unknown>, Plan]> {
    return this.#plans;
  }

  /** The reference by which a step calls a function. */
  function(argument: FunctionArgument): FunctionRef {
    if (!(argument instanceof ShippedFunction)) {
      const args = argument.args.map((a) => (a instanceof ShippedFunction ? this.function(a) : a));
      return { kind: 'library', name: argument.library, args };
    }
    let index = this.#indexes.get(argument);
    if (index === undefined) {
      index = this.closures.length;
      this.#indexes.set(argument, index);
      const { closure, place, references, bulk, modules } = argument.capture;
      this.closures.push(closure);
      this.functions.push({ operation: argument.operation, place });
      for (const r of references) if (r.kind === 'broadcast') this.needs.add(r.id);
      for (const { id, value } of bulk) {
        this.#blob(id, value);
        this.needs.add(id);
      }
      for (const m of modules) this.modules.add(m);
    }
    const { idiom } = argument;
    return idiom ? { kind: 'closure', index, idiom } : { kind: 'closure', index };
  }
}

export class SplitBuilder {
  readonly #outputs: (shuffleId: number) => readonly MapOutput[];
  readonly #complete: (shuffleId: number) => boolean;
  readonly #jobId: number;
  /** By dataset and index: what several datasets are made of is in the split of a task once. */
  readonly #splits = new Map<string, Split>();

  constructor(jobId: number, outputs: (shuffleId: number) => readonly MapOutput[], complete: (shuffleId: number) => boolean) {
    this.#jobId = jobId;
    this.#outputs = outputs;
    this.#complete = complete;
  }

  split(rdd: RDD<unknown>, index: number): Split {
    const key = `${rdd.id}.${index}`;
    const known = this.#splits.get(key);
    if (known) return known;
    const { checkpointed } = rdd;
    const split = checkpointed?.serves(this.#jobId) ? checkpointed.split(index) : rdd.split(index, this);
    this.#splits.set(key, split);
    return split;
  }

  /** The buckets of one reduce partition, in the order of the map tasks. */
  buckets(shuffleId: number, index: number): Split {
    const buckets = this.#outputs(shuffleId).map(
      ({ mapIndex, executorId, attempt, sizes }): BucketLocation => ({ mapIndex, executorId, attempt, size: sizes[index] }),
    );
    return { kind: 'buckets', index, shuffleId, buckets, missing: !this.#complete(shuffleId) };
  }
}
