// Windows by gaps: the records of a batch into the open sessions of their keys, and the sessions that end with it.
import type { SessionSizes } from '../../plan/state-spec';
import type { StateTable } from './state-table';

/** A record of a key: its own time, and what the session holds of it. */
export type Timed = readonly [time: number, value: unknown];

/** A session that records can still join, as the state of its key and its files hold it. */
export interface OpenSession {
  readonly start: number;
  /** The time of its last record. */
  readonly last: number;
  readonly count: number;
  /** In the order of their times; without a function that merges them. */
  readonly records?: readonly Timed[];
  /** All of them merged. */
  readonly value?: unknown;
}

type Merge = (a: unknown, b: unknown) => unknown;

/** A session as users see it. */
export function sessionRow(key: unknown, { start, last, count, records, value }: OpenSession, gap: number): unknown {
  const head = { key, start, end: last + gap, count };
  return records ? { ...head, values: records.map(([, x]) => x) } : { ...head, value };
}

/** Not by spreading: a group may have more records than a call takes arguments. */
const lastOf = (group: readonly OpenSession[]): number =>
  group.reduce((most, part) => Math.max(most, part.last), Number.NEGATIVE_INFINITY);

/** The sessions that records have joined, as one. None is changed: an earlier version of the table may hold them. */
function joined(group: readonly OpenSession[], merge: Merge | undefined): OpenSession {
  if (group.length === 1) return group[0];
  const count = group.reduce((sum, part) => sum + part.count, 0);
  const span = { start: group[0].start, last: lastOf(group), count };
  if (merge) return { ...span, value: group.map((part) => part.value).reduce((a, b) => merge(a, b)) };
  // The sort is stable: records of one time stay in the order in which they came.
  return { ...span, records: group.flatMap((part) => part.records ?? []).sort(([a], [b]) => a - b) };
}

/**
 * The sessions of a key after its records, by their start. Whatever the order of the records, those less than `gap` apart are in one. A
 * session of new records alone that ended by `closed` comes too late, and is counted.
 */
function sessionsWith(
  open: readonly OpenSession[],
  records: readonly Timed[],
  { gap, closed, merge }: { readonly gap: number; readonly closed: number; readonly merge?: Merge },
): { readonly sessions: OpenSession[]; readonly late: number } {
  const single = ([time, value]: Timed): OpenSession => {
    const span = { start: time, last: time, count: 1 };
    return merge ? { ...span, value } : { ...span, records: [[time, value]] };
  };
  const known = new Set(open);
  const parts = [...open, ...records.map(single)].sort((a, b) => a.start - b.start);
  const groups: OpenSession[][] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const part of parts) {
    if (part.start < end) groups[groups.length - 1].push(part);
    else groups.push([part]);
    end = Math.max(end, part.last + gap);
  }
  const sessions: OpenSession[] = [];
  let late = 0;
  for (const group of groups) {
    if (lastOf(group) + gap <= closed && !group.some((part) => known.has(part))) late += group.length;
    else sessions.push(joined(group, merge));
  }
  return { sessions, late };
}

/** What the rule works with: `rows` are pairs [key, records], `drop` counts records that come too late or lie too far ahead. */
interface SessionStep {
  readonly table: StateTable;
  readonly version: number;
  readonly rows: Iterable<readonly unknown[]>;
  readonly touched: number[];
  readonly merge?: (key: unknown) => Merge;
  readonly drop: (count: number) => unknown;
}

/**
 * Records into sessions, then the sessions out that end by `version - slack`: no record within the slack can join them any more. The stamp
 * of a key is the batch in which its first session ends, so that a batch costs the keys that have records or end in it.
 */
export function sessionsOf(step: SessionStep, { gap, slack, slide }: SessionSizes): readonly unknown[] {
  const { table, version, touched, drop } = step;
  const ended = version - slack;
  const changed = new Set<number>();
  const out: unknown[] = [];
  let dropped = 0;

  const settle = (n: number, sessions: readonly OpenSession[]) => {
    const key = table.keyOf(n);
    const open = sessions.filter((session) => session.last + gap > ended);
    for (const session of sessions) if (session.last + gap <= ended) out.push(sessionRow(key, session, gap));
    if (open.length === 0) return table.remove(n);
    table.set(n, open);
    table.due(n, version + Math.ceil((open[0].last + gap - ended) / slide) * slide);
  };

  for (const chunk of step.rows) {
    for (const [key, records] of chunk as readonly [unknown, Iterable<Timed>][]) {
      const near: Timed[] = [];
      // Not by `filter`: many records of a key lie on disk.
      for (const record of records) {
        if (record[0] <= version + slack + gap) near.push(record);
        else dropped++;
      }
      const n = table.find(key);
      const open = table.has(n) ? (table.get(n) as OpenSession[]) : [];
      const { sessions, late } = sessionsWith(open, near, { gap, closed: ended - slide, merge: step.merge?.(key) });
      dropped += late;
      if (late === near.length) continue;
      changed.add(n);
      settle(n, sessions);
    }
  }
  for (const n of table.takeUntouchedSince(version)) {
    if (changed.has(n)) continue;
    changed.add(n);
    settle(n, table.get(n) as OpenSession[]);
  }
  if (dropped > 0) drop(dropped);
  touched.push(...changed);
  return out;
}
