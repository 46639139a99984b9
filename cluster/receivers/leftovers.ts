// Recovers what a dead receiver process left: its whole lines become a block, and what is lost is counted.
import fs from 'node:fs';
import path from 'node:path';
import { afterDeath, partEnding, type ReceiverSource } from '../../runtime/plan/receivers';
import { dropUnknown } from './tail-positions';

export interface Leftovers {
  /** What was recovered and what is lost, for the user. */
  readonly summary: string;
  /** The recovered block. */
  readonly block?: { readonly number: number; readonly bytes: number; readonly records: number };
  /** The number of the next block. */
  readonly next: number;
}

const newline = 0x0a;
const connectionLost = 'data still in its connection is lost';

/**
 * Recovers the blocks from `first` on, which the driver has not heard of. Elements of the user's receivers are not recovered: a source that
 * waits for acknowledgements sends them again.
 */
export function recoverLeftovers(folder: string, first: number, source: ReceiverSource): Leftovers {
  if (afterDeath(source) === 'read again') {
    dropUnknown(folder, first);
    return { summary: 'what it had not handed over is read again', next: first };
  }
  const names = fs.readdirSync(folder).filter((name) => Number.parseInt(name, 10) >= first);
  const next = names.reduce((most, name) => Math.max(most, Number.parseInt(name, 10) + 1), first);
  const files = names.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)).map((name) => path.join(folder, name));
  const areLines = afterDeath(source) === 'recovered';
  if (areLines && files.length > 0) return join(files, folder, next);
  const bytes = files.reduce((sum, file) => sum + fs.statSync(file).size, 0);
  for (const file of files) fs.rmSync(file, { force: true });
  if (areLines) return { summary: connectionLost, next };
  if (source.kind === 'webhookListen') return { summary: 'requests without an answer must be sent again', next };
  const summary =
    bytes === 0
      ? 'elements stored in its last moment may be lost'
      : `${bytes} bytes of elements that it had just stored are lost`;
  return { summary, next };
}

/** Joins the whole lines of several files into one block with the number `next`. */
function join(files: readonly string[], folder: string, next: number): Leftovers {
  const bytes = Buffer.concat(files.map((file) => fs.readFileSync(file)));
  for (const file of files) fs.rmSync(file, { force: true });
  const whole = bytes.lastIndexOf(newline) + 1;
  let records = 0;
  for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, at + 1)) records++;
  const part = path.join(folder, next + partEnding);
  fs.writeFileSync(part, bytes.subarray(0, whole), { mode: 0o600, flag: 'wx' });
  fs.renameSync(part, path.join(folder, String(next)));
  return {
    summary: `recovered ${records} lines that it had written; ${connectionLost}`,
    block: { number: next, bytes: whole, records },
    next: next + 1,
  };
}
