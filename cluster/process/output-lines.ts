// The lines that an executor prints, on their way to the screen: whole lines, a bounded number of them a second.
import { StringDecoder } from 'node:string_decoder';
import { lastWords, outputLineLength, outputLinesPerSecond } from '../limits';

/** Where a line was printed. */
export type OutputStream = 'stdout' | 'stderr';

/** Takes one line (without its end) that was printed by user code on an executor. It may hold control characters. */
export type OutputListener = (line: string, stream: OutputStream) => void;

/** How V8 announces that it gives up; what follows is a dump that says nothing to the user. */
const fatal = /^(<--- Last few GCs|FATAL ERROR:|#\s+Fatal error)/;

export class LineReader {
  readonly #decoder = new StringDecoder('utf8');
  readonly #stream: OutputStream;
  readonly #listener: OutputListener;
  readonly #last: string[] = [];
  readonly #fatal: string[] = [];
  #rest = '';
  #second = 0;
  #lines = 0;
  #dropped = 0;

  constructor(stream: OutputStream, listener: OutputListener) {
    this.#stream = stream;
    this.#listener = listener;
  }

  /** The last lines, also those that were not passed on; what V8 said first when it gave up comes first. */
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

  /** The executor is gone: what it began to print is a line too. */
  end(): void {
    if (this.#rest !== '') this.#line(this.#rest);
    this.#rest = '';
    this.#tellDropped();
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
      this.#tellDropped();
      this.#second = second;
      this.#lines = 0;
    }
    return this.#lines++ < outputLinesPerSecond;
  }

  #tellDropped(): void {
    if (this.#dropped > 0) this.#listener(`… ${this.#dropped} more lines of an executor are not shown`, this.#stream);
    this.#dropped = 0;
  }
}
