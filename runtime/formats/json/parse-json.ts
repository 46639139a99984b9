// Parses JSON with whole numbers exact: those that a `number` cannot hold become bigints.

/** A number of so many digits may be one that JSON.parse rounds. */
const longNumber = /[0-9]{16}/;

const wholeNumber = /-?(?:0|[1-9]\d*)(?![\d.eE])/y;
const anyNumber = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const plainString = /"[^"\\]*"/y;
const anyString = /"(?:[^"\\]|\\.)*"/sy;
const spaces = /[\t\n\r ]*/y;

/** Values nested deeper are refused, as the stack would end. */
const mostDepth = 500;

/** The value of a text. Throws SyntaxError. */
export function parseExactly(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return longNumber.test(text) && holdsRounded(value) ? new ExactParser(text).whole() : value;
}

/** Whether a value has a whole number beyond those that are exact. */
function holdsRounded(value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && !Number.isSafeInteger(value);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(holdsRounded);
}

/** For texts that JSON.parse has accepted. */
class ExactParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole(): unknown {
    return this.#value(0);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #value(depth: number): unknown {
    if (depth > mostDepth) throw new SyntaxError(`it is nested deeper than ${mostDepth}`);
    this.#match(spaces);
    const first = this.#text[this.#at];
    if (first === '{') return this.#object(depth);
    if (first === '[') return this.#array(depth);
    if (first === '"') return this.#string();
    for (const [word, value] of words) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    const whole = this.#match(wholeNumber);
    if (whole === undefined) return Number(this.#match(anyNumber));
    return Number.isSafeInteger(Number(whole)) ? Number(whole) : BigInt(whole);
  }

  #string(): string {
    return JSON.parse(this.#match(plainString) ?? this.#match(anyString)!) as string;
  }

  /** Moves behind a mark where it comes next. */
  #skips(mark: string): boolean {
    this.#match(spaces);
    if (this.#text[this.#at] !== mark) return false;
    this.#at++;
    return true;
  }

  #object(depth: number): object {
    const found: Record<string, unknown> = {};
    this.#at++;
    while (!this.#skips('}')) {
      this.#match(spaces);
      const name = this.#string();
      this.#skips(':');
      const value = this.#value(depth + 1);
      Object.defineProperty(found, name, { value, enumerable: true, configurable: true, writable: true });
      this.#skips(',');
    }
    return found;
  }

  #array(depth: number): unknown[] {
    const found: unknown[] = [];
    this.#at++;
    while (!this.#skips(']')) {
      found.push(this.#value(depth + 1));
      this.#skips(',');
    }
    return found;
  }
}

const words: readonly (readonly [string, unknown])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];
