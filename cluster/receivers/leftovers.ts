// What a receiver process left behind when it died: whole lines are taken over, what was cut off is counted.
import fs from 'node:fs';
import path from 'node:path';
import { partEnding, type ReceiverSource } from '../../runtime/plan/receivers';

export interface Leftovers {
  /** What was saved and what is lost, in words. */
  readonly words: string;
  /** A block that can be read. */
  readonly block?: { readonly number: number; readonly bytes: number; readonly records: number };
  /** The number of the next block. */
  readonly next: number;
}

const newline = 0x0a;
const nothing = 'what the connection held is lost';

/**
 * Looks for blocks from `first` on that the driver was not told of. Elements of receivers that wait for their acknowledgement are not
 * taken over, for their source sends them again.
 */
export function recoverLeftovers(folder: string, first: number, source: ReceiverSource): Leftovers {
  const names = fs.readdirSync(folder).filter((name) => Number.parseInt(name, 10) >= first);
  const next = names.reduce((most, name) => Math.max(most, Number.parseInt(name, 10) + 1), first);
  const isText = source.kind !== 'custom' || source.isText;
  const files = names.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10)).map((name) => path.join(folder, name));
  if (isText && source.kind !== 'custom' && files.length > 0) return join(files, folder, next);
  const bytes = files.reduce((sum, file) => sum + fs.statSync(file).size, 0);
  for (const file of files) fs.rmSync(file, { force: true });
  if (source.kind !== 'custom') return { words: nothing, next };
  const words =
    bytes === 0
      ? 'what it stored in its last moment, if anything, is lost'
      : `${bytes} bytes of elements that were stored and not yet handed over are lost`;
  return { words, next };
}

/** The whole lines of several files as one block under the number `next`. */
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
    words: `${records} lines that it had written are taken over, ${nothing}`,
    block: { number: next, bytes: whole, records },
    next: next + 1,
  };
}
