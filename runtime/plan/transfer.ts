// Datasets and jobs as bytes, for an engine in another process: encoded with their version, decoded and checked field by field.
import { MillraceError } from '../base/errors';
import { showElement } from '../base/show-element';
import { plainKinds } from '../schema/schema';
import { decode, encode } from '../wire/codec';
import type { FunctionRef } from './function-ref';
import { isFunctionRef } from './function-ref';
import type { Job } from './job';
import type { DatasetNode, DependencyNode, FunctionNode } from './node';
import { inputsOf, type Plan } from './program';
import type { PublishedDataset } from './sharing/shared-datasets';

/** Rises with each change of what nodes and jobs look like. */
const format = 1;

/** Throws BAD_NODE unless a value is what its place asks for. */
type Check = (value: unknown, at: string) => void;

function bad(at: string, value: unknown, wanted: string): never {
  throw new MillraceError('BAD_NODE', { what: at.split(' ')[0], reason: `${at} is ${showElement(value)} instead of ${wanted}` });
}

const number: Check = (value, at) => typeof value === 'number' || bad(at, value, 'a number');
const count: Check = (value, at) =>
  (Number.isSafeInteger(value) && (value as number) >= 0) || bad(at, value, 'a whole number from 0 on');
const text: Check = (value, at) => typeof value === 'string' || bad(at, value, 'a text');
const flag: Check = (value, at) => typeof value === 'boolean' || bad(at, value, 'true or false');
const anything: Check = () => {};

const optional =
  (check: Check): Check =>
  (value, at) =>
    value === undefined || check(value, at);

const list =
  (each: Check): Check =>
  (value, at) => {
    if (!Array.isArray(value)) bad(at, value, 'a list');
    for (const [i, element] of (value as unknown[]).entries()) each(element, `${at}[${i}]`);
  };

const record =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value, at) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) bad(at, value, 'a record');
    for (const [name, check] of Object.entries(fields)) check((value as Record<string, unknown>)[name], `${at}.${name}`);
  };

/** A record of one of several kinds, which `tag` tells apart. */
const oneOf =
  (tag: string, kinds: Readonly<Record<string, Readonly<Record<string, Check>>>>): Check =>
  (value, at) => {
    record({ [tag]: text })(value, at);
    const kind = (value as Record<string, string>)[tag];
    if (!Object.hasOwn(kinds, kind)) bad(`${at}.${tag}`, kind, `one of ${Object.keys(kinds).join(', ')}`);
    record(kinds[kind])(value, at);
  };

const place = record({ file: text, line: number, column: number });
const site = record({ file: text, line: number, text, at: optional(number) });
const call = optional(record({ place: optional(place), site: optional(site) }));

const functionNode = record({
  closure: text,
  instance: count,
  operation: text,
  place,
  needs: list(text),
  bulk: list(text),
  usesModules: optional(flag),
});

const partitioner = oneOf('kind', {
  hash: { partitions: count },
  direct: { partitions: count },
  custom: { partitions: count, f: anything },
  range: { partitions: count, bounds: list(anything), ascending: flag },
});

const dependency = oneOf('kind', {
  narrow: { dataset: count },
  shuffle: { dataset: count, shuffleId: count, partitioner, operation: text, call, functions: list(functionNode) },
});

const version = record({
  size: count,
  mtimeMs: number,
  ctimeMs: number,
  ino: count,
  sample: count,
  tag: optional(text),
  url: optional(text),
});
const file = record({ path: text, name: optional(text), form: text, version: optional(version), byEngine: optional(flag) });

const splits = oneOf('kind', {
  none: {},
  values: { blobs: text },
  range: { start: number, step: number, length: count },
  text: { files: list(file), ranges: list(list(list(count))) },
  files: { files: list(file), bounds: list(count) },
  checkpoint: { folder: optional(text) },
  same: {},
  beside: {},
  numbered: { offsets: list(count) },
  union: {},
  pairs: {},
  neighbours: {},
  one: { partition: count },
  some: { reads: list(count) },
  custom: { blobs: text, reads: list(list(list(count))) },
});

const level = record({ useMemory: flag, useDisk: flag, serialized: flag, replication: count });
const persistence = record({ level, priority: number });

const columnTypes: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  ...Object.fromEntries(plainKinds.map((kind) => [kind, {}])),
  decimal: { precision: count, scale: count },
  time: { unit: text },
  timestamp: { zone: flag, unit: text },
  list: { of: (value, at) => values(value, at) },
  struct: { fields: list((value, at) => column(value, at)) },
  map: { key: (value, at) => values(value, at), value: (value, at) => values(value, at) },
  union: { of: list((value, at) => columnType(value, at)) },
};
const columnType = oneOf('kind', columnTypes);
const values = record({ type: columnType, nullable: flag });
const column = record({ name: text, type: columnType, nullable: flag, optional: optional(flag) });
const schema = record({ columns: list(column) });

const node = record({
  id: count,
  operation: text,
  name: optional(text),
  dependencies: list(dependency),
  partitions: count,
  schema: optional(schema),
  splits,
  fragment: record({ op: text }),
  functions: list(functionNode),
  partitioner: optional(partitioner),
  persistence: optional(persistence),
  barrier: optional(flag),
  indeterminate: optional(flag),
  locations: optional(list(list(text))),
  besides: optional(count),
  call,
});

const job = record({
  root: count,
  sink: record({ kind: text }),
  functions: list(functionNode),
  partitions: list(count),
  title: text,
  properties: record({}),
  files: record({}),
  callSite: optional(site),
  code: optional(record({ modules: text, classes: list(text) })),
});

const publishedDataset = record({
  name: text,
  dataset: count,
  operation: text,
  partitions: count,
  partitioner: optional(partitioner),
  schema: optional(schema),
  type: text,
  description: text,
  owner: text,
  level,
  since: number,
});

/** Every function that a part of a program names must be in the list beside it. */
function checkFunctions(holder: unknown, functions: readonly FunctionNode[], at: string): void {
  const check = (ref: FunctionRef): void => {
    if (ref.kind === 'library') for (const arg of ref.args) if (isFunctionRef(arg)) check(arg);
    if (ref.kind === 'closure' && !(ref.index in functions))
      bad(`${at}.functions`, ref.index, `one of ${functions.length} functions`);
  };
  for (const value of Object.values(holder as object)) if (isFunctionRef(value)) check(value);
}

function checkFragment(part: Plan, { dependencies, functions, id }: DatasetNode): void {
  const at = `dataset ${id} fragment`;
  record({ op: text })(part, at);
  if (part.op === 'input' && !(part.dependency in dependencies))
    bad(at, part.dependency, `one of ${dependencies.length} dependencies`);
  checkFunctions(part, functions, at);
  for (const below of inputsOf(part)) checkFragment(below, { dependencies, functions, id } as DatasetNode);
}

const plainCall = <T extends { readonly call?: DatasetNode['call'] }>(value: T): T =>
  value.call ? { ...value, call: { place: value.call.place, site: value.call.site } } : value;

const plainDependency = (d: DependencyNode): DependencyNode => (d.kind === 'shuffle' ? plainCall(d) : d);

/** Datasets as bytes, parents first as they are given. */
export const encodeDatasets = (nodes: readonly DatasetNode[]): Uint8Array =>
  encode({ format, datasets: nodes.map((n) => ({ ...plainCall(n), dependencies: n.dependencies.map(plainDependency) })) });

/** Throws BAD_NODE, also for what another version has written. */
export function decodeDatasets(bytes: Uint8Array): readonly DatasetNode[] {
  const { datasets } = opened(bytes, 'datasets');
  list(node)(datasets, 'dataset');
  for (const made of datasets as DatasetNode[]) checkFragment(made.fragment, made);
  return datasets as DatasetNode[];
}

export const encodeJob = (made: Job): Uint8Array => encode({ format, job: made });

/** Throws BAD_NODE, also for what another version has written. */
export function decodeJob(bytes: Uint8Array): Job {
  const { job: made } = opened(bytes, 'job');
  job(made, 'job');
  const { sink, functions } = made as Job;
  checkFunctions(sink, functions, 'job');
  return made as Job;
}

export const encodePublished = (published: readonly PublishedDataset[]): Uint8Array => encode({ format, published });

/** Throws BAD_NODE, also for what another version has written. */
export function decodePublished(bytes: Uint8Array): readonly PublishedDataset[] {
  const { published } = opened(bytes, 'published');
  list(publishedDataset)(published, 'published');
  return published as PublishedDataset[];
}

function opened(bytes: Uint8Array, what: string): Record<string, unknown> {
  const written = read(bytes, what);
  if (typeof written !== 'object' || written === null) bad(what, written, 'a record');
  const { format: version } = written as { format?: unknown };
  if (version !== format) bad(`${what} format`, version, String(format));
  return written as Record<string, unknown>;
}

function read(bytes: Uint8Array, what: string): unknown {
  try {
    return decode(bytes);
  } catch (e) {
    throw new MillraceError('BAD_NODE', { what, reason: (e as Error).message });
  }
}
