// What the session and the process of the SQL engine say to each other: encoded values behind their length.
import { MillraceError } from '../../runtime/base/errors';
import type { SqlAnswered, SqlColumns, SqlQuery, SqlResult, SqlTarget } from '../../runtime/plan/sql-engine';
import { decode, encode } from '../../runtime/wire/codec';

/** The socket pair between the two is this descriptor of the process. */
export const sqlDescriptor = 3;

/** What the process must know before its first query. */
export interface SqlSetup {
  /** The session's folder: what the engine spills lies here. */
  readonly folder: string;
  /** The folder of datasets that executors write and read: that of the session, or of its server. */
  readonly datasets: string;
  readonly memoryMb: number;
  readonly threads: number;
}

export type SqlRequest =
  | { readonly kind: 'setup'; readonly setup: SqlSetup }
  | { readonly kind: 'prepare'; readonly id: number; readonly query: SqlQuery }
  | { readonly kind: 'run'; readonly id: number; readonly query: SqlQuery; readonly target: SqlTarget };

export type SqlReply = { readonly id: number; readonly result: SqlResult<SqlAnswered | SqlColumns> };

/** A message is a query with its values, or the columns of an answer: rows go by files. */
const maxMessageBytes = 1 << 28;

const headBytes = 4;

/** A message as it goes over the socket. Throws UNSHIPPABLE_VALUE. */
export function sqlMessage(message: SqlRequest | SqlReply): Buffer {
  const bytes = encode(message);
  if (bytes.length > maxMessageBytes)
    throw new MillraceError('PROTOCOL', { reason: `a query with ${bytes.length} bytes of values` });
  const whole = Buffer.allocUnsafe(headBytes + bytes.length);
  whole.writeUInt32LE(bytes.length, 0);
  whole.set(bytes, headBytes);
  return whole;
}

/** Puts messages together from the pieces that a socket gives. Throws PROTOCOL. */
export class SqlMessages {
  #rest: Buffer = Buffer.alloc(0);
  readonly #take: (message: unknown) => void;

  constructor(take: (message: unknown) => void) {
    this.#take = take;
  }

  push(piece: Buffer): void {
    this.#rest = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    while (this.#rest.length >= headBytes) {
      const end = headBytes + this.#rest.readUInt32LE(0);
      if (end > headBytes + maxMessageBytes) throw new MillraceError('PROTOCOL', { reason: `a message of ${end} bytes` });
      if (this.#rest.length < end) return;
      const message = decode(this.#rest.subarray(headBytes, end));
      this.#rest = this.#rest.subarray(end);
      this.#take(message);
    }
  }
}

/** Checks a reply field by field. Throws PROTOCOL. */
export function checkReply(message: unknown): SqlReply {
  const { id, result } = (message ?? {}) as Partial<SqlReply>;
  const isResult =
    typeof result === 'object' &&
    result !== null &&
    (result.status === 'ok'
      ? Array.isArray(result.columns)
      : result.status === 'fault' && typeof result.fault?.message === 'string' && Array.isArray(result.fault.near));
  if (!Number.isSafeInteger(id) || !isResult)
    throw new MillraceError('PROTOCOL', { reason: 'a reply of the SQL engine that is none' });
  return message as SqlReply;
}
