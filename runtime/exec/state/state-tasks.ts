// What tasks do with the state of streams: make a version of one partition, and read one.
import type { FunctionRef } from '../../plan/function-ref';
import type { StatePlace, StateRead, StateRule, StateStep } from '../../plan/state-spec';
import { loadWindow, stepWindow, type WindowFunctions, writeBatch } from './incremental-window';
import { addedOf, initialTable, loadKeyed, stepKeyed } from './keyed-versions';
import type { StateStore } from './state-store';
import type { Columns, StateTable } from './state-table';
import { VersionFiles } from './version-file';
import type { VersionUpdates } from './version-updates';

/** What a task lends. */
export interface StateHost {
  readonly store: StateStore;
  readonly updates: VersionUpdates;
  /** The folder of the session. */
  readonly folder: string;
  readonly taskId: number;
  readonly partition: number;
  readonly resolve: (ref: FunctionRef) => Function;
  /** The rows of an input: the batch, and before the first version what the state starts with. */
  readonly pull: (input: number) => Iterable<unknown[]>;
}

const filesOf = (place: StatePlace, host: StateHost): VersionFiles =>
  new VersionFiles(host.folder, place, host.partition, host.taskId);

/**
 * Makes a version and its file, and answers the rows that the function made. A version that exists is not recomputed, so that
 * another try of the task, or of a job, changes nothing. Throws STATE_LOST, NOT_INVERSE, STATE_TOO_LARGE, and what the functions throw.
 */
export function* updateState(step: StateStep, host: StateHost): Generator<unknown[]> {
  const rows = made(step, host);
  if (rows.length > 0) yield rows as unknown[];
}

function made(step: StateStep, host: StateHost): readonly unknown[] {
  const { place, version, rule } = step;
  const held = host.store.versionOf(place, host.partition);
  const hasRows = rule.kind === 'map' || rule.kind === 'sessions';
  if (step.alone) {
    const files = filesOf(place, host);
    if (files.has(version, 'delta')) host.updates.found(addedOf(version, files));
    else batchOf(step, files, host);
    return [];
  }
  if (held === version) {
    const { mapped } = host.store.peek(place, host.partition, host.taskId)!;
    if (mapped || !hasRows) return mapped ?? [];
  }
  if (!hasRows && held !== undefined && held > version) return [];
  const files = filesOf(step.place, host);
  const live = liveBefore(step, host);
  const next =
    (live || hasRows ? undefined : known(step, files, host)) ??
    stepped(step, () => live ?? before(step, files, host), files, host);
  if (held === undefined || held <= version) host.store.put(place, host.partition, next, step.operation);
  return next.mapped ?? [];
}

/** The version before, if this executor holds it. */
function liveBefore({ place, previous }: StateStep, { store, partition, taskId }: StateHost): StateTable | undefined {
  return previous === undefined ? undefined : store.take(place, partition, previous, taskId);
}

/** The version itself, if its files are there: another executor has made it. */
function known({ rule, version }: StateStep, files: VersionFiles, host: StateHost): StateTable | undefined {
  if (files.has(version, 'verdict') || !(files.has(version, 'delta') || files.has(version, 'snapshot'))) return undefined;
  try {
    const table = loaded(rule, version, files, host);
    host.updates.found(addedOf(version, files));
    return table;
  } catch {
    // A damaged file is written again.
    return undefined;
  }
}

/** The version before from its files, or the start; of a window, what its other batches hold: nothing need leave it then. */
function before({ rule, version, start, previous }: StateStep, files: VersionFiles, host: StateHost): StateTable {
  if (rule.kind === 'window') return loadWindow(rule.span, version, files, windowFunctions(rule, '', host), false);
  return previous === undefined ? initialTable(rule, host.pull(1), start) : loaded(rule, previous, files, host);
}

function loaded(rule: StateRule, version: number, files: VersionFiles, host: StateHost): StateTable {
  if (rule.kind !== 'window') return loadKeyed(rule, version, files);
  return loadWindow(rule.span, version, files, windowFunctions(rule, '', host));
}

const windowFunctions = (rule: StateRule & { kind: 'window' }, operation: string, { resolve }: StateHost): WindowFunctions => ({
  operation,
  f: resolve(rule.f) as never,
  inverse: resolve(rule.inverse) as never,
});

function stepped(step: StateStep, table: () => StateTable, files: VersionFiles, host: StateHost): StateTable {
  const { rule, operation, place, version } = step;
  if (rule.kind === 'window')
    return stepWindow(step, rule.span, table(), () => batchOf(step, files, host), files, windowFunctions(rule, operation, host));
  return host.updates.making(place, version, (added) => stepKeyed(step, table(), host.pull(0), files, host.resolve, added));
}

/** The pairs of a batch of a window, with their file. */
const batchOf = ({ place, version }: StateStep, files: VersionFiles, host: StateHost): Columns =>
  host.updates.making(place, version, (added) => writeBatch(version, host.pull(0), files, added));

/** The pairs [key, value] of one version; `pull` first makes it where that is not done. */
export function* readState(read: StateRead, host: StateHost): Generator<unknown[]> {
  for (const _ of host.pull(0));
  const { place, version, rule } = read;
  const held = host.store.versionOf(place, host.partition);
  if (held === version) return yield* host.store.peek(place, host.partition, host.taskId)!.pairs();
  const table = loaded(rule, version, filesOf(place, host), host);
  if (held === undefined || held < version) {
    table.readBy = host.taskId;
    host.store.put(place, host.partition, table, read.operation);
  }
  yield* table.pairs();
}
