// The user's code that tasks need beside their program, as blobs: modules, and the classes that rows may be instances of.

import { classBlob } from '../closure/classes/session-classes';
import { moduleBlob } from '../closure/ship-modules';

export class SessionCode {
  readonly #put: (id: string, bytes: Uint8Array) => void;

  /** Hands each blob to `put`, also one that it was handed before. */
  constructor(put: (id: string, bytes: Uint8Array) => void) {
    this.#put = put;
  }

  /** The blob of the user's modules as they are now. */
  readonly modules = (): string => {
    const { id, bytes } = moduleBlob();
    this.#put(id, bytes);
    return id;
  };

  /** The blobs with the classes that rows may be instances of. */
  classes(): readonly string[] {
    const classes = classBlob(this.modules);
    if (!classes) return [];
    this.#put(classes.id, classes.bytes);
    return [...classes.needs, classes.id];
  }
}
