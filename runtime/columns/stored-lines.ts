// Texts in memory as bytes: UTF-8 with a line feed between two, about as large as in a file, and no object for each.
import { isAscii } from 'node:buffer';

const newline = 10;
const carriageReturn = 13;

export class StoredLines {
  readonly bytes: Buffer;
  /** How many texts there are; at least one. */
  readonly count: number;
  /** None ends with a carriage return: as lines of a file they are the same texts. */
  readonly areLines: boolean;

  constructor(bytes: Buffer, count: number) {
    this.bytes = bytes;
    this.count = count;
    this.areLines = !bytes.includes(carriageReturn);
  }

  /** The texts. */
  rows(): string[] {
    const text = isAscii(this.bytes) ? this.bytes.toString('latin1') : this.bytes.toString('utf8');
    return text.split('\n');
  }
}

/** Fewer texts are not worth the making. */
const leastTexts = 64;

/** Texts as bytes; undefined for what is not only texts, or cannot be told apart or written so. */
export function storedLines(rows: readonly unknown[]): StoredLines | undefined {
  const known = behind.get(rows);
  if (known) return known;
  if (rows.length < leastTexts) return undefined;
  for (let i = 0; i < rows.length; i++) if (typeof rows[i] !== 'string') return undefined;
  const text = rows.join('\n');
  // Half a character has no bytes of its own.
  if (!(text as string & { isWellFormed(): boolean }).isWellFormed()) return undefined;
  const bytes = Buffer.from(text, 'utf8');
  let feeds = 0;
  for (let p = bytes.indexOf(newline); p >= 0; p = bytes.indexOf(newline, p + 1)) feeds++;
  return feeds === rows.length - 1 ? new StoredLines(bytes, rows.length) : undefined;
}

const behind = new WeakMap<readonly unknown[], StoredLines>();

/** Notes the bytes of which texts were made, for who stores them. */
export function noteBytes(rows: readonly string[], bytes: Buffer): void {
  behind.set(rows, new StoredLines(bytes, rows.length));
}
