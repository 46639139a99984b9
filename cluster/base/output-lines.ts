// Turns what a child process prints into whole lines for the screen, a bounded number per second.
import { StringDecoder } from 'node:string_decoder';
import type { ChildKind } from './exit-codes';
import { lastWords, outputLineLength, outputLinesPerSecond } from './limits';

/** The stream on which a line was printed. */
export type OutputStream = 'stdout' | 'stderr';

/**
 * Takes one line (without its line end) that user code printed in a child process, an executor where its id is known. The line may contain
 * control characters.
 */
export type OutputListener = (line: string, stream: OutputStream, executorId?: string) => void;

/** How V8 announces a fatal error. The dump that follows does not help the user. */
const fatal = /^(<--- Last few GCs|FATAL ERROR:|#\s+Fatal error)/;

const withArticle: Record<ChildKind, string> = { executor: 'an executor', receiver: 'a receiver', sql: 'the SQL engine' };

export class LineReader {
  readonly #decoder = new StringDecoder('utf8');
  readonly #kind: ChildKind;
  readonly #stream: OutputStream;
  readonly #listener: OutputListener;
  readonly #last: string[] = [];
  readonly #fatal: string[] = [];
  #rest = '';
  #second = 0;
  #lines = 0;
  #dropped = 0;

  constructor(kind: ChildKind, stream: OutputStream, listener: OutputListener) {
    this.#kind = kind;
    this.#stream = stream;
    this.#listener = listener;
  }

  /** The last lines, including dropped ones. If V8 failed, its first lines about that come first. */
  get lastLines(): readonly string[] {
    return [...this.#fatal, ...this.#last];
  }

  push(chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
    if (this.#rest.length <= outputLineLength) return;
    this.#line(this.#rest);
    this.#rest = '';
  }

  /** The process has ended: an incomplete line counts as a line. */
  end(): void {
    if (this.#rest !== '') this.#line(this.#rest);
    this.#rest = '';
    this.#reportDropped();
  }

  #line(text: string): void {
    const line = text.length > outputLineLength ? `${text.slice(0, outputLineLength)}…` : text;
    this.#last.push(line);
    if (this.#last.length > lastWords) this.#last.shift();
    if (this.#stream === 'stderr' && fatal.test(line) && this.#fatal.length < lastWords) this.#fatal.push(line);
    if (this.#fatal.length > 0) return;
    if (this.#hasRoom()) this.#listener(line, this.#stream);
    else this.#dropped++;
  }

  #hasRoom(): boolean {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) {
      this.#reportDropped();
      this.#second = second;
      this.#lines = 0;
    }
    return this.#lines++ < outputLinesPerSecond;
  }

  #reportDropped(): void {
    if (this.#dropped > 0)
      this.#listener(`… ${this.#dropped} more lines of ${withArticle[this.#kind]} were dropped`, this.#stream);
    this.#dropped = 0;
  }
}
