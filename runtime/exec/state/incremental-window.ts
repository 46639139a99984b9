// One version of an incremental window: the version before, less the batch that leaves, plus the batch that comes.
//
//   version t = version t-1 − file of t-length + batch t          the file of a batch: its reduced pairs
//   anew      = file of t-length+step + … + file of t             where no executor holds version t-1 any more, and where
//                                                                 subtracting would not undo adding: NaN, Infinity, beyond 2^53
//
// How many batches hold a key is counted beside its value: the key leaves with the last of them, whatever its value looks like.
import { MillraceError } from '../../base/errors';
import { showElement } from '../../base/show-element';
import { sameKey } from '../../keys/key';
import { type StateStep, versionsIn, type WindowSpan } from '../../plan/state-spec';
import { StepFailure } from '../../plan/step-failure';
import { decode, encode } from '../../wire/codec';
import { differ, magnitude } from './differ';
import { type Columns, StateTable } from './state-table';
import type { Contents, VersionFiles } from './version-file';
import type { EndOfWork } from './version-updates';

type Merge = (a: unknown, b: unknown) => unknown;

/** The functions of a window, and how it names itself. */
export interface WindowFunctions {
  readonly operation: string;
  readonly f: Merge;
  readonly inverse: Merge;
}

/** Writes the file of a batch: its pairs, which `rows` computes. */
export function writeBatch(version: number, rows: Iterable<readonly unknown[]>, files: VersionFiles, added: EndOfWork): Columns {
  const batch = columnsOf(rows);
  files.write('delta', { version, rows: batch[0].length }, [batch], { added: added() });
  return batch;
}

/**
 * Makes the version of `step`, and by `batchOf` the file of its batch: from the table of the version before, or from one without a version, which
 * holds the other batches of the window.
 */
export function stepWindow(
  { version, keepFrom }: StateStep,
  span: WindowSpan,
  table: StateTable,
  batchOf: () => Columns,
  files: VersionFiles,
  functions: WindowFunctions,
): StateTable {
  if (files.has(version, 'verdict')) throw mismatch(readVerdict(version, files));
  const accuse = (details: Mismatch) => {
    const columns: Columns = [Object.keys(details), Object.values(details), []];
    files.write('verdict', { version, rows: columns[0].length }, [columns]);
    throw mismatch(details);
  };
  // Before anything is merged, which may change values in place.
  const batch = batchOf();
  let made = table;
  let window = new Window(made, version, span, functions, accuse);
  const leaving = version - span.length;
  if (table.version !== undefined && leaving >= span.first && !window.subtractAll(files.open(leaving, 'delta'))) {
    made = loadWindow(span, version, files, functions, false);
    made.cleanedTo = table.cleanedTo;
    window = new Window(made, version, span, functions, accuse);
  }
  window.add(batch, true);
  window.askWitness();
  removeOld(made, files, span, keepFrom);
  made.version = version;
  return made.compacted();
}

/**
 * Adds the batches of a window up again, oldest first, or all but the last, which is then no version. Throws STATE_LOST, which names the
 * file that is gone or damaged.
 */
export function loadWindow(
  span: WindowSpan,
  version: number,
  files: VersionFiles,
  functions: WindowFunctions,
  withLast = true,
): StateTable {
  const table = new StateTable(false);
  const window = new Window(table, version, span, functions, () => {});
  for (const at of versionsIn(span, version))
    if (withLast || at !== version) for (const columns of files.open(at, 'delta').columns()) window.add(columns, false);
  if (withLast) table.version = version;
  return table;
}

function columnsOf(rows: Iterable<readonly unknown[]>): Columns {
  const columns: Columns = [[], [], []];
  for (const chunk of rows) {
    for (const [key, value] of chunk as readonly [unknown, unknown][]) {
      columns[0].push(key);
      columns[1].push(value);
    }
  }
  return columns;
}

/** The batch that left with the oldest version that is still wanted is needed no more, nor what is before it. */
function removeOld(table: StateTable, files: VersionFiles, { length, step }: WindowSpan, keepFrom: number): void {
  const needed = keepFrom - length;
  if (table.cleanedTo === undefined) files.removeBefore(needed);
  else for (let at = table.cleanedTo; at < needed; at += step) files.remove(at, 'delta');
  table.cleanedTo = needed;
}

/** What was found wrong, as text. */
interface Mismatch {
  readonly operation: string;
  readonly key: string;
  readonly got: string;
  readonly expected: string;
}

/** Whether all numbers of a value are of a size at which whole numbers are exact. */
const isExact = (value: unknown): boolean => magnitude(value) <= Number.MAX_SAFE_INTEGER;

const mismatch = (details: Mismatch): MillraceError => new MillraceError('NOT_INVERSE', { ...details });

function readVerdict(version: number, files: VersionFiles): Mismatch {
  const [[names, values]] = [...files.open(version, 'verdict').columns()];
  return Object.fromEntries(names.map((name, i) => [name as string, values[i]])) as unknown as Mismatch;
}

/** A table on its way from one version to the next. The stamp of a key is the number of batches that hold it. */
class Window {
  readonly #table: StateTable;
  readonly #version: number;
  readonly #length: number;
  readonly #functions: WindowFunctions;
  readonly #accuse: (details: Mismatch) => void;

  constructor(
    table: StateTable,
    version: number,
    { length }: WindowSpan,
    functions: WindowFunctions,
    accuse: (details: Mismatch) => void,
  ) {
    this.#table = table;
    this.#version = version;
    this.#length = length;
    this.#functions = functions;
    this.#accuse = accuse;
  }

  add([keys, values]: Columns, witnessing: boolean): void {
    const table = this.#table;
    const { f } = this.#functions;
    for (let i = 0; i < keys.length; i++) {
      const n = table.find(keys[i]);
      const isNew = !table.has(n);
      if (witnessing) this.#witness(keys[i], values[i], isNew);
      table.set(n, isNew ? values[i] : this.#call(f, keys[i], table.get(n), values[i]));
      table.setStamp(n, isNew ? 1 : table.stampOf(n) + 1);
      const m = magnitude(table.get(n));
      if (!(m <= table.greatest)) table.greatest = m;
    }
  }

  /** Takes a batch out; false, with the table of no use any more, where the values do not let themselves be subtracted. */
  subtractAll(batch: Contents): boolean {
    try {
      for (const columns of batch.columns()) if (!this.#subtract(columns)) return false;
      return true;
    } finally {
      batch.close();
    }
  }

  #subtract([keys, values]: Columns): boolean {
    const table = this.#table;
    const { inverse } = this.#functions;
    for (let i = 0; i < keys.length; i++) {
      const n = table.find(keys[i]);
      // No subtraction takes NaN or Infinity out of a sum, nor gives back the digits that a great number had no room for.
      if (!isExact(table.get(n)) || !isExact(values[i])) return false;
      if (this.#isWitness(keys[i])) table.witness!.values.shift();
      if (table.stampOf(n) > 1) {
        table.set(n, this.#call(inverse, keys[i], table.get(n), values[i]));
        table.setStamp(n, table.stampOf(n) - 1);
        continue;
      }
      // Only this batch was left, so what is left must be what it held.
      this.#compare(keys[i], table.get(n), values[i]);
      if (this.#isWitness(keys[i])) table.witness = undefined;
      table.remove(n);
    }
    return true;
  }

  /** Compares one key's value with the plain merge of its batches, once a window. */
  askWitness(): void {
    const { witness } = this.#table;
    if (!witness || witness.dueAt > this.#version) return;
    const [first, ...rest] = witness.values.map((bytes) => decode(bytes, 'executor'));
    const plain = rest.reduce((a, b) => this.#call(this.#functions.f, witness.key, a, b), first);
    this.#compare(witness.key, this.#table.get(this.#table.find(witness.key)), plain);
    witness.dueAt = this.#version + this.#length;
    witness.wasAsked = true;
  }

  #compare(key: unknown, got: unknown, expected: unknown): void {
    if (!differ(got, expected, this.#table.greatest)) return;
    const { operation } = this.#functions;
    this.#accuse({ operation, key: showElement(key), got: showElement(got), expected: showElement(expected) });
  }

  #isWitness(key: unknown): boolean {
    const { witness } = this.#table;
    return witness !== undefined && sameKey(witness.key, key);
  }

  /** Follows a key that is new, if none is followed that has not been asked. */
  #witness(key: unknown, value: unknown, isNew: boolean): void {
    if (typeof key === 'object') return;
    if (isNew && this.#table.witness?.wasAsked !== false)
      this.#table.witness = { key, values: [], dueAt: this.#version + this.#length, wasAsked: false };
    if (this.#isWitness(key)) this.#table.witness!.values.push(encode(value));
  }

  #call(f: Merge, key: unknown, a: unknown, b: unknown): unknown {
    try {
      return f(a, b);
    } catch (thrown) {
      throw new StepFailure(thrown, this.#functions.operation, showElement([key, b]));
    }
  }
}
