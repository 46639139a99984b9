// Checks what a checkpoint file says, field by field: numbers, texts and names of its own folders, never a path.
import { countIn, fieldsIn, flagIn, hashNameIn, listIn, textIn, unfit, wholeIn } from '../../base/plain-data';
import type { SavedLink } from '../graph/version-links';
import type { SavedBatch, SavedInput, SavedState, SavedStream, StreamCheckpoint } from './checkpoint';

const optional = <T>(value: unknown, what: string, read: (value: unknown, what: string) => T): T | undefined =>
  value === undefined ? undefined : read(value, what);

function streamIn(fields: Readonly<Record<string, unknown>>, what: string): SavedStream {
  return {
    name: textIn(fields.name, `${what}.name`),
    isNamed: flagIn(fields.isNamed, `${what}.isNamed`),
    operation: textIn(fields.operation, `${what}.operation`),
  };
}

function batchIn(value: unknown, what: string): readonly [number, SavedBatch] {
  const [time, batch] = listIn(value, what, (item) => item);
  const { records, bytes, notes, failure, reads } = fieldsIn(batch, `${what}[1]`);
  return [
    wholeIn(time, `${what}[0]`),
    {
      records: optional(records, `${what}.records`, countIn),
      bytes: optional(bytes, `${what}.bytes`, countIn),
      notes: optional(notes, `${what}.notes`, (list, of) => listIn(list, of, textIn)),
      failure: optional(failure, `${what}.failure`, textIn),
      // The source checks it: it knows what it saves.
      reads,
    },
  ];
}

function inputIn(value: unknown, what: string): SavedInput {
  const fields = fieldsIn(value, what);
  return {
    ...streamIn(fields, what),
    kind: textIn(fields.kind, `${what}.kind`),
    position: fields.position,
    batches: listIn(fields.batches, `${what}.batches`, batchIn),
  };
}

function linkIn(value: unknown, what: string): SavedLink {
  const [version, previous, first] = listIn(value, what, (item) => item);
  return [wholeIn(version, what), previous === null ? null : wholeIn(previous, what), wholeIn(first, what)];
}

function failedIn(value: unknown, what: string): readonly [number, string] {
  const [time, reason] = listIn(value, what, (item) => item);
  return [wholeIn(time, what), textIn(reason, what)];
}

function windowIn(value: unknown, what: string): readonly [number, number] {
  const [length, step] = listIn(value, what, countIn);
  return step === undefined ? unfit(what, 'a pair') : [length, step];
}

function stateIn(value: unknown, what: string): SavedState {
  const fields = fieldsIn(value, what);
  return {
    ...streamIn(fields, what),
    version: wholeIn(fields.version, `${what}.version`),
    first: wholeIn(fields.first, `${what}.first`),
    numPartitions: countIn(fields.numPartitions, `${what}.numPartitions`),
    folder: hashNameIn(fields.folder, `${what}.folder`),
    past: optional(fields.past, `${what}.past`, (list, of) => listIn(list, of, linkIn)),
    failed: optional(fields.failed, `${what}.failed`, (list, of) => listIn(list, of, failedIn)),
    window: optional(fields.window, `${what}.window`, windowIn),
  };
}

/** Throws where it says something that no run writes. */
export function checkedCheckpoint(value: unknown): StreamCheckpoint {
  const fields = fieldsIn(value, 'the checkpoint');
  const interval = countIn(fields.interval, 'interval');
  return {
    interval: interval === 0 ? unfit('interval', 'above 0') : interval,
    zeroTime: wholeIn(fields.zeroTime, 'zeroTime'),
    lastDone: wholeIn(fields.lastDone, 'lastDone'),
    lastMade: wholeIn(fields.lastMade, 'lastMade'),
    unfinished: listIn(fields.unfinished, 'unfinished', wholeIn),
    inputs: listIn(fields.inputs, 'inputs', inputIn),
    states: listIn(fields.states, 'states', stateIn),
  };
}
