// Reads Arrow files and streams: their schema, their dictionaries, and the rows of some of their record batches.
import { type Openable, type OpenFile, openFile } from '../../base/remote/open-file';
import { type ColumnData, type Batch as Rows, rowsOfBatches, valueAt } from '../../columns/batch';
import { checkVersion } from '../../plan/file-version';
import type { InputFile, TextRange } from '../../plan/input-file';
import type { ArrowSpec } from '../../plan/table-spec';
import type { Column } from '../../schema/schema';
import { kindText } from '../../schema/schema-text';
import { type Zone, zoneOf } from '../../schema/time-zone';
import { uniqueNames } from '../csv/dialect';
import { folderValues, plainValue } from '../folder-columns';
import { betterFor, isGiven, misfit } from '../given-types';
import { NoRoom } from '../plain-values';
import { contradiction, notATable } from '../table-errors';
import { type Field, fieldOf, schemaOfFields } from './arrow-schema';
import { Batch, type BatchContext } from './batch';
import { type Block, FlatTable } from './flatbuffer';

const fileMagic = Buffer.from('ARROW1');

const cannot = (path: string, reason: string): never =>
  notATable(
    path,
    'Arrow',
    reason,
    'Check that the file is whole, and an IPC file or stream; a Feather file of version 1 is neither.',
  );

/** Metadata of one message, and a body: larger ones are damage. */
const mostMetadataBytes = 256 << 20;
const mostBodyBytes = 2 ** 31 - 1;

/** A message: what it is, and where its body lies. */
interface Message {
  readonly kind: number;
  readonly header: FlatTable;
  readonly version: number;
  readonly bodyAt: number;
  readonly bodyBytes: number;
  /** Where the next message begins. */
  readonly end: number;
}

const kinds = { schema: 1, dictionary: 2, batch: 3 } as const;

/** What a file holds, with nothing of its values read. */
export interface ArrowFile {
  readonly fields: readonly Field[];
  readonly isBig: boolean;
  readonly messages: readonly Message[];
  /** How many record batches there are. */
  readonly batches: number;
}

class Reader {
  readonly path: string;
  readonly zone: Zone;
  readonly #opened: OpenFile;
  readonly #size: number;

  constructor(file: Openable, timeZone = 'UTC') {
    this.path = file.path;
    this.zone = zoneOf(timeZone);
    this.#opened = openFile(file);
    this.#size = this.#opened.size;
  }

  close(): void {
    this.#opened.close();
  }

  check(version: InputFile['version']): void {
    checkVersion(this.path, this.#opened.fd, version, false);
  }

  bytes(at: number, length: number): Buffer {
    if (at < 0 || length < 0 || at + length > this.#size) throw new RangeError('it ends too early');
    const bytes = Buffer.allocUnsafe(length);
    let done = 0;
    for (let n = 1; n > 0 && done < length; done += n) n = this.#opened.read(bytes, done, length - done, at + done);
    if (done < length) throw new RangeError('it ends too early');
    return bytes;
  }

  /** The message at a place; undefined at the end of a stream. */
  #message(at: number): Message | undefined {
    if (at + 4 > this.#size) {
      // A stream that ends without its mark has all its messages.
      if (at === this.#size) return undefined;
      throw new RangeError('it ends too early');
    }
    const first = this.bytes(at, 4).readInt32LE(0);
    const isMarked = first === -1;
    const length = isMarked ? this.bytes(at + 4, 4).readInt32LE(0) : first;
    if (length === 0) return undefined;
    if (length < 0 || length > mostMetadataBytes) throw new RangeError('the length of a message is wrong');
    const start = at + (isMarked ? 8 : 4);
    const table = FlatTable.root(this.bytes(start, length));
    const header = table.table(2);
    const bodyBytes = table.long(3);
    if (!header || bodyBytes < 0 || bodyBytes > mostBodyBytes) throw new RangeError('a message is damaged');
    const bodyAt = start + length;
    return { kind: table.byte(1), header, version: table.short(0), bodyAt, bodyBytes, end: bodyAt + bodyBytes };
  }

  /** The messages of a file by its footer, or of a stream one by one. */
  open(): ArrowFile {
    const isFile = this.#size >= 6 && this.bytes(0, 6).equals(fileMagic);
    return isFile ? this.#file() : this.#stream();
  }

  #stream(): ArrowFile {
    const first = this.#message(0);
    if (first?.kind !== kinds.schema) throw new RangeError('it does not begin with a schema');
    const messages: Message[] = [];
    let at = first.end;
    for (let message = this.#message(at); message; message = this.#message(at)) {
      if (message.kind !== kinds.dictionary && message.kind !== kinds.batch)
        throw new RangeError('it has a message that is not known');
      if (message.end > this.#size) throw new RangeError('it ends too early');
      messages.push(message);
      at = message.end;
    }
    return fileOf(first.header, messages);
  }

  #file(): ArrowFile {
    if (this.#size < 8 + 10 || !this.bytes(this.#size - 6, 6).equals(fileMagic))
      throw new RangeError('it does not end as one: it may have been cut off');
    const length = this.bytes(this.#size - 10, 4).readInt32LE(0);
    if (length <= 0 || length > this.#size - 18) throw new RangeError('the length of its footer is wrong');
    const footer = FlatTable.root(this.bytes(this.#size - 10 - length, length));
    const schema = footer.table(1);
    if (!schema) throw new RangeError('its footer has no schema');
    const messages = [
      ...footer.blocks(2).map((block) => this.#block(block, kinds.dictionary)),
      ...footer.blocks(3).map((block) => this.#block(block, kinds.batch)),
    ];
    return fileOf(schema, messages);
  }

  #block({ at, metadata, body }: Block, kind: number): Message {
    if (at < 8 || metadata <= 0 || body < 0 || at % 8 !== 0 || at + metadata + body > this.#size)
      throw new RangeError('a block of its footer is wrong');
    const message = this.#message(at);
    if (message?.kind !== kind || message.bodyAt !== at + metadata || message.bodyBytes !== body)
      throw new RangeError('a block of its footer is wrong');
    return message;
  }
}

function fileOf(schema: FlatTable, messages: readonly Message[]): ArrowFile {
  const fields = schema.tables(1).map(fieldOf);
  return { fields, isBig: schema.short(0) === 1, messages, batches: messages.filter(({ kind }) => kind === kinds.batch).length };
}

/** Looks at a file. Throws UNREADABLE_FILE, UNREADABLE_TABLE. */
export function openArrow(file: Openable): ArrowFile {
  return reading(file, (reader) => reader.open());
}

function reading<T>(file: Openable, read: (reader: Reader) => T): T {
  const { path } = file;
  const reader = new Reader(file);
  try {
    return read(reader);
  } catch (e) {
    if (e instanceof RangeError) return cannot(path, e.message);
    throw e;
  } finally {
    reader.close();
  }
}

/** Fields with dictionaries, by their ids. */
function dictionaryFields(fields: readonly Field[], found = new Map<number, Field>()): Map<number, Field> {
  for (const field of fields) {
    if (field.dictionary) found.set(field.dictionary.id, field);
    dictionaryFields(field.children, found);
  }
  return found;
}

/** Goes through the messages of a file, keeps its dictionaries, and hands over its record batches from `from` to before `to`. */
function* batchesOf<T>(
  reader: Reader,
  file: ArrowFile,
  from: number,
  to: number,
  isWide: (field: Field) => boolean,
  isExact: (field: Field) => boolean,
  take: (batch: Batch) => T,
): Generator<T> {
  const dictionaries = new Map<number, readonly unknown[]>();
  const byId = dictionaryFields(file.fields);
  let index = 0;
  for (const { kind, header, version, bodyAt, bodyBytes } of file.messages) {
    const context: BatchContext = { isBig: file.isBig, hasUnionNulls: version < 4, zone: reader.zone, dictionaries };
    if (kind === kinds.dictionary) {
      const field = byId.get(header.long(0));
      const data = header.table(1);
      if (!field || !data) throw new RangeError('it has a dictionary of no field');
      const values = new Batch(data, reader.bytes(bodyAt, bodyBytes), context).column(
        { ...field, dictionary: undefined },
        isWide(field),
        isExact(field),
      );
      const before = header.byte(2) === 1 ? (dictionaries.get(header.long(0)) ?? []) : [];
      dictionaries.set(header.long(0), [...before, ...values]);
      continue;
    }
    if (index >= to) return;
    if (index++ >= from) yield take(new Batch(header, reader.bytes(bodyAt, bodyBytes), context));
  }
}

/** Batches that are looked at for numbers that need bigints. */
const inspectedBatches = 20;

const hasWide = ({ type, width, children }: Field): boolean =>
  (type === 'int' && width === 64) || type === 'duration' || children.some(hasWide);

/** The columns whose first batches have whole numbers beyond 2^53. */
export function wideColumns(of: Openable): string[] {
  return reading(of, (reader) => {
    const file = reader.open();
    if (!file.fields.some(hasWide)) return [];
    const names = uniqueNames(file.fields.map(({ name }) => name));
    const wide = new Set<string>();
    for (const columns of batchesOf(
      reader,
      file,
      0,
      inspectedBatches,
      () => true,
      () => false,
      (batch) => file.fields.map((field) => batch.column(field, true, false)),
    ))
      for (const [i, values] of columns.entries()) if (hasWide(file.fields[i]) && values.some(isBeyond)) wide.add(names[i]);
    return [...wide];
  });
}

function isBeyond(value: unknown): boolean {
  if (typeof value === 'bigint') return !Number.isSafeInteger(Number(value));
  if (typeof value !== 'object' || value === null || value instanceof Date || ArrayBuffer.isView(value)) return false;
  return value instanceof Map ? [...value].some(isBeyond) : Object.values(value).some(isBeyond);
}

/** The rows of some record batches, a batch at a time. */
export function* arrowRows(spec: ArrowSpec, range: TextRange): Generator<unknown[]> {
  const wanted = spec.wanted && new Set(spec.wanted);
  const make = rowsOfBatches(spec.schema.columns.flatMap(({ name }) => (!wanted || wanted.has(name) ? [name] : [])));
  for (const batch of arrowBatches(spec, range)) yield make(batch, 0, batch.count);
}

/** Throws BAD_VALUE for the first value that is not of the type that was given. */
function checkFit(data: ColumnData, column: Column, batch: string, rows: number, sampled: number | undefined): void {
  const row = misfit(column, data, rows);
  if (row < 0) return;
  const value = valueAt(data, row);
  const better = value === null ? `${kindText(column.type)} | null` : betterFor(value);
  const where = `${batch}, row ${row + 1}`;
  throw contradiction({ where, column: column.name, value, wanted: kindText(column.type), sampled, better });
}

/** The same as columns. */
export function* arrowBatches(spec: ArrowSpec, range: TextRange): Generator<Rows> {
  const { path, version } = range;
  const reader = new Reader(range, spec.timeZone);
  try {
    reader.check(version);
    const file = reader.open();
    const names = uniqueNames(file.fields.map(({ name }) => name));
    const places = new Map(names.map((name, i) => [name, i]));
    const folders = folderValues(path, spec.folders);
    const wanted = spec.wanted && new Set(spec.wanted);
    const columns = spec.schema.columns.filter(({ name }) => !wanted || wanted.has(name));
    const wide = new Set(spec.wide);
    const isWide = (field: Field) =>
      wide.has(names[file.fields.indexOf(field)] ?? '') || (!file.fields.includes(field) && wide.size > 0);
    const isExact = (field: Field) =>
      columns.some(({ name, type }) => type.kind === 'text' && name === names[file.fields.indexOf(field)]);
    const wantedNames = columns.map(({ name }) => name);
    const own = schemaOfFields(file.fields, isWide);
    let index = range.start;
    let current: Column | undefined;
    const take = (batch: Batch): Rows => {
      const found = file.fields.map((field, i) => {
        current = columns.find(({ name }) => name === names[i]);
        return batch.column(field, wide.has(names[i]), current?.type.kind === 'text');
      });
      const made = columns.map((column): ColumnData => {
        const folder = folders.get(column.name);
        const place = places.get(column.name);
        if (folder === undefined && place !== undefined) {
          const data: ColumnData = { kind: 'values', values: found[place] };
          if (isGiven(column, own.columns[place]))
            checkFit(data, column, `${path}, record batch ${index}`, batch.rows, spec.sampled);
          return data;
        }
        const constant = folder === undefined ? null : plainValue(column, folder);
        return { kind: 'places', places: new Int32Array(batch.rows), values: [constant] };
      });
      index++;
      return { count: batch.rows, names: wantedNames, columns: made };
    };
    try {
      yield* batchesOf(reader, file, range.start, range.end, isWide, isExact, take);
    } catch (e) {
      if (!(e instanceof NoRoom)) throw e;
      const where = path;
      throw contradiction({
        where,
        column: current?.name ?? '',
        value: e.value,
        wanted: 'a number of at most 2^53',
        sampled: spec.sampled,
        better: e.better,
      });
    }
  } catch (e) {
    if (e instanceof RangeError) cannot(path, e.message);
    throw e;
  } finally {
    reader.close();
  }
}

/** The number of rows of some record batches. */
export function arrowCount(range: TextRange): number {
  return reading(range, (reader) => {
    const { messages } = reader.open();
    const batches = messages.filter(({ kind }) => kind === kinds.batch);
    return batches.slice(range.start, range.end).reduce((sum, { header }) => sum + header.long(0), 0);
  });
}
