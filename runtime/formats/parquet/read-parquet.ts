// Reads Parquet files: their footers, and the rows of some of their row groups, from the columns that are wanted.
import { fstatSync, readSync } from 'node:fs';
import { closeQuietly, openInput, unreadable } from '../../base/files';
import { checkVersion } from '../../plan/file-version';
import type { InputFile, TextRange } from '../../plan/input-file';
import type { ParquetSpec } from '../../plan/table-spec';
import type { Column } from '../../schema/schema';
import { kindText } from '../../schema/schema-text';
import { uniqueNames } from '../csv/dialect';
import { folderValues, plainValue } from '../folder-columns';
import { NoRoom } from '../plain-values';
import { rowsOfColumns } from '../rows-of-columns';
import { contradiction, notATable } from '../table-errors';
import { Zone } from '../time-text';
import { Assembly } from './assemble';
import { type Footer, footerOf, magic, type Node, type RowGroup } from './footer';
import { converterOf } from './leaf-values';
import { Pages } from './pages';
import { leafTypes } from './parquet-schema';

/** Bytes of a footer: one of a file with a million columns has less. */
const mostFooterBytes = 512 << 20;

/** Rows that are made at a time. */
const rowsPerChunk = 2048;

const cannot = (path: string, reason: string): never =>
  notATable(path, 'Parquet', reason, 'Check that the file is whole: copy it again, or have its writer close it.');

function bytesAt(fd: number, path: string, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  try {
    for (let n = 1; n > 0 && done < length; done += n) n = readSync(fd, bytes, done, length - done, position + done);
  } catch (e) {
    return unreadable(path, e);
  }
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

function footerAt(fd: number, path: string): Footer {
  const { size } = fstatSync(fd);
  if (size < 12) return cannot(path, 'it is too short');
  const tail = bytesAt(fd, path, size - 8, 8);
  if (tail.subarray(4).toString('latin1') === 'PARE') return cannot(path, 'it is encrypted, and Millrace has no key');
  if (!tail.subarray(4).equals(magic)) return cannot(path, 'it does not end as one: it may have been cut off');
  if (!bytesAt(fd, path, 0, 4).equals(magic)) return cannot(path, 'it does not begin as one');
  const length = tail.readUInt32LE(0);
  if (length > size - 12 || length > mostFooterBytes) return cannot(path, 'the length of its footer is wrong');
  return within(path, () => footerOf(bytesAt(fd, path, size - 8 - length, length)));
}

/** The footer of a file. Throws UNREADABLE_FILE, UNREADABLE_TABLE. */
export function readFooter({ path }: Pick<InputFile, 'path'>): Footer {
  const fd = openInput(path);
  try {
    return footerAt(fd, path);
  } finally {
    closeQuietly(fd);
  }
}

/** A column of the rows with its node in the file. */
interface Placed {
  readonly column: Column;
  readonly node: Node | undefined;
  readonly constant: unknown;
}

function placedIn({ root }: Footer, spec: ParquetSpec, path: string): Placed[] {
  const names = uniqueNames(root.children.map(({ name }) => name));
  const nodes = new Map(root.children.map((node, i) => [names[i], node]));
  const folders = folderValues(path, spec.folders);
  const wanted = spec.wanted && new Set(spec.wanted);
  return spec.schema.columns
    .filter(({ name }) => !wanted || wanted.has(name))
    .map((column) => {
      const folder = folders.get(column.name);
      return {
        column,
        node: folder === undefined ? nodes.get(column.name) : undefined,
        constant: folder === undefined ? null : plainValue(column, folder),
      };
    });
}

/** The pages of the leaves of a column. */
function pagesOf(fd: number, path: string, placed: Placed, group: RowGroup, zone: Zone): Map<Node, Pages> {
  const { size } = fstatSync(fd);
  const types = leafTypes(placed.node!, placed.column.type);
  return new Map(
    placed.node!.leaves.map((leaf) => {
      const chunk = group.chunks[leaf.leaf];
      if (chunk.isEncrypted) return cannot(path, `its column ${placed.column.name} is encrypted`);
      if (chunk.start < 0 || chunk.bytes < 0 || chunk.start + chunk.bytes > size)
        return cannot(path, 'a column lies outside of it');
      const convert = converterOf(leaf, types.get(leaf) ?? placed.column.type, zone);
      return [leaf, new Pages(leaf, chunk, bytesAt(fd, path, chunk.start, chunk.bytes), convert)];
    }),
  );
}

/** The rows of some row groups, some at a time: those from `start` to before `end`. */
export function* parquetRows(spec: ParquetSpec, range: TextRange): Generator<unknown[]> {
  const { path, version } = range;
  const fd = openInput(path);
  try {
    checkVersion(path, fd, version, false);
    const footer = footerAt(fd, path);
    const placed = within(path, () => placedIn(footer, spec, path));
    for (const [i, group] of footer.groups.slice(range.start, range.end).entries())
      yield* groupRows(fd, path, placed, group, spec, range.start + i);
  } finally {
    closeQuietly(fd);
  }
}

function* groupRows(
  fd: number,
  path: string,
  placed: readonly Placed[],
  group: RowGroup,
  spec: ParquetSpec,
  index: number,
): Generator<unknown[]> {
  const zone = new Zone(spec.timeZone);
  const readers = placed.map((one) =>
    within(path, () => {
      if (!one.node) return undefined;
      return new Assembly(pagesOf(fd, path, one, group, zone)).reader(one.node);
    }),
  );
  const make = rowsOfColumns(placed.map(({ column }) => column.name));
  for (let done = 0; done < group.rows; done += rowsPerChunk) {
    const count = Math.min(rowsPerChunk, group.rows - done);
    const values = readers.map((read, c) => {
      const out = new Array<unknown>(count);
      if (!read) return out.fill(placed[c].constant);
      return within(path, () => {
        try {
          for (let i = 0; i < count; i++) out[i] = read();
        } catch (e) {
          if (e instanceof NoRoom) throw noRoom(e, placed[c].column, path, index, spec);
          throw e;
        }
        return out;
      });
    });
    yield make(values, count);
  }
}

function noRoom({ value, better }: NoRoom, column: Column, path: string, group: number, spec: ParquetSpec) {
  const where = `${path}, row group ${group}`;
  const wanted = column.type.kind === 'int' ? 'a number of at most 2^53' : kindText(column.type);
  const error = contradiction({ where, column: column.name, value, wanted, sampled: spec.sampled, better });
  return error;
}

/** The number of rows of some row groups, as the footer has it. */
export function parquetCount(range: TextRange): number {
  const { groups } = readFooter(range);
  return groups.slice(range.start, range.end).reduce((sum, { rows }) => sum + rows, 0);
}
