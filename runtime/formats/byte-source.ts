// The bytes of a text file from a position on, as UTF-8: read where they lie, or unpacked and converted piece by piece on the way.
import { constants, createGunzip } from 'node:zlib';
import { notReadable, unreadable } from '../base/files';
import { openFile } from '../base/remote/open-file';
import type { RemoteReader } from '../base/remote/remote-files';
import { checkVersion } from '../plan/file-version';
import type { InputFile } from '../plan/input-file';
import { checkText, formOf, hasMark, headBytes, type TextForm, wideForm } from '../plan/input-form';

/** A source of bytes that fills a buffer from a position on; 0 at the end. */
export interface ByteSource {
  fill(into: Buffer, at: number): number;
  /** Throws FILE_CHANGED if what was read is not what the file was. */
  check(): void;
  close(): void;
}

/** A file whose bytes come in pieces from the engine that reads it. */
export interface FilePieces {
  readonly pieces?: () => Iterable<Buffer>;
  /** What fetches it, where that is not what fetches in this process. */
  readonly reader?: RemoteReader;
}

/** Packed bytes that are unpacked at once: they become 16 MiB at most. */
const packedChunkBytes = 16 << 10;

/** Opens a text; what is not plain is read from its start, and may not grow. Throws UNREADABLE_FILE, FILE_CHANGED. */
export function openSource(
  file: InputFile & FilePieces & { readonly end?: number },
  start: number,
  mayGrow = file.form === 'plain',
): ByteSource {
  const { path, form, version, end, pieces: fed } = file;
  if (fed) return fedSource(fed());
  const opened = openFile(file, form === 'plain' ? end : undefined);
  const check = () => checkVersion(path, opened.fd, version, mayGrow);
  const close = () => opened.close();
  try {
    check();
  } catch (e) {
    close();
    throw e;
  }
  let position = start;
  const read = (into: Buffer, at: number): number => {
    // What was appended since is no part of the dataset.
    const most = Math.min(into.length - at, (version?.size ?? Number.POSITIVE_INFINITY) - position);
    const n = most > 0 ? opened.read(into, at, most, position) : 0;
    position += n;
    return n;
  };
  if (form === 'plain') return { fill: read, check, close };
  const chunk = Buffer.allocUnsafe(packedChunkBytes);
  const packed = pieces(() => {
    const n = read(chunk, 0);
    return chunk.subarray(0, n);
  });
  return { fill: filler(asText(path, form, packed)), check, close };
}

const fedSource = (fed: Iterable<Buffer>): ByteSource => ({
  fill: filler(fed[Symbol.iterator]()),
  check: () => {},
  close: () => {},
});

/** A file that is read whole, as UTF-8: its first bytes say how it is written. */
export function wholeSource(file: InputFile & FilePieces): ByteSource {
  if (!file.pieces) return openSource(file, 0, false);
  const { path } = file;
  const given = file.pieces()[Symbol.iterator]();
  const first = given.next();
  const head = first.done ? Buffer.alloc(0) : first.value;
  const all = (function* () {
    if (head.length > 0) yield head;
    for (let next = given.next(); !next.done; next = given.next()) yield next.value;
  })();
  return fedSource(asText(path, formOf(path, head.subarray(0, headBytes)), all));
}

/** Bytes of a form as UTF-8. */
function asText(path: string, form: TextForm, bytes: Generator<Buffer>): Generator<Buffer> {
  if (form === 'plain') return bytes;
  if (form === 'gzip') return asUtf8(path, unpacked(path, bytes));
  return form === 'zstd' ? asUtf8(path, unpackedZstd(path, bytes)) : converted(bytes, form);
}

/** The pieces that `next` gives until it gives an empty one. */
function* pieces(next: () => Buffer): Generator<Buffer> {
  for (let piece = next(); piece.length > 0; piece = next()) yield piece;
}

/** Fills buffers from pieces of any size. */
function filler(source: Iterator<Buffer>): ByteSource['fill'] {
  let rest: Buffer = Buffer.alloc(0);
  return (into, at) => {
    while (rest.length === 0) {
      const { done, value } = source.next();
      if (done) return 0;
      rest = value;
    }
    const n = rest.copy(into, at);
    rest = rest.subarray(n);
    return n;
  };
}

/** What `_processChunk` of a stream of zlib needs: unpacking at once is no public interface of Node, but npm unpacks by it. */
interface AtOnce {
  _handle: { close(): void };
  _processChunk(packed: Buffer, flush: number): Buffer;
}

/** Unpacks gzip, also of several members, while a task holds the thread. Memory is that of one piece. Throws UNREADABLE_FILE. */
function* unpacked(path: string, packed: Generator<Buffer>): Generator<Buffer> {
  const stream = createGunzip({ chunkSize: 256 << 10 });
  const ignore = () => {};
  const push = (piece: Buffer, flush: number): Buffer => {
    const atOnce = stream as unknown as AtOnce;
    const handle = atOnce._handle;
    const close = handle.close;
    // Node closes it after each piece.
    handle.close = ignore;
    try {
      return atOnce._processChunk(piece, flush);
    } catch (e) {
      return unreadable(path, e);
    } finally {
      handle.close = close;
      atOnce._handle = handle;
      stream.removeAllListeners('error').on('error', ignore);
    }
  };
  try {
    for (const piece of packed) yield push(piece, constants.Z_SYNC_FLUSH);
    // Throws where the end is missing.
    yield push(Buffer.alloc(0), constants.Z_FINISH);
  } finally {
    stream.close();
  }
}

/** Unpacks zstd, also of several frames. Memory is that of a frame's window. Throws UNREADABLE_FILE. */
function* unpackedZstd(path: string, packed: Generator<Buffer>): Generator<Buffer> {
  // Loaded when it is used: most texts are not packed so.
  const { Decompress } = require('fzstd') as typeof import('fzstd');
  let made: Buffer[] = [];
  const stream = new Decompress((chunk) => made.push(Buffer.from(chunk)));
  const push = (piece: Uint8Array, isLast: boolean): Buffer => {
    try {
      stream.push(piece, isLast);
    } catch (e) {
      const { message } = e as Error;
      notReadable(path, `its packed bytes are damaged (${message})`, 'Check that the file is whole: zstd -t tests it.');
    }
    const all = Buffer.concat(made);
    made = [];
    return all;
  };
  for (const piece of packed) {
    const text = push(Uint8Array.from(piece), false);
    if (text.length > 0) yield text;
  }
  // Throws where the end is missing.
  const rest = push(new Uint8Array(0), true);
  if (rest.length > 0) yield rest;
}

/** Looks at the first bytes of unpacked text, as is done for files that are not packed. */
function* asUtf8(path: string, text: Generator<Buffer>): Generator<Buffer> {
  let head: Buffer = Buffer.alloc(0);
  for (let next = text.next(); !next.done; next = head.length < headBytes ? text.next() : { done: true, value: undefined })
    head = Buffer.concat([head, next.value]);
  checkText(path, head);
  const form = wideForm(head.subarray(0, headBytes));
  const all = (function* () {
    yield head;
    yield* text;
  })();
  yield* form ? converted(all, form) : all;
}

function* converted(text: Generator<Buffer>, form: 'utf-16le' | 'utf-16be' | 'latin1'): Generator<Buffer> {
  // It removes the mark at the start.
  const decoder = new TextDecoder(form);
  for (const piece of text) yield Buffer.from(decoder.decode(piece, { stream: true }));
  yield Buffer.from(decoder.decode());
}

/** Bytes of a mark at the start of a buffer: it belongs to the file, not to its text. */
export const markBytes = (buffer: Buffer): number => (hasMark(buffer) ? 3 : 0);
