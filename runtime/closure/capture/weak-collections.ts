// Weak maps and sets that a closure captures: the entries whose keys ship by another way, for nothing else could ever look them up there.
import type { Encoded } from '../../plan/payload';
import { inspectWeakEntries } from './inspect-scopes';

/** The entries of a collection in its node, which grows until all that can be found in it is there. */
interface Shipped {
  readonly keys: Encoded[];
  readonly values: Encoded[];
}

interface Waiting {
  readonly shipped: Shipped;
  /** Entries whose key has not been met. */
  left: readonly (readonly [key: object, value: unknown])[];
}

export class WeakCollections {
  readonly #waiting: Waiting[] = [];

  /** Takes a collection up. What its node holds is complete once `settle` has run. */
  add(collection: object): Shipped {
    const shipped: Shipped = { keys: [], values: [] };
    this.#waiting.push({ shipped, left: inspectWeakEntries(collection) });
    return shipped;
  }

  /** Encodes the entries whose keys ship. Their values may bring more collections and more keys, so it goes on until nothing new is met. */
  settle(ships: (key: object) => boolean, encode: (value: unknown) => Encoded): void {
    for (let met = true; met; ) {
      met = false;
      for (let i = 0; i < this.#waiting.length; i++) {
        const waiting = this.#waiting[i];
        const found = waiting.left.filter(([key]) => ships(key));
        if (found.length === 0) continue;
        met = true;
        waiting.left = waiting.left.filter(([key]) => !found.some(([other]) => other === key));
        for (const [key, value] of found) {
          waiting.shipped.keys.push(encode(key));
          waiting.shipped.values.push(encode(value));
        }
      }
    }
  }
}
