// The naive twin of windows by gaps: after each batch it joins all records of a key that are near each other, from scratch.
export interface Visit {
  readonly id: number;
  readonly at: number;
  readonly key: unknown;
}

export interface SessionSizes {
  /** The time before the first batch. */
  readonly zero: number;
  readonly slide: number;
  readonly gap: number;
  readonly slack: number;
}

/** A session by the numbers of its records. */
export interface SeenSession {
  readonly key: unknown;
  readonly start: number;
  readonly end: number;
  readonly ids: readonly number[];
}

export interface SessionModel {
  /** By batch: the sessions that ended. */
  readonly ended: SeenSession[][];
  /** By batch: those that have not. */
  readonly open: SeenSession[][];
  readonly dropped: number;
  /** Records that joined two sessions which were there before. */
  readonly merged: number;
}

const nameOf = (key: unknown) => `${typeof key} ${JSON.stringify(key)}`;

/** The sessions of records whatever their batches: groups of one key that steps of less than the gap connect. */
export function sessionsOf(visits: readonly Visit[], gap: number): SeenSession[] {
  const rest = new Set(visits);
  const sessions: SeenSession[] = [];
  for (const first of visits) {
    if (!rest.delete(first)) continue;
    const group = [first];
    for (const member of group)
      for (const other of rest)
        if (nameOf(other.key) === nameOf(member.key) && Math.abs(other.at - member.at) < gap) {
          rest.delete(other);
          group.push(other);
        }
    const times = group.map(({ at }) => at);
    const ids = group.map(({ id }) => id).sort((a, b) => a - b);
    sessions.push({ key: first.key, start: Math.min(...times), end: Math.max(...times) + gap, ids });
  }
  return sessions;
}

/** `batches[i]` came in the batch of zero + (i + 1) · slide. */
export function sessionModel(batches: readonly (readonly Visit[])[], { zero, slide, gap, slack }: SessionSizes): SessionModel {
  const ended: SeenSession[][] = [];
  const open: SeenSession[][] = [];
  let held: Visit[] = [];
  let dropped = 0;
  let merged = 0;
  batches.forEach((batch, i) => {
    const time = zero + (i + 1) * slide;
    const near = batch.filter(({ at }) => at <= time + slack + gap);
    dropped += batch.length - near.length;
    const old = new Set(held.map(({ id }) => id));
    const before = sessionsOf(held, gap);
    const all = sessionsOf([...held, ...near], gap);
    const tooLate = all.filter(({ end, ids }) => end <= time - slack - slide && !ids.some((id) => old.has(id)));
    for (const { ids } of tooLate) dropped += ids.length;
    const kept = all.filter((session) => !tooLate.includes(session));
    merged += kept.filter(({ ids }) => before.filter((known) => known.ids.some((id) => ids.includes(id))).length > 1).length;
    ended.push(kept.filter(({ end }) => end <= time - slack));
    open.push(kept.filter(({ end }) => end > time - slack));
    const left = new Set(open[i].flatMap(({ ids }) => ids));
    held = [...held, ...near].filter(({ id }) => left.has(id));
  });
  return { ended, open, dropped, merged };
}
