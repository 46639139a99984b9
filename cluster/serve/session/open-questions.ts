// The questions of one session that have no answer yet: what takes its time holds up no other question.
import { asError, MillraceError } from '../../../runtime/base/errors';
import { encode } from '../../../runtime/wire/codec';
import { maxWaitingQuestions } from '../../base/limits';
import { refuse } from '../../link/fields';
import { encodeFailure } from '../failure';
import type { Question, ToSession } from '../protocol';

export class OpenQuestions {
  readonly #answer: (question: Question) => unknown;
  readonly #send: (message: ToSession, tail: Uint8Array) => void;
  #open = 0;
  #lastNumber = 0;
  #hasEnded = false;

  /** `answer` answers at once, or with a promise; what it throws, or rejects with, is the refusal. */
  constructor(answer: (question: Question) => unknown, send: (message: ToSession, tail: Uint8Array) => void) {
    this.#answer = answer;
    this.#send = send;
  }

  /** Throws PROTOCOL for a question that no session of this version asks: the connection ends, as with any other message. */
  take(number: number, question: Question): void {
    if (this.#open >= maxWaitingQuestions) refuse(`more than ${maxWaitingQuestions} questions without an answer`);
    if (number <= this.#lastNumber) refuse(`question ${number} after question ${this.#lastNumber}`);
    this.#lastNumber = number;
    let answer: unknown;
    try {
      answer = this.#answer(question);
    } catch (e) {
      if (e instanceof MillraceError && e.code === 'PROTOCOL') throw e;
      return this.#refuse(number, e);
    }
    if (answer instanceof Promise) void this.#tellLater(number, answer);
    else this.#send({ kind: 'told', question: number }, encode(answer));
  }

  async #tellLater(number: number, answer: Promise<unknown>): Promise<void> {
    this.#open++;
    try {
      const value = encode(await answer);
      if (!this.#hasEnded) this.#send({ kind: 'told', question: number }, value);
    } catch (e) {
      if (!this.#hasEnded) this.#refuse(number, e);
    } finally {
      this.#open--;
    }
  }

  #refuse(number: number, error: unknown): void {
    this.#send({ kind: 'refused', question: number }, encodeFailure(asError(error)));
  }

  /** The session is over. */
  end(): void {
    this.#hasEnded = true;
  }
}
