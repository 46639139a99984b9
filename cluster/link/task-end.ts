// Packs how a task ended for sending: the user's values go into the tail by the binary codec, the rest into the control text.
import { cutText } from '../../runtime/base/cut-text';
import { isErrorCode, MillraceError } from '../../runtime/base/errors';
import {
  maxErrorDetails,
  maxErrorFrames,
  maxErrorName,
  maxErrorPath,
  maxErrorText,
  maxFetchReason,
} from '../../runtime/base/limits';
import type { Place } from '../../runtime/base/place';
import { cutError, plainError } from '../../runtime/plan/cut-error';
import type { AccumulatorUpdate, Computation, RemoteError, TaskEnd } from '../../runtime/plan/end';
import { decode, decodeRows, encode } from '../../runtime/wire/codec';
import { maxEndBytes } from '../base/limits';
import { Fields, refuse } from './fields';
import type { SentEnd } from './protocol';

export interface PackedEnd {
  readonly end: SentEnd;
  readonly tail: Uint8Array;
}

const nothing = new Uint8Array(0);
const idLength = 256;

/** Packs an end for sending. One that cannot be encoded becomes a `userError` that says so, and one that is too large `tooBig`. */
export function packEnd(end: TaskEnd, maxBytes = maxEndBytes): PackedEnd {
  try {
    const packed = pack(end);
    const bytes = packed.tail.length;
    return bytes <= maxBytes ? packed : { end: { kind: 'tooBig', bytes, limit: maxBytes }, tail: nothing };
  } catch (error) {
    return { end: { kind: 'userError' }, tail: encode(plainError(error)) };
  }
}

function pack(end: TaskEnd): PackedEnd {
  switch (end.kind) {
    case 'success': {
      const { value, accumulators, ...rest } = end;
      const updates = accumulators.length === 0 ? nothing : encode(accumulators);
      const tail = updates.length === 0 ? value : Buffer.concat([updates, value]);
      return { end: { ...rest, accumulatorBytes: updates.length }, tail };
    }
    case 'userError':
      return { end: { kind: 'userError' }, tail: encode(cutError(end.error)) };
    case 'fetchFailed':
      return { end: { ...end, reason: cutText(end.reason, maxFetchReason) }, tail: nothing };
    case 'lost':
      throw new MillraceError('INTERNAL', { reason: 'an executor cannot report its own loss' });
    default:
      return { end, tail: nothing };
  }
}

/** Unpacks and checks a received end. Throws PROTOCOL. */
export function unpackEnd(end: SentEnd, tail: Uint8Array): TaskEnd {
  switch (end.kind) {
    case 'success': {
      const { accumulatorBytes, ...rest } = end;
      const updates = accumulatorBytes === 0 ? [] : readUpdates(tail.subarray(0, accumulatorBytes));
      return { ...rest, accumulators: updates, value: tail.subarray(accumulatorBytes) };
    }
    case 'userError':
      return { kind: 'userError', error: readError(decode(tail)) };
    default:
      return end;
  }
}

/** Updates of accumulators as they were encoded. Throws PROTOCOL. */
export function readUpdates(bytes: Uint8Array): AccumulatorUpdate[] {
  return Array.from(decodeRows(bytes, 'session'), (item) => {
    const update = new Fields('accumulator update', item);
    const block = update.has('block') ? readComputation(update.object('block')) : undefined;
    const read = { id: update.string('id', idLength), value: update.take('value'), ...(block && { block }) };
    update.end();
    return read;
  });
}

function readComputation(block: Fields): Computation {
  const [rddId, partition] = [block.integer('rddId'), block.integer('partition')];
  const read = { rddId, partition, within: block.string('within', idLength) };
  block.end();
  return read;
}

function readError(value: unknown): RemoteError {
  const error = new Fields('error', value);
  const read: RemoteError = {
    name: error.string('name', maxErrorName),
    message: error.string('message', maxErrorText),
    stack: error.string('stack', maxErrorText),
    frames: error.list('frames', maxErrorFrames, readPlace),
    operator: error.has('operator') ? error.string('operator', maxErrorName) : undefined,
    step: error.has('step') ? error.integer('step') : undefined,
    element: error.has('element') ? error.string('element', maxErrorText) : undefined,
    fields: error.has('fields') ? readDetails('fields', error.take('fields')) : undefined,
    code: error.has('code') ? readCode(error.string('code', maxErrorName)) : undefined,
    details: error.has('details') ? readDetails('details', error.take('details')) : undefined,
  };
  error.end();
  return read;
}

function readCode(code: string): string {
  return isErrorCode(code) ? code : refuse('error.code is none that this version knows');
}

function readPlace(value: unknown, what: string): Place {
  const place = new Fields(what, value);
  const read = { file: place.string('file', maxErrorPath), line: place.integer('line'), column: place.integer('column') };
  place.end();
  return read;
}

function readDetails(name: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(`error.${name} is not an object`);
  const entries = Object.entries(value);
  if (entries.length > maxErrorDetails) return refuse(`error.${name} has ${entries.length} entries`);
  for (const [key, detail] of entries) {
    const fits = typeof detail === 'number' || (typeof detail === 'string' && detail.length <= maxErrorText);
    if (!fits || key.length > maxErrorName) return refuse(`error.${name} has a detail that is no number and no short text`);
  }
  return Object.fromEntries(entries);
}
