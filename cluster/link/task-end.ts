// Packs how a task ended for sending: the user's values go into the tail by the binary codec, the rest into the control text.
import { MillraceError } from '../../runtime/base/errors';
import type { Place } from '../../runtime/base/place';
import type { AccumulatorUpdate, Computation, RemoteError, TaskEnd } from '../../runtime/plan/end';
import { decode, encode } from '../../runtime/wire/codec';
import { Fields, refuse } from './fields';
import type { SentEnd } from './protocol';

export interface PackedEnd {
  readonly end: SentEnd;
  readonly tail: Uint8Array;
}

const nothing = new Uint8Array(0);
const maxUpdates = 100_000;
const maxFrames = 1000;
const textLength = 1 << 20;

/** Packs an end for sending. An end that cannot be encoded becomes a `userError` that says so. */
export function packEnd(end: TaskEnd): PackedEnd {
  try {
    return pack(end);
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
      return { end: { kind: 'userError' }, tail: encode(end.error) };
    case 'lost':
      throw new MillraceError('INTERNAL', { reason: 'an executor cannot report its own loss' });
    default:
      return { end, tail: nothing };
  }
}

/** Makes plain data of an error that the engine threw on an executor; details become strings, which can always be encoded. */
export function plainError(thrown: unknown): RemoteError {
  if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown), stack: '', frames: [] };
  const { name, message, stack } = thrown;
  const plain = { name, message, stack: stack ?? '', frames: [] };
  if (!(thrown instanceof MillraceError)) return plain;
  const details = Object.entries(thrown.details).map(([key, value]) => [key, String(value)]);
  return { ...plain, code: thrown.code, details: Object.fromEntries(details) };
}

/** Unpacks and checks a received end. Throws PROTOCOL. */
export function unpackEnd(end: SentEnd, tail: Uint8Array): TaskEnd {
  switch (end.kind) {
    case 'success': {
      const { accumulatorBytes, ...rest } = end;
      const updates = accumulatorBytes === 0 ? [] : readUpdates(decode(tail.subarray(0, accumulatorBytes)));
      return { ...rest, accumulators: updates, value: tail.subarray(accumulatorBytes) };
    }
    case 'userError':
      return { kind: 'userError', error: readError(decode(tail)) };
    default:
      return end;
  }
}

function readUpdates(value: unknown): AccumulatorUpdate[] {
  if (!Array.isArray(value) || value.length > maxUpdates) return refuse('accumulator updates are not a list');
  return value.map((item) => {
    const update = new Fields('accumulator update', item);
    const block = update.has('block') ? readComputation(update.object('block')) : undefined;
    const read = { id: update.string('id', textLength), value: update.take('value'), block };
    update.end();
    return read;
  });
}

function readComputation(block: Fields): Computation {
  const [rddId, partition] = [block.integer('rddId'), block.integer('partition')];
  const read = { rddId, partition, within: block.string('within', textLength) };
  block.end();
  return read;
}

function readError(value: unknown): RemoteError {
  const error = new Fields('error', value);
  const read: RemoteError = {
    name: error.string('name', textLength),
    message: error.string('message', textLength * 64),
    stack: error.string('stack', textLength * 64),
    frames: error.list('frames', maxFrames, readPlace),
    operator: error.has('operator') ? error.string('operator', textLength) : undefined,
    step: error.has('step') ? error.integer('step') : undefined,
    element: error.has('element') ? error.string('element', textLength) : undefined,
    code: error.has('code') ? error.string('code', textLength) : undefined,
    details: error.has('details') ? readDetails(error.take('details')) : undefined,
  };
  error.end();
  return read;
}

function readPlace(value: unknown, what: string): Place {
  const place = new Fields(what, value);
  const read = { file: place.string('file', textLength), line: place.integer('line'), column: place.integer('column') };
  place.end();
  return read;
}

function readDetails(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('error.details is not an object');
  return value as Record<string, unknown>;
}
