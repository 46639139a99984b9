// A function on its way into a stage: the user's, captured where it was written, or a library function by name.

import { hash } from 'node:crypto';
import { types } from 'node:util';
import { refuseArgument } from '../base/arguments';
import { type Capture, type CaptureWarning, capture } from '../closure';
import { changesOf } from '../closure/changes/changes';
import { noteClassesOf } from '../closure/classes/session-classes';
import { whereOf } from '../closure/conditions';
import { idiomOf, isSelfContained } from '../closure/idiom';
import { usedFields } from '../closure/used-fields';
import type { Where } from '../plan/condition';
import type { Changes, Idiom } from '../plan/function-ref';
import type { FunctionNode } from '../plan/node';
import { decode, encode } from '../wire/codec';
import type { BlobMaker } from './blob-table';

/** What capturing a function needs of the context. */
export interface CaptureHost {
  readonly config: { readonly autoBroadcastBytes: number };
  /** Tells the user what a closure does that will not do what it seems to. */
  warn(warning: CaptureWarning): void;
}

function refuseFunction(operation: string, argument: string, value: unknown): never {
  const isOnly = argument === 'the function';
  // Other tools take the name of a column here.
  const body = typeof value === 'string' && /^[A-Za-z_$][\w$]*$/.test(value) ? `row => row.${value}` : 'x => …';
  const remedy = isOnly ? `Write ${operation}(${body}).` : `Give ${operation} each of its functions.`;
  return refuseArgument({ operation, argument, value, rule: 'a function', remedy });
}

/** The user's function with its captured variables as they were when the operator was called. */
export class ShippedFunction {
  readonly #context: CaptureHost;
  readonly #function: Function;
  readonly #operation: string;
  #capture: Capture | undefined;
  #bytes: Uint8Array | undefined;
  #node: FunctionNode | undefined;
  #idiom: Idiom | 'none' | undefined;
  #where: Where | 'unknown' | undefined;
  #changes: Changes | undefined;

  /** Captures the function as it is now. A captured one stays as it is: streams capture theirs once, for the datasets of all batches. */
  static of(context: CaptureHost, f: unknown, operation: string, argument = 'the function'): ShippedFunction {
    return f instanceof ShippedFunction ? f : new ShippedFunction(context, f, operation, argument);
  }

  private constructor(context: CaptureHost, f: unknown, operation: string, argument: string) {
    if (typeof f !== 'function') refuseFunction(operation, argument, f);
    this.#context = context;
    this.#function = f;
    this.#operation = operation;
    const taken = this.#take(true);
    noteClassesOf(taken.closure);
    // A name in its dead zone has no value yet: it is captured when the first job needs it.
    if (taken.deadZone === undefined) this.#capture = this.#frozen(taken);
    for (const warning of taken.warnings) context.warn(warning);
  }

  #take(allowDeadZone: boolean): Capture {
    return capture(this.#function, {
      operation: this.#operation,
      autoBroadcastBytes: this.#context.config.autoBroadcastBytes,
      allowDeadZone,
    });
  }

  /** The capture cut off from the live values, by way of its bytes. */
  #frozen(taken: Capture): Capture {
    this.#bytes = encode(taken.closure);
    return {
      ...taken,
      closure: decode(this.#bytes) as Capture['closure'],
      bulk: taken.bulk.map(({ id, value, bytes }) =>
        bytes ? { id, value: undefined, bytes } : { id, value: decode(encode(value)) },
      ),
    };
  }

  get capture(): Capture {
    if (!this.#capture) {
      const taken = this.#take(false);
      noteClassesOf(taken.closure);
      this.#capture = this.#frozen(taken);
    }
    return this.#capture;
  }

  /** It uses no variable from outside: the live function is the captured one. */
  get isSelfContained(): boolean {
    return isSelfContained(this.capture.closure);
  }

  /** What it does, where its text says all of it. */
  get idiom(): Idiom | undefined {
    this.#idiom ??= idiomOf(this.capture.closure) ?? 'none';
    return this.#idiom === 'none' ? undefined : this.#idiom;
  }

  /** The fields that it reads of its first argument; undefined where it may use all of it. */
  get reads(): readonly string[] | undefined {
    return usedFields(this.capture.closure);
  }

  /** What must hold of the fields of its first argument where it answers true; undefined where nothing is known. */
  get where(): Where | undefined {
    this.#where ??= whereOf(this.capture.closure) ?? 'unknown';
    return this.#where === 'unknown' ? undefined : this.#where;
  }

  /** What it may change; undefined where that is nothing. */
  get changes(): Changes | undefined {
    this.#changes ??= changesOf(this.capture.closure);
    const { first, others, captured } = this.#changes;
    return first || others || captured ? this.#changes : undefined;
  }

  /** Declared async: it answers promises, or an async iterator. */
  get isAsync(): boolean {
    return types.isAsyncFunction(this.#function);
  }

  /** Not declared async, and it might return a promise all the same, because it calls something or reads a property. */
  get mayPromise(): boolean {
    return !this.isAsync && this.capture.answersUnseen;
  }

  get operation(): string {
    return this.#operation;
  }

  /** The function as datasets and jobs list it. */
  get node(): FunctionNode {
    if (!this.#node) {
      const { place, references, bulk, modules } = this.capture;
      const own = bulk.map(({ id }) => id);
      const broadcasts = references.flatMap(({ kind, id }) => (kind === 'broadcast' ? [id] : []));
      this.#node = {
        closure: `closure-${hash('sha1', this.#bytes!)}`,
        instance: nextInstance++,
        operation: this.#operation,
        place,
        needs: [...broadcasts, ...own],
        bulk: own,
        usesModules: modules.length > 0 || undefined,
      };
    }
    return this.#node;
  }

  /** The blobs that its node names. */
  get blobs(): readonly (readonly [id: string, make: BlobMaker])[] {
    const { closure } = this.node;
    return [
      [closure, () => this.#bytes!],
      ...this.capture.bulk.map(({ id, value, bytes }) => [id, () => bytes ?? encode(value)] as const),
    ];
  }
}

let nextInstance = 0;

/** A library function with its arguments, some of which may be the user's. */
export interface LibraryFunction {
  readonly library: string;
  readonly args: readonly unknown[];
}

export type FunctionArgument = ShippedFunction | LibraryFunction;

/** A function of the library by name. */
export const lib = (library: string, ...args: unknown[]): LibraryFunction => ({ library, args });
