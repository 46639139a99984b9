// Where the time and randomness come from by which the engine decides: a Clock and a seeded Random.

/** What tells the time and wakes: the machine's, or one that a test moves. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs `f` once after `ms` milliseconds; the answer cancels it. */
  after(ms: number, f: () => void): () => void;
}

/** The longest wait of one timer: setTimeout takes a longer one for a wait of 1 ms. */
const longestTimerMs = 2 ** 31 - 1;

/** Runs `f` once after `ms` milliseconds, however many; the answer cancels it. Without `holds` the process may end before that. */
export function afterMs(ms: number, f: () => void, holds = true): () => void {
  let timer: NodeJS.Timeout;
  const wait = (left: number) => {
    const now = Math.min(left, longestTimerMs);
    timer = setTimeout(() => (left > now ? wait(left - now) : f()), now);
    if (!holds) timer.unref();
  };
  wait(ms);
  return () => clearTimeout(timer);
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, f) => afterMs(ms, f, false),
};

/**
 * A wall clock that only goes forward, at the pace of the machine's monotonic clock: setting the system's clock back or forward while it
 * runs changes nothing. What the batches of a stream are timed by.
 */
export function steadyClock(): Clock {
  const offset = Date.now() - performance.now();
  return { ...systemClock, now: () => Math.round(offset + performance.now()) };
}

/**
 * A clock that never throws and always tells a number. Where the one of `current` does not, the machine's clock goes on from its last time; `report`
 * gets each new reason once.
 */
export function guardedClock(current: () => Clock, report: (error: unknown) => void): Clock {
  let last = Date.now();
  let readAt = performance.now();
  let reason: string | undefined;
  const failed = (error: unknown) => {
    const text = String(error);
    if (text !== reason) report(error);
    reason = text;
  };
  return {
    now() {
      try {
        const now = current().now();
        if (!Number.isFinite(now)) throw new TypeError(`it tells the time ${now}`);
        last = now;
        readAt = performance.now();
        return now;
      } catch (error) {
        failed(error);
        return Math.round(last + performance.now() - readAt);
      }
    },
    after(ms, f) {
      try {
        return current().after(ms, f);
      } catch (error) {
        failed(error);
        return systemClock.after(ms, f);
      }
    },
  };
}

/** A clock that is so many milliseconds ahead of another. */
export const aheadOf = (clock: Clock, ms: number): Clock => ({
  now: () => clock.now() + ms,
  after: (wait, f) => clock.after(wait, f),
});

/** Whether `promise` resolves within so many milliseconds. */
export function resolvesWithin(clock: Clock, ms: number, promise: Promise<unknown>): Promise<boolean> {
  let cancel = () => {};
  const late = new Promise<boolean>((resolve) => {
    cancel = clock.after(ms, () => resolve(false));
  });
  return Promise.race([promise.then(() => true), late]).finally(cancel);
}

/**
 * A seeded generator of uniform numbers (xorshift128+ on 32-bit halves would be heavier; this is mulberry32, enough for sampling).
 * The same seed gives the same numbers on every machine.
 */
export class Random {
  #state: number;

  constructor(seed: number) {
    // Neighbouring seeds (0, 1, 2: one a partition) must not give neighbouring streams.
    this.#state = Math.imul((seed | 0) ^ 0x9e3779b9, 0x85ebca6b) | 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** A uniform integer in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }
}

/** A seed for callers who gave none. */
export function freshSeed(): number {
  return Math.floor(Math.random() * 0x7fffffff);
}
