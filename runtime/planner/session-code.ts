// The user's code that tasks need beside their program, as blobs: modules, and the classes that rows may be instances of.

import { classBlob } from '../closure/classes/session-classes';
import { moduleBlob } from '../closure/ship-modules';
import type { Job } from '../plan/job';

/** Names of the blobs with the user's code. */
export interface UserCode {
  /** The blob of the user's modules as they are now. */
  readonly modules: () => string;
  /** The blobs with the classes that rows may be instances of. */
  classes(): readonly string[];
}

/** The code of a job: what it brings along, else that of this process, whose blobs go to `put`. */
export const codeOf = ({ code }: Pick<Job, 'code'>, put: (id: string, bytes: Uint8Array) => void): UserCode =>
  code ? { modules: () => code.modules, classes: () => code.classes } : new SessionCode(put);

export class SessionCode implements UserCode {
  readonly #put: (id: string, bytes: Uint8Array) => void;

  /** Hands each blob to `put`, also one that it was handed before. */
  constructor(put: (id: string, bytes: Uint8Array) => void) {
    this.#put = put;
  }

  readonly modules = (): string => {
    const { id, bytes } = moduleBlob();
    this.#put(id, bytes);
    return id;
  };

  classes(): readonly string[] {
    const classes = classBlob(this.modules);
    if (!classes) return [];
    this.#put(classes.id, classes.bytes);
    return [...classes.needs, classes.id];
  }
}
