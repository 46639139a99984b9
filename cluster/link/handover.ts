// The instructions that an executor gets at its start, over its stdin. The token travels no other way.
import fs from 'node:fs';
import { Fields, refuse } from './fields';

export interface Handover {
  readonly executorId: string;
  /** The path of the driver's Unix socket. */
  readonly socket: string;
  /** The session token, in hexadecimal. */
  readonly token: string;
  /** The session's folder for shuffle and spill files. */
  readonly folder: string;
  readonly storageBytes: number;
  readonly executionBytes: number;
  /** What stores of files elsewhere need to know, JSON: no variable of the environment, which user code sees. */
  readonly stores: string;
}

const maxBytes = 16_384;
const textLength = 8192;

/** The one line that the driver writes. */
export const writeHandover = (handover: Handover): string => `${JSON.stringify(handover)}\n`;

/** Reads the line from a descriptor, blocking. Throws PROTOCOL if it is missing or wrong. */
export function readHandover(descriptor: number): Handover {
  const fields = new Fields('handover', JSON.parse(readLine(descriptor)));
  const handover: Handover = {
    executorId: fields.string('executorId', textLength),
    socket: fields.string('socket', textLength),
    token: fields.string('token', textLength),
    folder: fields.string('folder', textLength),
    storageBytes: fields.integer('storageBytes'),
    executionBytes: fields.integer('executionBytes'),
    stores: fields.string('stores', textLength),
  };
  fields.end();
  return handover;
}

function readLine(descriptor: number): string {
  const buffer = Buffer.alloc(maxBytes);
  let length = 0;
  while (length < maxBytes) {
    const read = fs.readSync(descriptor, buffer, length, maxBytes - length, null);
    if (read === 0) break;
    length += read;
    if (buffer[length - 1] === 0x0a) return buffer.toString('utf8', 0, length);
  }
  return refuse('the handover ended too early');
}
