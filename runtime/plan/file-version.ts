// Whether a user's file is still what it was when its dataset was cut into partitions: another text must not pass for it.
import { fstatSync, readSync, type Stats, statSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { MillraceError } from '../base/errors';
import { closeQuietly, openInput, unreadable } from '../base/files';
import { isRemote } from '../base/remote/remote-files';

/** What tells a file from another one, and from itself after a change. */
export interface FileVersion {
  /** Bytes. */
  readonly size: number;
  readonly mtimeMs: number;
  /** The last change of anything about it, its name and its times included: nobody can set it. */
  readonly ctimeMs: number;
  /** Its number in the file system: another one after it was replaced, unless the system gave the number of a removed file again. */
  readonly ino: number;
  /** A checksum of bytes at its start, in its middle and at its end. */
  readonly sample: number;
  /** Of a file that is fetched: what its store calls its content. The times and the number of such a file are 0. */
  readonly tag?: string;
  /** Of a file that is fetched: its whole URL, where the path leaves out what nobody is to see. */
  readonly url?: string;
}

/** What the system tells of a file at one look. */
export type FileNumbers = Pick<Stats, 'size' | 'mtimeMs' | 'ctimeMs' | 'ino'>;

/** Bytes of each of the three places that are compared: enough to tell two logs apart, and one read of the disk. */
const sampleBytes = 4096;

/** A file as it is now, and its first bytes. Throws UNREADABLE_FILE. */
export function lookInto(path: string, { size, mtimeMs, ctimeMs, ino }: FileNumbers): { version: FileVersion; head: Buffer } {
  const samples = samplesOf(path, undefined, size);
  return { version: { size, mtimeMs, ctimeMs, ino, sample: checksum(samples) }, head: samples[0] };
}

/** A file as it is now. Throws UNREADABLE_FILE. */
export const versionOf = (path: string, stats: FileNumbers): FileVersion => lookInto(path, stats).version;

/** The first bytes of a file. Throws UNREADABLE_FILE. */
export function headOf(path: string): Buffer {
  const fd = openInput(path);
  try {
    return bytesAt(fd, path, sampleBytes, 0);
  } finally {
    closeQuietly(fd);
  }
}

/** Pieces of the first `size` bytes of a file, from three places: they stay the same when something is appended. */
function samplesOf(path: string, known: number | undefined, size: number): Buffer[] {
  const fd = known ?? openInput(path);
  try {
    const places = size <= 3 * sampleBytes ? [0] : [0, Math.floor((size - sampleBytes) / 2), size - sampleBytes];
    const bytes = places.length > 1 ? sampleBytes : size;
    return places.map((at) => bytesAt(fd, path, bytes, at));
  } finally {
    if (known === undefined) closeQuietly(fd);
  }
}

const checksum = (samples: readonly Buffer[]) => samples.reduce((sum, bytes) => crc32(bytes, sum), 0);

function bytesAt(fd: number, path: string, bytes: number, position: number): Buffer {
  const buffer = Buffer.allocUnsafe(bytes);
  let done = 0;
  try {
    for (let n = 1; n > 0 && done < bytes; done += n) n = readSync(fd, buffer, done, bytes - done, position + done);
  } catch (e) {
    return unreadable(path, e);
  }
  return buffer.subarray(0, done);
}

/**
 * Looks at a file by its descriptor or its path. One that `mayGrow` may have more bytes behind those that it had: a log that is written to
 * is read as it was. Whether a larger file has grown or was rewritten is decided by its content, not by its length. A file without a
 * version, such as the engine's own, is not checked. Throws FILE_CHANGED, UNREADABLE_FILE.
 */
export function checkVersion(path: string, fd: number | undefined, known: FileVersion | undefined, mayGrow: boolean): void {
  // What is fetched is checked with each piece.
  if (!known || isRemote(path)) return;
  const now = statsOf(path, fd);
  const reason = difference(now, known, mayGrow) ?? contentDifference(path, fd, now, known);
  if (reason !== '') throw new MillraceError('FILE_CHANGED', { path, reason });
}

function statsOf(path: string, fd: number | undefined): Stats {
  try {
    return fd === undefined ? statSync(path) : fstatSync(fd);
  } catch (e) {
    return unreadable(path, e);
  }
}

/** What its numbers say: '' for a file that is the same, undefined for one whose content must be compared. */
function difference(now: Stats, known: FileVersion, mayGrow: boolean): string | undefined {
  if (now.ino !== known.ino) return 'another file has its name now';
  if (now.size < known.size || (now.size > known.size && !mayGrow)) return `it had ${known.size} bytes, and has ${now.size}`;
  if (now.size > known.size) return undefined;
  if (now.mtimeMs !== known.mtimeMs) return 'it was written to';
  // Its times may have been set back, as by a copy that keeps them; a rename or chmod changes nothing of the content.
  return now.ctimeMs === known.ctimeMs ? '' : undefined;
}

/**
 * What has become of a file under its name: another file has it, its content is another one, it has more bytes behind those that it had,
 * only its times have changed, or nothing has. Throws UNREADABLE_FILE.
 */
export function changeOf(
  path: string,
  known: FileVersion,
  now: FileNumbers,
): 'replaced' | 'rewritten' | 'grown' | 'touched' | 'same' {
  // What follows on nothing is all new.
  if (now.ino !== known.ino || (known.size === 0 && now.size > 0)) return 'replaced';
  if (now.size === known.size && now.mtimeMs === known.mtimeMs && now.ctimeMs === known.ctimeMs) return 'same';
  if (now.size < known.size || checksum(samplesOf(path, undefined, known.size)) !== known.sample) return 'rewritten';
  return now.size > known.size ? 'grown' : 'touched';
}

function contentDifference(path: string, fd: number | undefined, now: Stats, known: FileVersion): string {
  if (checksum(samplesOf(path, fd, known.size)) === known.sample) return '';
  return now.size > known.size
    ? `it was rewritten: it has ${now.size} bytes, which do not begin with the ${known.size} that it had`
    : 'it was written to';
}
