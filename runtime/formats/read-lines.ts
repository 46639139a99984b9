// Reads the lines of one byte range of a text file, a chunk at a time; a line belongs to the range in which it starts.

import { isAscii, isUtf8 } from 'node:buffer';
import { notReadable } from '../base/files';
import { maxLineBytes, maxWholeTextBytes, textChunkBytes } from '../base/limits';
import { noteBytes } from '../columns/stored-lines';
import type { InputFile, TextRange } from '../plan/input-file';
import { type ByteSource, type FilePieces, markBytes, openSource, wholeSource } from './byte-source';

const newline = 10;
const carriageReturn = 13;

/** Whole lines as bytes of a buffer that is used again. */
export interface LineChunk {
  readonly buffer: Buffer;
  readonly from: number;
  /** Where the last line ends, its line end not counted. */
  readonly lastEnd: number;
  /** Behind the last line end; the same as `lastEnd` where the text ends without one. */
  readonly to: number;
}

/** Bytes read behind the end of a range, where its last line goes on. */
const beyondBytes = 4096;

/** Whole lines of a range, as byte ranges of a buffer that is used again. */
class LineChunks implements LineChunk {
  readonly #source: ByteSource;
  readonly #range: TextRange & FilePieces;
  buffer: Buffer;
  /** The bytes of the chunk: whole lines, without the last line end. */
  from = 0;
  to = 0;
  #held = 0;
  #next: number;
  #skipFirst: boolean;
  #done = false;

  constructor(range: TextRange & FilePieces) {
    const { path, form, version } = range;
    // Where a packed text ends is known once it is unpacked.
    this.#range = form === 'plain' ? range : { path, form, version, start: 0, end: Number.POSITIVE_INFINITY };
    // A range that starts in the middle begins one byte early: if that byte is a line end, its first line is whole.
    this.#skipFirst = this.#range.start > 0;
    this.#next = this.#skipFirst ? range.start - 1 : 0;
    this.#source = openSource(range, this.#next);
    // Many small ranges need no large buffers, and read little beyond their ends.
    this.buffer = Buffer.allocUnsafe(Math.min(textChunkBytes, this.#range.end - this.#next + beyondBytes));
  }

  /** Moves to the next chunk; false at the end. The former chunk's bytes are gone then. */
  next(): boolean {
    while (!this.#done) {
      this.buffer.copyWithin(0, this.to, this.#held);
      let kept = this.#held - this.to;
      if (kept === this.buffer.length) this.#enlarge(kept);
      const base = this.#next - kept;
      const n = this.#source.fill(this.buffer, kept);
      this.#next += n;
      this.#held = kept + n;
      let from = 0;
      if (this.#skipFirst) {
        const first = this.buffer.subarray(0, this.#held).indexOf(newline);
        if (first < 0 && n > 0) {
          // Still inside a line of the range before.
          kept = 0;
          this.to = this.#held;
          if (this.#next > this.#range.end) this.#done = true;
          continue;
        }
        this.#skipFirst = false;
        from = first < 0 ? this.#held : first + 1;
      }
      if (this.#cut(from, base, n === 0)) return true;
    }
    return false;
  }

  /** Sets the chunk to the whole lines from `from` on that start before the range's end; false where there are none yet. */
  #cut(from: number, base: number, atEnd: boolean): boolean {
    const limit = this.#range.end - base;
    if (from >= limit) {
      this.#done = true;
      return false;
    }
    let last = this.buffer.subarray(0, this.#held).lastIndexOf(newline);
    if (last < from) last = -1;
    if (last >= limit - 1) {
      // The last line of the range is the one that holds its last byte.
      last = this.buffer.subarray(0, this.#held).indexOf(newline, Math.max(from, limit - 1));
      this.#done = true;
    } else if (atEnd) {
      this.#done = true;
      if (this.#held > last + 1 && this.#held > from) last = this.#held;
    }
    if (last < 0) {
      this.to = from;
      return false;
    }
    // Blocks of streams have no version: a mark there is a character of the stream.
    const mark = base === 0 && from === 0 && this.#range.version ? markBytes(this.buffer.subarray(0, this.#held)) : 0;
    this.from = from + mark;
    this.to = Math.min(last + 1, this.#held);
    this.#end = last;
    // A file of nothing but a mark has no line.
    return mark < this.to;
  }

  #end = 0;
  /** Where the last line of the chunk ends, its line end not counted. */
  get lastEnd(): number {
    return this.#end;
  }

  #enlarge(kept: number): void {
    if (kept >= maxLineBytes)
      notReadable(
        this.#range.path,
        `a line is longer than ${maxLineBytes >> 20} MiB`,
        'Is it a text with line ends? Cut its lines first (fold -w), or read it from its path in mapPartitions.',
      );
    const larger = Buffer.allocUnsafe(this.buffer.length * 2);
    this.buffer.copy(larger, 0, 0, kept);
    this.buffer = larger;
    this.to = 0;
  }

  check(): void {
    this.#source.check();
  }

  close(): void {
    this.#source.close();
  }
}

/** The lines of some bytes, which have no line end at their own. */
export function linesOf(bytes: Buffer, from: number, to: number): string[] {
  const slice = bytes.subarray(from, to);
  // Latin-1 decoding takes half the time of UTF-8, and is the same for ASCII.
  const text = isAscii(slice) ? bytes.toString('latin1', from, to) : bytes.toString('utf8', from, to);
  if (!text.includes('\r')) return text.split('\n');
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) if (lines[i].endsWith('\r')) lines[i] = lines[i].slice(0, -1);
  return lines;
}

/** The lines of a range as bytes, about a megabyte at a time; a chunk is gone with the next one. */
export function* lineChunks(range: TextRange & FilePieces): Generator<LineChunk, void, undefined> {
  const chunks = new LineChunks(range);
  try {
    while (chunks.next()) yield chunks;
    chunks.check();
  } finally {
    chunks.close();
  }
}

/** The lines of a range, in arrays of about a megabyte of text. `areStored`: whoever takes them stores them as bytes. */
export function* textLines(range: TextRange & FilePieces, areStored = false): Generator<string[], void, undefined> {
  for (const { buffer, from, lastEnd } of lineChunks(range)) {
    const lines = linesOf(buffer, from, lastEnd);
    const bytes = buffer.subarray(from, lastEnd);
    if (areStored && isUtf8(bytes) && !bytes.includes(carriageReturn)) noteBytes(lines, Buffer.from(bytes));
    yield lines;
  }
}

/** The number of lines of some bytes, which have no line end at their own. */
export function linesIn(buffer: Buffer, from: number, lastEnd: number): number {
  let n = 1;
  for (let p = buffer.indexOf(newline, from); p >= 0 && p < lastEnd; p = buffer.indexOf(newline, p + 1)) n++;
  return n;
}

/** The number of lines of ranges, without making strings; `tick` is told those of each chunk. */
export function countLines(ranges: Iterable<TextRange & FilePieces>, tick: (lines: number) => void): number {
  let lines = 0;
  for (const range of ranges) {
    for (const { buffer, from, lastEnd } of lineChunks(range)) {
      const n = linesIn(buffer, from, lastEnd);
      lines += n;
      tick(n);
    }
  }
  return lines;
}

/** A whole file as text, of `limit` bytes at most. Throws UNREADABLE_FILE, FILE_CHANGED. */
export function wholeText(file: InputFile & FilePieces, limit = maxWholeTextBytes): string {
  const { path, name = path, form, version } = file;
  const tooLong = (): never =>
    notReadable(name, `its text has more than ${limit} bytes`, 'Read it by lines with textFile, which has no such limit.');
  if (form === 'plain' && version && version.size > limit) return tooLong();
  const source = wholeSource(file);
  try {
    let buffer = Buffer.allocUnsafe(form === 'plain' && version ? Math.min(version.size, limit) + 1 : textChunkBytes);
    let held = 0;
    for (let n = source.fill(buffer, 0); n > 0; n = source.fill(buffer, held)) {
      held += n;
      if (held > limit) return tooLong();
      if (held === buffer.length) buffer = Buffer.concat([buffer], Math.min(held * 2, limit + 1));
    }
    source.check();
    return buffer.toString('utf8', markBytes(buffer.subarray(0, held)), held);
  } finally {
    source.close();
  }
}

/** A line with its number in the file, from 1 on. */
export interface NumberedLine {
  readonly text: string;
  readonly line: () => number;
}

/** The number of lines before a range. */
export const linesBefore = (range: TextRange): number =>
  range.start === 0 ? 0 : countLines([{ ...range, start: 0, end: range.start }], () => {});

/** The lines of a range that are not empty. Their numbers are counted only where somebody asks. */
export function* numberedLines(range: TextRange): Generator<NumberedLine> {
  let at = 0;
  let before: number | undefined;
  const line = () => {
    before ??= linesBefore(range);
    return before + at;
  };
  for (const lines of textLines(range)) {
    for (const text of lines) {
      at++;
      if (text.trim() !== '') yield { text, line };
    }
  }
}
