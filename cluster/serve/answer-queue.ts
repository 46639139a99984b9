// The questions of one session: each is answered in its turn, also where an answer takes its time.
import { asError, MillraceError } from '../../runtime/base/errors';
import { encode } from '../../runtime/wire/codec';
import { maxWaitingQuestions } from '../base/limits';
import { refuse } from '../link/fields';
import { encodeFailure } from './failure';
import type { Question, ToSession } from './protocol';

export class AnswerQueue {
  readonly #answer: (question: Question) => unknown;
  readonly #send: (message: ToSession, tail: Uint8Array) => void;
  /** Without an answer, the oldest first. */
  readonly #waiting: Question[] = [];
  #hasEnded = false;

  /** `answer` answers at once, or with a promise; what it throws, or rejects with, is the refusal. */
  constructor(answer: (question: Question) => unknown, send: (message: ToSession, tail: Uint8Array) => void) {
    this.#answer = answer;
    this.#send = send;
  }

  /** Throws PROTOCOL for a question that no session of this version asks: the connection ends, as with any other message. */
  take(question: Question): void {
    if (this.#waiting.length >= maxWaitingQuestions) refuse(`more than ${maxWaitingQuestions} questions without an answer`);
    this.#waiting.push(question);
    if (this.#waiting.length === 1) this.#answerNext();
  }

  #answerNext(): void {
    while (this.#waiting.length > 0) {
      try {
        const answer = this.#answer(this.#waiting[0]);
        if (answer instanceof Promise) {
          void answer.then((value) => this.#tellLater(value)).catch((error) => this.#tellLater(undefined, asError(error)));
          return;
        }
        this.#tell(answer);
      } catch (e) {
        if (e instanceof MillraceError && e.code === 'PROTOCOL') throw e;
        this.#tell(undefined, asError(e));
      }
    }
  }

  #tell(answer: unknown, refusal?: Error): void {
    const tail = refusal ? encodeFailure(refusal) : encode(answer);
    this.#waiting.shift();
    this.#send({ kind: refusal ? 'refused' : 'told' }, tail);
  }

  /** The answer to a question that took its time; those after it follow. */
  #tellLater(answer: unknown, refusal?: Error): void {
    if (this.#hasEnded) return;
    this.#tell(answer, refusal);
    for (;;) {
      try {
        return this.#answerNext();
      } catch (e) {
        // What no session asks, and whose message was taken long ago.
        this.#tell(undefined, asError(e));
      }
    }
  }

  /** The session is over. */
  end(): void {
    this.#hasEnded = true;
  }
}
