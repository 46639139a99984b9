// An open file: of this machine, or one that is fetched piece by piece, some pieces ahead of who reads it.
import { fstatSync, readSync } from 'node:fs';
import { closeQuietly, openInput, unreadable } from '../files';
import { isRemote, type RemoteFile, type RemoteReader, remoteFiles } from './remote-files';

/** What a reader needs of a file. */
export interface OpenFile {
  /** Of this machine; undefined of one that is fetched. */
  readonly fd?: number;
  /** Bytes, when it was opened. */
  readonly size: number;
  /** Equal for the same bytes under the same name; undefined where nothing tells. */
  readonly identity: string | undefined;
  /** Fills a buffer from a place of it on with bytes of the file; 0 at its end. Throws UNREADABLE_FILE, FILE_CHANGED. */
  read(into: Buffer, from: number, length: number, position: number): number;
  close(): void;
}

class LocalFile implements OpenFile {
  readonly fd: number;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
    this.fd = openInput(path);
  }

  get size(): number {
    return fstatSync(this.fd).size;
  }

  get identity(): string {
    const { size, ino, dev, mtimeMs, ctimeMs } = fstatSync(this.fd);
    return [dev, ino, size, mtimeMs, ctimeMs].join();
  }

  read(into: Buffer, from: number, length: number, position: number): number {
    try {
      return readSync(this.fd, into, from, length, position);
    } catch (e) {
      return unreadable(this.#path, e);
    }
  }

  close(): void {
    closeQuietly(this.fd);
  }
}

/** A piece that was asked for. */
interface Piece {
  readonly start: number;
  readonly end: number;
  readonly take: () => Uint8Array;
  readonly drop: () => void;
  bytes?: Uint8Array;
}

/** Bytes of a piece: less, and each costs the way to the store; more, and a reader that stops early has fetched much for nothing. */
const leastBytes = 256 << 10;
const mostBytes = 8 << 20;
/** Pieces on their way while one is read. */
const ahead = 2;

/** One that is fetched. Who reads it in order has the next pieces on their way; who jumps gets what they ask for. */
class FetchedFile implements OpenFile {
  readonly size: number;
  readonly #file: RemoteFile;
  readonly #reader: RemoteReader;
  /** No reader goes beyond this, as far as is known. */
  readonly #until: number;
  #pieces: Piece[] = [];
  #nextBytes = leastBytes;
  #last = -1;

  constructor(file: RemoteFile, reader: RemoteReader, until: number) {
    this.#file = file;
    this.#reader = reader;
    this.size = file.size;
    this.#until = Math.min(until, file.size);
  }

  get identity(): string | undefined {
    const { url, size, tag } = this.#file;
    return tag === '' ? undefined : [url, size, tag].join();
  }

  read(into: Buffer, from: number, length: number, position: number): number {
    const most = Math.min(length, this.size - position);
    if (most <= 0) return 0;
    const piece = this.#pieceAt(position, most);
    piece.bytes ??= piece.take();
    const at = position - piece.start;
    const n = Math.min(most, piece.bytes.length - at);
    into.set(piece.bytes.subarray(at, at + n), from);
    this.#last = position + n;
    return n;
  }

  #pieceAt(position: number, length: number): Piece {
    const isNext = position === this.#last;
    let piece = this.#pieces.find(({ start, end }) => start <= position && position < end);
    if (!piece) {
      // A jump: what was fetched for others is of no use.
      this.close();
      if (!isNext) this.#nextBytes = leastBytes;
      piece = this.#ask(position, Math.max(length, isNext ? this.#nextBytes : 0));
    }
    while (this.#pieces[0].end <= position) this.#pieces.shift();
    // The second read in a row shows that it is read in order.
    if (isNext) this.#askAhead();
    return piece;
  }

  #ask(start: number, bytes: number): Piece {
    const end = Math.min(this.size, start + Math.min(bytes, Math.max(mostBytes, bytes)));
    const piece = { start, end, ...this.#reader.fetch(this.#file, start, end - start) };
    this.#pieces.push(piece);
    return piece;
  }

  #askAhead(): void {
    while (this.#pieces.length <= ahead) {
      const { end } = this.#pieces.at(-1)!;
      if (end >= this.#until) return;
      this.#nextBytes = Math.min(mostBytes, this.#nextBytes * 2);
      this.#ask(end, Math.min(this.#nextBytes, this.#until - end));
    }
  }

  close(): void {
    for (const piece of this.#pieces) if (!piece.bytes) piece.drop();
    this.#pieces = [];
  }
}

/** What is known of a file before it is opened. */
interface Known {
  readonly size: number;
  readonly tag?: string;
  /** The whole URL, where the path leaves out what nobody is to see. */
  readonly url?: string;
}

/** A file that is to be opened. */
export interface Openable {
  readonly path: string;
  readonly version?: Known;
  /** What fetches it, where that is not what fetches in this process. */
  readonly reader?: RemoteReader;
}

/**
 * Opens a file to read it. One that is fetched is checked with every piece against what was known of it. `until`: no reader goes far
 * beyond this place. Throws UNREADABLE_FILE.
 */
export function openFile({ path, version, reader }: Openable, until = Number.POSITIVE_INFINITY): OpenFile {
  if (!isRemote(path)) return new LocalFile(path);
  const fetching = reader ?? remoteFiles(path);
  const { url = path, size, tag = '' } = version ?? fetching.findNow(path, false)[0];
  return new FetchedFile({ url, size, tag }, fetching, until);
}
