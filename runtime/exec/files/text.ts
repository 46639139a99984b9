// Reads the lines of one byte range of a text file, a chunk at a time; a line belongs to the range in which it starts.

import { isAscii } from 'node:buffer';
import { createReadStream, createWriteStream, readFileSync, readSync, type WriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip, gunzipSync } from 'node:zlib';
import { MillraceError } from '../../base/errors';
import { closeQuietly, createPrivate, diskError, openInput, unreadable } from '../../base/files';
import { maxLineBytes, textChunkBytes } from '../../base/limits';
import { checkVersion } from '../../plan/file-version';
import type { InputFile, TextRange } from '../../plan/input-file';

const newline = 10;

/** A source of bytes that fills a buffer from a position on; 0 at the end. */
interface ByteSource {
  fill(into: Buffer, at: number): number;
  /** Throws FILE_CHANGED if what was read is not what the file was. */
  check(): void;
  close(): void;
}

function fileBytes({ path, version }: TextRange, start: number): ByteSource {
  let position = start;
  const fd = openInput(path);
  const check = () => version && checkVersion(path, fd, version, true);
  try {
    check();
  } catch (e) {
    closeQuietly(fd);
    throw e;
  }
  return {
    check,
    fill(into, at) {
      try {
        // What was appended since is no part of the dataset.
        const most = Math.min(into.length - at, (version?.size ?? Number.POSITIVE_INFINITY) - position);
        const n = most > 0 ? readSync(fd, into, at, most, position) : 0;
        position += n;
        return n;
      } catch (e) {
        return unreadable(path, e);
      }
    },
    close: () => closeQuietly(fd),
  };
}

/**
 * Unpacks a gzip file into a file that can be read by ranges. Not in memory: an unpacked file may be larger than that, and Node has no
 * way to unpack piece by piece while a task holds the thread. Answers its bytes. Throws UNREADABLE_FILE, DISK.
 */
export async function unpack(path: string, target: string): Promise<number> {
  let output: WriteStream;
  try {
    output = createWriteStream(target, { fd: createPrivate(target) });
  } catch (e) {
    return diskError(target, e);
  }
  try {
    await pipeline(createReadStream(path), createGunzip(), output);
    return output.bytesWritten;
  } catch (e) {
    return (e as NodeJS.ErrnoException).syscall === 'write' ? diskError(target, e) : unreadable(path, e);
  }
}

/** Whole lines as bytes of a buffer that is used again. */
export interface LineChunk {
  readonly buffer: Buffer;
  readonly from: number;
  /** Where the last line ends, its line end not counted. */
  readonly lastEnd: number;
}

/** Whole lines of a range, as byte ranges of a buffer that is used again. */
class LineChunks implements LineChunk {
  readonly #source: ByteSource;
  readonly #range: TextRange;
  buffer = Buffer.allocUnsafe(textChunkBytes);
  /** The bytes of the chunk: whole lines, without the last line end. */
  from = 0;
  to = 0;
  #held = 0;
  #next: number;
  #skipFirst: boolean;
  #done = false;

  constructor(range: TextRange) {
    this.#range = range;
    // A range that starts in the middle begins one byte early: if that byte is a line end, its first line is whole.
    this.#skipFirst = range.start > 0;
    this.#next = this.#skipFirst ? range.start - 1 : 0;
    this.#source = fileBytes(range, this.#next);
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
    this.from = from;
    this.to = Math.min(last + 1, this.#held);
    this.#end = last;
    return true;
  }

  #end = 0;
  /** Where the last line of the chunk ends, its line end not counted. */
  get lastEnd(): number {
    return this.#end;
  }

  #enlarge(kept: number): void {
    if (kept >= maxLineBytes)
      throw new MillraceError('UNREADABLE_FILE', {
        path: this.#range.path,
        reason: `a line is longer than ${maxLineBytes >> 20} MiB`,
      });
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

function linesOf(bytes: Buffer, from: number, to: number): string[] {
  const slice = bytes.subarray(from, to);
  // Latin-1 decoding takes half the time of UTF-8, and is the same for ASCII.
  const text = isAscii(slice) ? bytes.toString('latin1', from, to) : bytes.toString('utf8', from, to);
  if (!text.includes('\r')) return text.split('\n');
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) if (lines[i].endsWith('\r')) lines[i] = lines[i].slice(0, -1);
  return lines;
}

/** The lines of a range as bytes, about a megabyte at a time; a chunk is gone with the next one. */
export function* lineChunks(range: TextRange): Generator<LineChunk, void, undefined> {
  const chunks = new LineChunks(range);
  try {
    while (chunks.next()) yield chunks;
    chunks.check();
  } finally {
    chunks.close();
  }
}

/** The lines of a range, in arrays of about a megabyte of text. */
export function* textLines(range: TextRange): Generator<string[], void, undefined> {
  for (const { buffer, from, lastEnd } of lineChunks(range)) yield linesOf(buffer, from, lastEnd);
}

/** The number of lines of a range, chunk by chunk, without making strings. */
export function* countLines(range: TextRange): Generator<number, void, undefined> {
  for (const { buffer, from, lastEnd } of lineChunks(range)) {
    let n = 1;
    for (let p = buffer.indexOf(newline, from); p >= 0 && p < lastEnd; p = buffer.indexOf(newline, p + 1)) n++;
    yield n;
  }
}

/** A whole file as text. Throws UNREADABLE_FILE, FILE_CHANGED. */
export function wholeText({ path, gzip, version }: InputFile): string {
  checkVersion(path, undefined, version, false);
  let text: string;
  try {
    const bytes = readFileSync(path);
    text = (gzip ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (e) {
    return unreadable(path, e);
  }
  checkVersion(path, undefined, version, false);
  return text;
}
