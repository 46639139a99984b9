// The footer of a Parquet file: its schema as a tree, and where the pages of each column of each row group lie.
import { type Struct, ThriftReader, type Value } from './thrift';

/** A node of the schema. */
export interface Node {
  readonly name: string;
  readonly repetition: 'required' | 'optional' | 'repeated';
  /** Of a leaf: boolean 0, int32 1, int64 2, int96 3, float 4, double 5, bytes 6, fixed bytes 7. */
  readonly physical: number | undefined;
  readonly length: number;
  readonly converted: number | undefined;
  readonly logical: Struct | undefined;
  readonly scale: number;
  readonly precision: number;
  readonly children: readonly Node[];
  /** Levels that a value of it has. */
  readonly maxDefinition: number;
  readonly maxRepetition: number;
  /** Of a leaf: its place among all leaves. */
  readonly leaf: number;
  /** All leaves below, or itself. */
  readonly leaves: readonly Node[];
}

/** The pages of one column in one row group. */
export interface Chunk {
  readonly codec: number;
  readonly values: number;
  readonly bytes: number;
  /** Where the first page lies. */
  readonly start: number;
  readonly isEncrypted: boolean;
  readonly least?: Buffer;
  readonly greatest?: Buffer;
  /** The same as old writers have them: in the order of signed numbers. */
  readonly oldLeast?: Buffer;
  readonly oldGreatest?: Buffer;
  /** How many values are null, where that is known. */
  readonly nulls?: number;
}

export interface RowGroup {
  readonly rows: number;
  readonly chunks: readonly Chunk[];
}

export interface Footer {
  readonly root: Node;
  readonly leaves: readonly Node[];
  readonly groups: readonly RowGroup[];
  readonly rows: number;
  /** It says that statistics are in the order of their types. */
  readonly hasOrders: boolean;
}

/** Bytes at both ends of a file. */
export const magic = Buffer.from('PAR1');

const damaged = (reason: string): never => {
  throw new RangeError(reason);
};

const number = (value: Value | undefined, otherwise?: number): number =>
  typeof value === 'number' ? value : (otherwise ?? damaged('its footer is damaged'));
const list = (value: Value | undefined): readonly Value[] => (Array.isArray(value) ? value : damaged('its footer is damaged'));
const struct = (value: Value | undefined): Struct =>
  value instanceof Map ? (value as Struct) : damaged('its footer is damaged');
const bytes = (value: Value | undefined): Buffer | undefined => (Buffer.isBuffer(value) ? value : undefined);

/** Nodes of one schema: deeper or larger ones are damage. */
const mostDepth = 100;

interface Building {
  at: number;
  readonly leaves: Node[];
}

function nodeOf(
  elements: readonly Value[],
  building: Building,
  above: { definition: number; repetition: number },
  depth: number,
): Node {
  if (depth > mostDepth || building.at >= elements.length) damaged('its schema is damaged');
  const element = struct(elements[building.at++]);
  const isRoot = depth === 0;
  const code = isRoot ? 0 : number(element.get(3), 0);
  const repetition = code === 2 ? 'repeated' : code === 1 ? 'optional' : 'required';
  const maxDefinition = above.definition + (repetition === 'required' ? 0 : 1);
  const maxRepetition = above.repetition + (repetition === 'repeated' ? 1 : 0);
  const count = number(element.get(5), 0);
  const physical = element.get(1) as number | undefined;
  const isGroup = isRoot || physical === undefined;
  const base = {
    name: bytes(element.get(4))?.toString('utf8') ?? damaged('its schema is damaged'),
    repetition,
    physical: isGroup ? undefined : physical,
    length: number(element.get(2), 0),
    converted: element.get(6) as number | undefined,
    scale: number(element.get(7), 0),
    precision: number(element.get(8), 0),
    logical: element.has(10) ? struct(element.get(10)) : undefined,
    maxDefinition,
    maxRepetition,
  } as const;
  if (!isGroup) {
    if (physical! < 0 || physical! > 7 || count > 0) damaged('its schema is damaged');
    const made: Node & { leaves: Node[] } = { ...base, children: [], leaf: building.leaves.length, leaves: [] };
    made.leaves.push(made);
    building.leaves.push(made);
    return made;
  }
  if (count < 0 || count > elements.length) damaged('its schema is damaged');
  const levels = { definition: maxDefinition, repetition: maxRepetition };
  const first = building.leaves.length;
  const children = Array.from({ length: count }, () => nodeOf(elements, building, levels, depth + 1));
  return { ...base, children, leaf: -1, leaves: building.leaves.slice(first) };
}

function chunkOf(value: Value): Chunk {
  const column = struct(value);
  const isEncrypted = column.has(8) || column.has(9);
  if (!column.has(3)) return { codec: 0, values: 0, bytes: 0, start: 0, isEncrypted: true };
  const meta = struct(column.get(3));
  const data = number(meta.get(9));
  const dictionary = meta.get(11);
  const statistics = meta.has(12) ? struct(meta.get(12)) : undefined;
  const nulls = statistics?.get(3);
  const start = typeof dictionary === 'number' && dictionary > 0 && dictionary < data ? dictionary : data;
  return {
    codec: number(meta.get(4)),
    values: number(meta.get(5)),
    bytes: number(meta.get(7)),
    start,
    isEncrypted,
    least: bytes(statistics?.get(6)),
    greatest: bytes(statistics?.get(5)),
    oldLeast: bytes(statistics?.get(2)),
    oldGreatest: bytes(statistics?.get(1)),
    nulls: typeof nulls === 'number' && nulls >= 0 ? nulls : undefined,
  };
}

/** Reads the bytes of a footer. Throws RangeError for what is none. */
export function footerOf(written: Buffer): Footer {
  const file = new ThriftReader(written).struct();
  const elements = list(file.get(2));
  const building: Building = { at: 0, leaves: [] };
  const root = nodeOf(elements, building, { definition: 0, repetition: 0 }, 0);
  if (building.at !== elements.length) damaged('its schema is damaged');
  const { leaves } = building;
  const groups = list(file.get(4)).map((value): RowGroup => {
    const group = struct(value);
    const chunks = list(group.get(1)).map(chunkOf);
    if (chunks.length !== leaves.length) damaged('a row group has not the columns of the schema');
    const rows = number(group.get(3));
    if (rows < 0) damaged('a row group has a negative number of rows');
    return { rows, chunks };
  });
  const orders = file.get(7);
  // 1 is the order of the type; there is no other one yet.
  const hasOrders =
    Array.isArray(orders) && orders.length === leaves.length && orders.every((one) => one instanceof Map && one.has(1));
  return { root, leaves, groups, rows: groups.reduce((sum, { rows }) => sum + rows, 0), hasOrders };
}
