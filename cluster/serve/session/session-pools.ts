// The pools in which the jobs of sessions share the slots: each session is one, with the weight that `--conf pools.NAME.weight` gives its name.
//
// Engines read the pools once, so there are some of each name from the beginning, and a session takes a free one.
import type { Config } from '../../../runtime/base/config';
import { sessionsPerPoolName } from '../../base/limits';

type Pools = Config['pools'];

const placeOf = (name: string, n: number): string => `${name} (${n})`;

/** The pools of the engine: those that were given, and places in them for sessions of their names. */
export function poolsOfSessions(given: Pools): Pools {
  const places = Object.entries(given).flatMap(([name, options]) =>
    Array.from({ length: sessionsPerPoolName }, (_, i) => [placeOf(name, i + 1), options] as const),
  );
  return { ...given, ...Object.fromEntries(places) };
}

/** Which session has which pool. */
export class SessionPools {
  readonly #given: Pools;
  readonly #taken = new Map<string, number>();

  constructor(given: Pools) {
    this.#given = given;
  }

  /** The pool of a session; `prompt 2` is a `prompt` too. Beyond the places of its name it shares the last one. */
  take(session: number, name: string): string {
    const known = [name, name.replace(/ .*$/s, '')].find((one) => Object.hasOwn(this.#given, one));
    if (known === undefined) return `session ${session}`;
    for (let n = 1; n <= sessionsPerPoolName; n++) {
      const place = placeOf(known, n);
      if (this.#taken.has(place)) continue;
      this.#taken.set(place, session);
      return place;
    }
    return placeOf(known, sessionsPerPoolName);
  }

  /** A session is over. */
  leave(session: number): void {
    for (const [place, one] of this.#taken) if (one === session) this.#taken.delete(place);
  }
}
