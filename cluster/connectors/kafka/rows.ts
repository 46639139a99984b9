// Records as rows: of each only the fields that the next steps read.
import { connectorError } from '../../../runtime/base/declared/connector-failure';
import { Cursor, type RecordBatch } from './record-batches';

/** A record of a topic. */
export interface KafkaRecord<V = unknown, K = string> {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch, as the producer or the broker wrote it. */
  readonly timestamp: number;
  /** Null for a record without one. */
  readonly key: K | null;
  /** Null for a tombstone, which deletes what has its key. */
  readonly value: V | null;
  /** Of several headers with one name the last. */
  readonly headers: Readonly<Record<string, string>>;
}

/** How keys and values are read: by name, or by a function of the bytes. */
export type Decoder<T = unknown> = 'text' | 'json' | 'bytes' | ((bytes: Buffer, record: KafkaRecord) => T | Promise<T>);

export interface Decoders {
  readonly key: Decoder;
  readonly value: Decoder;
}

interface MutableRecord {
  topic: string;
  partition: number;
  offset: number;
  timestamp: number;
  key: unknown;
  value: unknown;
  headers: Readonly<Record<string, string>>;
}

const noHeaders: Readonly<Record<string, string>> = Object.freeze({});

/** A method of every Buffer that its types leave out; `toString` takes twice as long. */
interface Sliced {
  utf8Slice(from: number, to: number): string;
}

const textOf = (bytes: Buffer, from: number, to: number): string => (bytes as unknown as Sliced).utf8Slice(from, to);

/** The longest text that a message shows of a value. */
const shownChars = 80;

const isPromise = (value: unknown): value is Promise<unknown> => typeof (value as { then?: unknown } | null)?.then === 'function';

/** Makes rows of the batches of one partition. */
export class RowMaker {
  readonly #topic: string;
  readonly #partition: number;
  readonly #decoders: Decoders;
  readonly #wants: { readonly key: boolean; readonly value: boolean; readonly headers: boolean };
  /** Functions that decode see the whole record. */
  readonly #isWhole: boolean;
  /** Nothing is read of the rows: all of them are this one. */
  readonly #same: object | undefined;

  constructor(topic: string, partition: number, decoders: Decoders, wanted: readonly string[] | undefined) {
    this.#topic = topic;
    this.#partition = partition;
    this.#decoders = decoders;
    const wants = (name: string) => wanted === undefined || wanted.includes(name);
    this.#isWhole = [decoders.key, decoders.value].some((f) => typeof f === 'function');
    this.#wants = {
      key: wants('key') || typeof decoders.value === 'function',
      value: wants('value'),
      headers: wants('headers') || this.#isWhole,
    };
    if (wanted?.length === 0) this.#same = Object.freeze({});
  }

  /** Appends the records of a batch between two offsets. What decodes later is in `later`. */
  add(batch: RecordBatch, from: number, to: number, rows: object[], later: Promise<void>[]): void {
    const cursor = new Cursor(batch.records);
    const { bytes } = cursor;
    const { baseOffset, baseTimestamp, appendTime } = batch;
    const { key, value, headers } = this.#wants;
    for (let i = 0; i < batch.count; i++) {
      const length = cursor.int();
      const end = cursor.at + length;
      // The attributes of a record have no meaning yet.
      cursor.at++;
      const delta = cursor.long();
      const offset = baseOffset + cursor.int();
      if (offset < from || offset >= to) {
        cursor.at = end;
        continue;
      }
      if (this.#same) {
        rows.push(this.#same);
        cursor.at = end;
        continue;
      }
      const row: MutableRecord = {
        topic: this.#topic,
        partition: this.#partition,
        offset,
        timestamp: appendTime ?? baseTimestamp + delta,
        key: undefined,
        value: undefined,
        headers: noHeaders,
      };
      const keyLength = cursor.int();
      const keyAt = cursor.at;
      if (keyLength > 0) cursor.at += keyLength;
      const valueLength = cursor.int();
      const valueAt = cursor.at;
      if (valueLength > 0) cursor.at += valueLength;
      if (headers) row.headers = headersOf(cursor);
      if (key) row.key = keyLength < 0 ? null : this.#decoded('key', row, bytes, keyAt, keyAt + keyLength, later);
      if (value) row.value = valueLength < 0 ? null : this.#decoded('value', row, bytes, valueAt, valueAt + valueLength, later);
      rows.push(row);
      cursor.at = end;
    }
  }

  #decoded(what: 'key' | 'value', row: MutableRecord, bytes: Buffer, from: number, to: number, later: Promise<void>[]): unknown {
    const decoder = this.#decoders[what];
    if (decoder === 'text') return textOf(bytes, from, to);
    if (decoder === 'bytes') return Buffer.from(bytes.subarray(from, to));
    try {
      if (decoder === 'json') return JSON.parse(textOf(bytes, from, to));
      const value = decoder(bytes.subarray(from, to), row as KafkaRecord);
      if (!isPromise(value)) return value;
      later.push(
        value.then(
          (known) => {
            row[what] = known;
          },
          (error) => {
            throw undecoded(what, row, error);
          },
        ),
      );
      return undefined;
    } catch (error) {
      const shown = decoder === 'json' ? ` of ${JSON.stringify(textOf(bytes, from, Math.min(to, from + shownChars)))}` : '';
      throw undecoded(`${what}${shown}`, row, error);
    }
  }
}

function undecoded(what: string, { topic, partition, offset }: MutableRecord, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return connectorError(
    'failed',
    `topic ${topic}, partition ${partition}, offset ${offset}: the ${what} could not be decoded: ${reason}`,
    "Read it with value: 'text' or 'bytes', and decode it in .map(f, { onError: 'skip' }).",
    cause,
  );
}

function headersOf(cursor: Cursor): Readonly<Record<string, string>> {
  const count = cursor.int();
  if (count <= 0) return noHeaders;
  const headers: Record<string, string> = Object.create(null);
  for (let i = 0; i < count; i++) {
    const nameLength = cursor.int();
    const name = textOf(cursor.bytes, cursor.at, cursor.at + nameLength);
    cursor.at += nameLength;
    const length = cursor.int();
    headers[name] = length > 0 ? textOf(cursor.bytes, cursor.at, cursor.at + length) : '';
    if (length > 0) cursor.at += length;
  }
  return { ...headers };
}
