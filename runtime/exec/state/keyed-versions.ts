// One version of the state of keys: made from the version before, or read back from snapshot and deltas.
import type { FunctionRef } from '../../plan/function-ref';
import type { StateRule, StateStep } from '../../plan/state-spec';
import { StateTable } from './state-table';
import { applyRule } from './update-rules';
import type { FileKind, VersionFiles } from './version-file';
import type { EndOfWork } from './version-updates';

/** A snapshot is written when the deltas since the last one hold as many rows as the table, but no sooner than this. */
const leastSnapshotRows = 10_000;
/** Or when there are so many of them: reading back opens each. */
const mostDeltas = 500;
/** A damaged snapshot leaves this many others to begin from. */
const keptSnapshots = 2;

const hasTimeouts = (rule: StateRule): boolean =>
  rule.kind === 'sessions' || ((rule.kind === 'map' || rule.kind === 'track') && rule.timeout !== undefined);

/** An empty table, or one of the pairs that the stream starts with, all touched at `stamp`. */
export function initialTable(rule: StateRule, pairs: Iterable<readonly unknown[]>, stamp: number): StateTable {
  const table = new StateTable(hasTimeouts(rule));
  for (const chunk of pairs) {
    for (const pair of chunk as readonly [unknown, unknown][]) {
      const n = table.find(pair[0]);
      table.set(n, pair[1]);
      table.touch(n, stamp);
    }
  }
  return table;
}

/** Makes the version of `step` of the one that the table holds, and its files. */
export function stepKeyed(
  step: StateStep,
  table: StateTable,
  rows: Iterable<readonly unknown[]>,
  files: VersionFiles,
  resolve: (ref: FunctionRef) => Function,
  endOfWork: EndOfWork,
): StateTable {
  const { touched, mapped } = applyRule(step, table, rows, resolve);
  const added = endOfWork();
  const { version } = step;
  // The start has no version before it that could be read; and where all was touched a snapshot is no larger than the delta.
  const isWhole = step.previous === undefined || touched.length >= table.size;
  if (isWhole) writeSnapshot(table, version, files, added);
  else {
    const removed = touched.filter((n) => !table.has(n)).map((n) => table.keyOf(n));
    const head = { version, previous: step.previous, rows: touched.length };
    const columns = table.columnsOf(touched.length, (i) => touched[i]);
    files.write('delta', head, columns, { removed, added });
    table.deltas++;
    table.deltaRows += touched.length;
    if (table.deltas >= mostDeltas || table.deltaRows >= Math.max(leastSnapshotRows, table.size))
      writeSnapshot(table, version, files, added);
  }
  table.version = version;
  table.mapped = mapped;
  if (table.deltas === 0) removeOld(files, step.keepFrom);
  return table.compacted();
}

function writeSnapshot(table: StateTable, version: number, files: VersionFiles, added?: Uint8Array): void {
  files.write('snapshot', { version, rows: table.size }, table.columns(), { added });
  table.deltas = 0;
  table.deltaRows = 0;
}

/** Keeps the last two snapshots that any version from `keepFrom` on can be read from, and all after the older of them. */
function removeOld(files: VersionFiles, keepFrom: number): void {
  const oldest = files
    .versions('snapshot')
    .filter((v) => v <= keepFrom)
    .at(-keptSnapshots);
  if (oldest !== undefined) files.removeBefore(oldest);
}

/** What was added to accumulators while a version was made, as its file keeps it. */
export function addedOf(version: number, files: VersionFiles): Uint8Array | undefined {
  const contents = files.open(version, files.has(version, 'delta') ? 'delta' : 'snapshot');
  contents.close();
  return contents.added;
}

/** Reads a version back. Throws STATE_LOST, which names the file, where it or one it builds on is gone or damaged. */
export function loadKeyed(rule: StateRule, version: number, files: VersionFiles): StateTable {
  const table = new StateTable(hasTimeouts(rule));
  const chain = chainTo(version, files).reverse();
  for (const { at, kind, rows } of chain) {
    const contents = files.open(at, kind);
    for (const columns of contents.columns()) table.load(columns);
    for (const key of contents.removed()) table.remove(table.find(key));
    if (kind === 'delta') table.deltaRows += rows;
  }
  table.deltas = chain.length - 1;
  table.version = version;
  table.orderTouches();
  return table.compacted();
}

interface Link {
  readonly at: number;
  readonly kind: FileKind;
  readonly rows: number;
}

/** The files that make a version, newest first: deltas, down to a snapshot. */
function chainTo(version: number, files: VersionFiles): Link[] {
  const chain: Link[] = [];
  for (let at: number | undefined = version; at !== undefined; ) {
    const kind: FileKind = snapshotServes(at, files) ? 'snapshot' : 'delta';
    const contents = files.open(at, kind);
    contents.close();
    chain.push({ at, kind, rows: contents.head.rows });
    at = kind === 'snapshot' ? undefined : contents.head.previous;
  }
  return chain;
}

/** Whether there is a snapshot. One that is damaged is removed where a delta leads to its version from an older one. */
function snapshotServes(version: number, files: VersionFiles): boolean {
  if (!files.has(version, 'snapshot')) return false;
  if (!files.has(version, 'delta')) return true;
  try {
    files.open(version, 'snapshot').close();
    return true;
  } catch {
    files.remove(version, 'snapshot');
    return false;
  }
}
