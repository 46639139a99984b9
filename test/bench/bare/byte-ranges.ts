// The bytes of half a file of lines: read piece by piece, or held in memory.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Half } from './pair';

const newline = 10;
/** Fits the cache of a core. */
const pieceBytes = 1 << 18;
/** Loads of words read past the end of a piece. */
const beyond = 16;

/** Where the half of a file begins and ends: the cut is behind a line end. */
function rangeOf(fd: number, half: Half): [number, number] {
  const { size } = fstatSync(fd);
  const middle = Math.floor(size / 2);
  const probe = Buffer.alloc(1 << 16);
  const held = readSync(fd, probe, 0, probe.length, middle);
  const cut = middle + probe.subarray(0, held).indexOf(newline) + 1;
  return half === 0 ? [0, cut] : [cut, size];
}

/** Calls `take` with pieces of whole lines: the buffer, and where the lines end in it. */
export function eachPiece(path: string, half: Half, take: (bytes: Buffer, end: number) => void): void {
  const fd = openSync(path, 'r');
  const [start, end] = rangeOf(fd, half);
  const buffer = Buffer.alloc(pieceBytes + beyond);
  let held = 0;
  for (let at = start; at < end; ) {
    const n = readSync(fd, buffer, held, Math.min(pieceBytes - held, end - at), at);
    if (n === 0) break;
    at += n;
    held += n;
    const whole = at >= end ? held : buffer.subarray(0, held).lastIndexOf(newline) + 1;
    take(buffer, whole);
    buffer.copyWithin(0, whole, held);
    held -= whole;
  }
  closeSync(fd);
}

/** The half in memory, with room behind it. */
export function wholeHalf(path: string, half: Half): { bytes: Buffer; end: number } {
  const fd = openSync(path, 'r');
  const [start, end] = rangeOf(fd, half);
  const bytes = Buffer.alloc(end - start + beyond);
  for (let held = 0; held < end - start; ) held += readSync(fd, bytes, held, end - start - held, start + held);
  closeSync(fd);
  return { bytes, end: end - start };
}
