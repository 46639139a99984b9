// A table for the few keys that share a hash while runs are merged: nearly always one, so it must cost nothing to make.
import { sameKey } from './key';

export class FewKeys {
  readonly keys: unknown[] = [];

  get size(): number {
    return this.keys.length;
  }

  /** The number of the key; a new key gets `size` as it was before the call. */
  find(key: unknown): number {
    const { keys } = this;
    for (let i = 0; i < keys.length; i++) if (sameKey(keys[i], key)) return i;
    return keys.push(key) - 1;
  }
}
