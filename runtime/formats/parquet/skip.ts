// Whether a row group can have rows for which a condition holds, by the statistics that the writer left in the footer.
import type { Comparison, Condition, Constant } from '../../plan/condition';
import type { Column } from '../../schema/schema';
import { instantOf, NoRoom } from '../plain-values';
import { dateText } from '../time-text';
import { isFlat } from './flat-column';
import type { Chunk, Node, RowGroup } from './footer';
import { kindOf, physical } from './leaf-values';

/** A column of the rows with its node in the file; a constant for all rows where it has none. */
export interface Placed {
  readonly column: Column;
  readonly node: Node | undefined;
  readonly constant: unknown;
}

type Bound = number | bigint | string | boolean | Buffer;

/** What the values of a column in a row group are, as far as that is known. */
interface Known {
  readonly mayBeNull: boolean;
  readonly isAllNull: boolean;
  /** All that are not null are from `least` to `greatest`; numbers may also be NaN. */
  readonly range?: readonly [least: Bound, greatest: Bound];
}

const nothing: Known = { mayBeNull: true, isAllNull: false };

/** Whether a value compares so with a constant, by the language's rules. */
function holds(value: unknown, by: Comparison, constant: Constant): boolean {
  const [a, b] = [value as number, constant as number];
  switch (by) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    case '===':
      return a === b;
    case '!==':
      return a !== b;
    case '==':
      // biome-ignore lint/suspicious/noDoubleEquals: it is what the user wrote.
      return a == b;
    default:
      // biome-ignore lint/suspicious/noDoubleEquals: it is what the user wrote.
      return a != b;
  }
}

const isNegated = (by: Comparison): boolean => by === '!==' || by === '!=';
const isEqual = (by: Comparison): boolean => by === '===' || by === '==';

/** Whether a value between two bounds may compare so; `compared` says how a bound stands to the constant: below 0, 0 or above. */
function between(by: Comparison, least: number, greatest: number): boolean {
  switch (by) {
    case '<':
      return least < 0;
    case '<=':
      return least <= 0;
    case '>':
      return greatest > 0;
    case '>=':
      return greatest >= 0;
    default:
      return isNegated(by) || (least <= 0 && greatest >= 0);
  }
}

const order = (a: Bound, b: Bound): number => (a < b ? -1 : a > b ? 1 : 0);

/** Whether some row may have a value in this column that compares so. */
function mayCompare({ mayBeNull, isAllNull, range }: Known, by: Comparison, constant: Constant): boolean {
  if (mayBeNull && holds(null, by, constant)) return true;
  if (isAllNull) return false;
  if (constant === null) return !isEqual(by);
  if (!range) return true;
  const [least, greatest] = range;
  if (Buffer.isBuffer(least)) {
    if (typeof constant !== 'string') return true;
    // Bytes of UTF-8 are in the order of characters, strings in that of their units: the same below the surrogates.
    if (!isEqual(by) && /[\ud800-\uffff]/.test(constant)) return true;
    const bytes = Buffer.from(constant, 'utf8');
    return between(by, Buffer.compare(least, bytes), Buffer.compare(greatest as Buffer, bytes));
  }
  const value = constant instanceof Date ? constant.getTime() : constant;
  const isAlike =
    typeof value === typeof least ||
    (!isEqual(by) && typeof value !== 'string' && typeof least !== 'string' && typeof value !== 'boolean');
  if (!isAlike || Number.isNaN(value)) return true;
  return between(by, order(least, value), order(greatest, value));
}

/** Whether a condition may hold for some row of a row group. */
export function mayHave(condition: Condition, placed: readonly Placed[], group: RowGroup, hasOrders: boolean): boolean {
  const may = (one: Condition): boolean => {
    if (one.kind !== 'compare') return one.kind === 'all' ? one.of.every(may) : one.of.some(may);
    const { field, by, value } = one;
    const found = placed.find(({ column }) => column.name === field);
    return !found || mayCompare(knownOf(found, group, hasOrders), by, value);
  };
  return may(condition);
}

function knownOf({ column, node, constant }: Placed, group: RowGroup, hasOrders: boolean): Known {
  if (!node) {
    if (constant === null) return { mayBeNull: true, isAllNull: true };
    return { mayBeNull: false, isAllNull: false, range: [constant as Bound, constant as Bound] };
  }
  if (!isFlat(node)) return nothing;
  const chunk = group.chunks[node.leaf];
  const { nulls } = chunk;
  const mayBeNull = nulls === undefined ? node.maxDefinition > 0 : nulls > 0;
  if (nulls === group.rows) return { mayBeNull, isAllNull: true };
  return { mayBeNull, isAllNull: false, range: rangeOf(column, node, chunk, hasOrders) };
}

/** The least and the greatest value of a column, where the file says them in the order in which they compare. */
function rangeOf({ type }: Column, node: Node, chunk: Chunk, hasOrders: boolean): Known['range'] {
  const kind = kindOf(node);
  if (type.kind === 'text') {
    const isText = hasOrders && kind.type.kind === 'text' && !kind.isUuid && node.physical === physical.bytes;
    const { least, greatest } = chunk;
    return isText && least && greatest && Buffer.compare(least, greatest) <= 0 ? [least, greatest] : undefined;
  }
  const isSame = kind.type.kind === type.kind || (kind.type.kind === 'int' && (type.kind === 'bigint' || type.kind === 'double'));
  if (!isSame || kind.isHalf || type.kind === 'decimal') return undefined;
  const isSigned = !kind.unsigned;
  const least = chunk.least ?? (isSigned ? chunk.oldLeast : undefined);
  const greatest = chunk.greatest ?? (isSigned ? chunk.oldGreatest : undefined);
  const read = (bytes: Buffer) => boundOf(bytes, node, type.kind, isSigned);
  const [a, b] = [least && read(least), greatest && read(greatest)];
  return a !== undefined && b !== undefined && a <= b ? [a, b] : undefined;
}

/** A bound as what its column's values compare as; undefined for what does not compare as bytes and numbers do. */
function boundOf(bytes: Buffer, node: Node, kind: Column['type']['kind'], isSigned: boolean): Bound | undefined {
  const width =
    node.physical === physical.int32 || node.physical === physical.float ? 4 : node.physical === physical.boolean ? 1 : 8;
  if (bytes.length !== width) return undefined;
  switch (node.physical) {
    case physical.boolean:
      return kind === 'boolean' ? bytes[0] === 1 : undefined;
    case physical.float:
      return bytes.readFloatLE(0);
    case physical.double:
      return bytes.readDoubleLE(0);
    case physical.int32: {
      const value = isSigned ? bytes.readInt32LE(0) : bytes.readUInt32LE(0);
      if (kind === 'date') return /^\d{4}-/.test(dateText(value)) ? dateText(value) : undefined;
      return kind === 'bigint' ? BigInt(value) : kind === 'time' ? undefined : value;
    }
    case physical.int64: {
      const value = isSigned ? bytes.readBigInt64LE(0) : bytes.readBigUInt64LE(0);
      if (kind === 'timestamp') return timeOf(value, node);
      if (kind === 'bigint') return value;
      return kind !== 'time' && Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
    }
    default:
      return undefined;
  }
}

/** An instant in milliseconds. Times without a zone are not in the order of the instants that they become. */
function timeOf(units: bigint, node: Node): number | undefined {
  const { type } = kindOf(node);
  if (type.kind !== 'timestamp' || !type.zone) return undefined;
  try {
    return instantOf(units, type.unit).getTime();
  } catch (e) {
    if (e instanceof NoRoom) return undefined;
    throw e;
  }
}
