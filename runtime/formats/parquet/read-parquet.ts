// Reads Parquet files: their footers, and the rows of some of their row groups, from the columns that are wanted.
import { type Openable, type OpenFile, openFile } from '../../base/remote/open-file';
import { type Batch, type ColumnData, partOf, rowsOfBatches, valueAt } from '../../columns/batch';
import { checkVersion } from '../../plan/file-version';
import type { TextRange } from '../../plan/input-file';
import type { ParquetSpec } from '../../plan/table-spec';
import type { Column, Schema } from '../../schema/schema';
import { kindText } from '../../schema/schema-text';
import { type Zone, zoneOf } from '../../schema/time-zone';
import { uniqueNames } from '../csv/dialect';
import { folderValues, plainValue } from '../folder-columns';
import { betterFor, isGiven, misfit } from '../given-types';
import { NoRoom } from '../plain-values';
import { contradiction, notATable } from '../table-errors';
import { Assembly } from './assemble';
import { FlatColumn, isFlat, type Segment } from './flat-column';
import { type Chunk, type Footer, footerOf, magic, type Node, type RowGroup } from './footer';
import { converterOf } from './leaf-values';
import { Pages } from './pages';
import { leafTypes, schemaOfFooter } from './parquet-schema';
import { mayHave, type Placed } from './skip';

/** Bytes of a footer: one of a file with a million columns has less. */
const mostFooterBytes = 512 << 20;

/** Rows that are made at a time. */
const rowsPerChunk = 2048;

const cannot = (path: string, reason: string): never =>
  notATable(path, 'Parquet', reason, 'Check that the file is whole: copy it again, or have its writer close it.');

function bytesAt(file: OpenFile, path: string, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  for (let n = 1; n > 0 && done < length; done += n) n = file.read(bytes, done, length - done, position + done);
  return done === length ? bytes : cannot(path, 'it ends too early');
}

/** Reads what is in a file; what is wrong in it is an error about the file. */
export function within<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (e) {
    if (e instanceof RangeError) return cannot(path, e.message);
    throw e;
  }
}

/** Footers that were read last, by file: the tasks on parts of one file need the same. */
const footers = new Map<string, Footer>();
const mostFooters = 4;
/** A larger one would hold much memory. */
const mostHeldBytes = 1 << 20;

function footerAt(file: OpenFile, path: string): Footer {
  const key = file.identity;
  const known = key === undefined ? undefined : footers.get(key);
  if (known) return known;
  const { footer, bytes } = footerIn(file, path);
  if (key === undefined || bytes > mostHeldBytes) return footer;
  if (footers.size >= mostFooters) footers.delete(footers.keys().next().value!);
  footers.set(key, footer);
  return footer;
}

function footerIn(file: OpenFile, path: string): { footer: Footer; bytes: number } {
  const { size } = file;
  if (size < 12) return cannot(path, 'it is too short');
  const tail = bytesAt(file, path, size - 8, 8);
  if (tail.subarray(4).toString('latin1') === 'PARE') return cannot(path, 'it is encrypted, and Millrace has no key');
  if (!tail.subarray(4).equals(magic)) return cannot(path, 'it does not end as one: it may have been cut off');
  if (!bytesAt(file, path, 0, 4).equals(magic)) return cannot(path, 'it does not begin as one');
  const length = tail.readUInt32LE(0);
  if (length > size - 12 || length > mostFooterBytes) return cannot(path, 'the length of its footer is wrong');
  return { footer: within(path, () => footerOf(bytesAt(file, path, size - 8 - length, length))), bytes: length };
}

/** The footer of a file. Throws UNREADABLE_FILE, UNREADABLE_TABLE. */
export function readFooter(openable: Openable): Footer {
  const file = openFile(openable);
  try {
    return footerAt(file, openable.path);
  } finally {
    file.close();
  }
}

function placedIn({ root }: Footer, spec: ParquetSpec, path: string): Placed[] {
  const names = uniqueNames(root.children.map(({ name }) => name));
  const nodes = new Map(root.children.map((node, i) => [names[i], node]));
  const folders = folderValues(path, spec.folders);
  return spec.schema.columns.map((column) => {
    const folder = folders.get(column.name);
    return {
      column,
      node: folder === undefined ? nodes.get(column.name) : undefined,
      constant: folder === undefined ? null : plainValue(column, folder),
    };
  });
}

/** What the rows of a file's row groups are read with. */
interface Reading {
  readonly file: OpenFile;
  readonly path: string;
  readonly size: number;
  readonly spec: ParquetSpec;
  readonly zone: Zone;
  /** The columns as the file has them. */
  readonly own: Schema;
}

/** The bytes of a leaf's pages. */
function chunkBytes({ file, path, size }: Reading, { column }: Placed, { isEncrypted, start, bytes }: Chunk): Buffer {
  if (isEncrypted) return cannot(path, `its column ${column.name} is encrypted`);
  if (start < 0 || bytes < 0 || start + bytes > size) return cannot(path, 'a column lies outside of it');
  return bytesAt(file, path, start, bytes);
}

/** A column that must be put together, some rows at a time. */
function assembled(reading: Reading, placed: Placed, node: Node, group: RowGroup): () => Segment | undefined {
  const types = leafTypes(node, placed.column.type);
  const pages = new Map(
    node.leaves.map((leaf) => {
      const chunk = group.chunks[leaf.leaf];
      const convert = converterOf(leaf, types.get(leaf) ?? placed.column.type, reading.zone);
      return [leaf, new Pages(leaf, chunk, chunkBytes(reading, placed, chunk), convert)];
    }),
  );
  const read = new Assembly(pages).reader(node);
  let left = group.rows;
  return () => {
    const count = Math.min(rowsPerChunk, left);
    if (count === 0) return undefined;
    left -= count;
    return { count, data: { kind: 'values', values: Array.from({ length: count }, read) } };
  };
}

/** The rows of a column, a page or some rows at a time. */
function segmentsOf(reading: Reading, placed: Placed, group: RowGroup): () => Segment | undefined {
  const { node, column, constant } = placed;
  if (!node) {
    const segment = { count: group.rows, data: constantData(constant, group.rows) };
    let isDone = false;
    return () => {
      const next = isDone ? undefined : segment;
      isDone = true;
      return next;
    };
  }
  if (!isFlat(node)) return assembled(reading, placed, node, group);
  const chunk = group.chunks[node.leaf];
  const flat = new FlatColumn(node, column.type, chunk, chunkBytes(reading, placed, chunk), reading.zone);
  return () => flat.next();
}

function constantData(constant: unknown, rows: number): ColumnData {
  if (typeof constant === 'number') return { kind: 'numbers', values: new Float64Array(rows).fill(constant) };
  return { kind: 'places', places: new Int32Array(rows), values: [constant] };
}

/** The rows of a range that may be wanted, as columns: those of some of its row groups, a page at a time. */
export function* parquetBatches(spec: ParquetSpec, range: TextRange): Generator<Batch> {
  const { path, version } = range;
  const file = openFile(range);
  try {
    checkVersion(path, file.fd, version, false);
    const footer = footerAt(file, path);
    const all = within(path, () => placedIn(footer, spec, path));
    const wanted = spec.wanted && new Set(spec.wanted);
    const placed = wanted ? all.filter(({ column }) => wanted.has(column.name)) : all;
    const own = within(path, () => schemaOfFooter(footer));
    const reading = { file, path, size: file.size, spec, zone: zoneOf(spec.timeZone), own };
    for (const [i, group] of footer.groups.slice(range.start, range.end).entries()) {
      const isWanted = !spec.where || within(path, () => mayHave(spec.where!, all, group, footer.hasOrders));
      if (isWanted) yield* groupBatches(reading, placed, group, range.start + i);
    }
  } finally {
    file.close();
  }
}

function* groupBatches(reading: Reading, placed: readonly Placed[], group: RowGroup, index: number): Generator<Batch> {
  const { path } = reading;
  const names = placed.map(({ column }) => column.name);
  const next = placed.map((one) => within(path, () => segmentsOf(reading, one, group)));
  const own = new Map(reading.own.columns.map((column) => [column.name, column]));
  const isChecked = placed.map(({ column, node }) => {
    const found = own.get(column.name);
    return node !== undefined && found !== undefined && isGiven(column, found);
  });
  const held = placed.map((): Segment => ({ count: 0, data: { kind: 'values', values: [] } }));
  const used = placed.map(() => 0);
  for (let done = 0; done < group.rows; ) {
    let count = group.rows - done;
    for (const [c, read] of next.entries()) {
      while (used[c] === held[c].count) {
        held[c] = segment(read, placed[c], reading, index) ?? cannot(path, 'a column has fewer rows than its row group');
        if (isChecked[c]) checkFit(held[c], placed[c].column, reading, index, done);
        used[c] = 0;
      }
      count = Math.min(count, held[c].count - used[c]);
    }
    const columns = held.map(({ data, count: all }, c) => (count === all ? data : partOf(data, used[c], used[c] + count)));
    for (const c of used.keys()) used[c] += count;
    done += count;
    yield { count, names, columns };
  }
}

/** Throws BAD_VALUE for the first value that is not of the type that was given. */
function checkFit({ data, count }: Segment, column: Column, { path, spec }: Reading, index: number, before: number): void {
  const row = misfit(column, data, count);
  if (row < 0) return;
  const where = `${path}, row group ${index}, row ${before + row + 1}`;
  const value = valueAt(data, row);
  const better = value === null ? `${kindText(column.type)} | null` : betterFor(value);
  throw contradiction({ where, column: column.name, value, wanted: kindText(column.type), sampled: spec.sampled, better });
}

/** The next rows of a column. */
function segment(
  read: () => Segment | undefined,
  { column }: Placed,
  { path, spec }: Reading,
  index: number,
): Segment | undefined {
  return within(path, () => {
    try {
      return read();
    } catch (e) {
      if (e instanceof NoRoom) throw noRoom(e, column, path, index, spec);
      throw e;
    }
  });
}

/** The rows of some row groups, some at a time: those from `start` to before `end`. */
export function* parquetRows(spec: ParquetSpec, range: TextRange): Generator<unknown[]> {
  const wanted = spec.wanted && new Set(spec.wanted);
  const names = spec.schema.columns.flatMap(({ name }) => (!wanted || wanted.has(name) ? [name] : []));
  const make = rowsOfBatches(names);
  for (const batch of parquetBatches(spec, range))
    for (let from = 0; from < batch.count; from += rowsPerChunk)
      yield make(batch, from, Math.min(batch.count, from + rowsPerChunk));
}

function noRoom({ value, better }: NoRoom, column: Column, path: string, group: number, spec: ParquetSpec) {
  const where = `${path}, row group ${group}`;
  const wanted = column.type.kind === 'int' ? 'a number of at most 2^53' : kindText(column.type);
  return contradiction({ where, column: column.name, value, wanted, sampled: spec.sampled, better });
}

/** The number of rows of some row groups, as the footer has it. */
export function parquetCount(range: TextRange): number {
  const { groups } = readFooter(range);
  return groups.slice(range.start, range.end).reduce((sum, { rows }) => sum + rows, 0);
}

/** How many row groups of a range may have rows that are wanted. */
export function parquetGroups(spec: ParquetSpec, range: TextRange & Openable): number {
  const { path } = range;
  const footer = readFooter(range);
  return within(path, () => {
    const placed = placedIn(footer, spec, path);
    const groups = footer.groups.slice(range.start, range.end);
    return groups.filter((group) => !spec.where || mayHave(spec.where, placed, group, footer.hasOrders)).length;
  });
}
