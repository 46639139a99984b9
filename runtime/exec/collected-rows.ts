// The rows that a task answers with, encoded piece by piece: the rows themselves are let go, and an answer beyond the limit ends early.
import { asError } from '../base/errors';
import { encode, encodedPieces } from '../wire/codec';
import { AnswerRefused, AnswerTooBig } from './task-runtime';

/** The encoded answer of a task. */
export class EncodedAnswer {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

export class CollectedRows {
  readonly #limit: number;
  readonly #pieces: Uint8Array[] = [];
  #bytes = 0;

  /** `limit` is in bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Encodes rows that the task collected. Throws AnswerRefused where one cannot be sent, AnswerTooBig where all are too many. */
  add(rows: readonly unknown[]): void {
    let piece: Uint8Array;
    try {
      piece = encode(rows);
    } catch (error) {
      throw new AnswerRefused(asError(error));
    }
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    if (this.#bytes > this.#limit) throw new AnswerTooBig(this.#bytes);
  }

  /** The answer, with the rows that were collected last: they alone where they are all. */
  end(rows: readonly unknown[]): unknown {
    if (this.#pieces.length === 0) return rows;
    this.add(rows);
    return new EncodedAnswer(encodedPieces(this.#pieces));
  }
}
