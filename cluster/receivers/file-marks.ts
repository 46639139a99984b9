// What tells a file from another one, and a copy of it: its number, and a hash of the bytes before a position.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import type { FilePosition } from './tail-positions';

/** So many bytes before a position tell a file from another one. */
const markBytes = 1024;
const newline = 0x0a;
/** The most of a line that is looked back for its beginning. */
const lookBackBytes = 1 << 20;

/** A hash of what stands before `offset`; undefined if the file is shorter. */
export function markOf(fd: number, offset: number): string | undefined {
  const bytes = Buffer.allocUnsafe(Math.min(offset, markBytes));
  const read = bytes.length === 0 ? 0 : fs.readSync(fd, bytes, 0, bytes.length, offset - bytes.length);
  return read < bytes.length ? undefined : createHash('sha256').update(bytes).digest('base64url');
}

/** A pipe under the name of a file must not hold up the process. */
export const openFlags = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK;

/** What `ask` says of an open file; false if it cannot be opened. */
export function withFile(file: string, ask: (fd: number) => boolean): boolean {
  let fd: number;
  try {
    fd = fs.openSync(file, openFlags);
  } catch {
    return false;
  }
  try {
    return ask(fd);
  } finally {
    fs.closeSync(fd);
  }
}

export const hasMark = (file: string, offset: number, mark: string): boolean =>
  withFile(file, (fd) => markOf(fd, offset) === mark);

/** Whether a name is one that rotation gives to a copy: `app.log.1` or `app.log-20260101`, in the same folder. */
export const isNamedAfter = (file: string, { path: original, offset }: FilePosition): boolean =>
  offset > 0 && file !== original && file.startsWith(original);

/**
 * Whether a file of another number may be the one that was read: a copy, or the file itself, where a device has another number since the
 * machine was started, or the file was moved to another one. Of few bytes the hash says little: many files begin alike.
 */
export const mayGoOn = (file: string, position: FilePosition): boolean =>
  isNamedAfter(file, position) || (file === position.path && position.offset >= markBytes);

export const idOf = ({ dev, ino }: fs.BigIntStats): string => `${dev}:${ino}`;

/** Where the last line begins that ends before `size` or has not ended: a half line is read whole once it ends. */
export function lineStartBefore(fd: number, size: number): number {
  const length = Math.min(size, lookBackBytes);
  const bytes = Buffer.allocUnsafe(length);
  const read = length === 0 ? 0 : fs.readSync(fd, bytes, 0, length, size - length);
  const at = bytes.subarray(0, read).lastIndexOf(newline);
  return at < 0 && size <= lookBackBytes ? 0 : size - length + at + 1;
}
