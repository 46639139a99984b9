// The schema of an Arrow file: its fields, and the types that their values have as columns of a table.
import type { Column, ColumnType, Schema, TimeUnit, Values } from '../../schema/schema';
import { uniqueNames } from '../csv/dialect';
import type { FlatTable } from './flatbuffer';

/** Types of Arrow by their numbers. */
const typeNames = [
  'none',
  'null',
  'int',
  'float',
  'binary',
  'utf8',
  'bool',
  'decimal',
  'date',
  'time',
  'timestamp',
  'interval',
  'list',
  'struct',
  'union',
  'fixedBinary',
  'fixedList',
  'map',
  'duration',
  'largeBinary',
  'largeUtf8',
  'largeList',
  'runs',
  'binaryView',
  'utf8View',
  'listView',
  'largeListView',
] as const;

export type TypeName = (typeof typeNames)[number];

const units: readonly TimeUnit[] = ['s', 'ms', 'us', 'ns'];

export interface Field {
  readonly name: string;
  readonly nullable: boolean;
  readonly type: TypeName;
  readonly children: readonly Field[];
  /** Bits of a number, bytes of fixed binary, elements of a fixed list. */
  readonly width: number;
  readonly signed: boolean;
  readonly unit: TimeUnit;
  /** Days, of a date. */
  readonly isDays: boolean;
  readonly hasZone: boolean;
  readonly precision: number;
  readonly scale: number;
  readonly isDense: boolean;
  readonly typeIds: readonly number[];
  readonly interval: number;
  /** Bytes that are an identifier, by the name of their extension. */
  readonly isUuid: boolean;
  /** Values are places in this dictionary. */
  readonly dictionary: { readonly id: number; readonly width: number; readonly signed: boolean } | undefined;
}

const damaged = (reason = 'its schema is damaged'): never => {
  throw new RangeError(reason);
};

const hasUnit: ReadonlySet<TypeName> = new Set(['time', 'timestamp', 'duration']);

function widthOf(type: TypeName, own: FlatTable): number {
  if (type === 'float') return [16, 32, 64][own.short(0)] ?? damaged();
  if (type === 'decimal') return own.int(2, 128);
  if (type === 'time') return own.int(1, 32);
  return type === 'int' || type === 'fixedBinary' || type === 'fixedList' ? own.int(0) : 0;
}

/** The name of a field's extension, among what its writer noted of it. */
const extensionOf = (field: FlatTable): string | undefined =>
  field
    .tables(6)
    .find((note) => note.text(0) === 'ARROW:extension:name')
    ?.text(1);

export function fieldOf(table: FlatTable): Field {
  const type = typeNames[table.byte(2)];
  if (type === undefined || type === 'none') return damaged('it has a type that is not known');
  const own = table.table(3) ?? damaged();
  const dictionary = table.table(4);
  const index = dictionary?.table(1);
  const children = table.tables(5).map(fieldOf);
  const made: Field = {
    name: table.text(0) ?? '',
    nullable: table.byte(1) !== 0,
    type,
    children,
    width: widthOf(type, own),
    signed: type === 'int' && own.byte(1) !== 0,
    unit: hasUnit.has(type) ? (units[own.short(0, type === 'timestamp' ? 0 : 1)] ?? damaged()) : 'ms',
    isDays: type === 'date' && own.short(0, 1) === 0,
    hasZone: type === 'timestamp' && own.text(1) !== undefined,
    precision: type === 'decimal' ? own.int(0) : 0,
    scale: type === 'decimal' ? own.int(1) : 0,
    isDense: type === 'union' && own.short(0) === 1,
    typeIds: type === 'union' ? own.ints(1) : [],
    interval: type === 'interval' ? own.short(0) : 0,
    isUuid: type === 'fixedBinary' && own.int(0) === 16 && extensionOf(table) === 'arrow.uuid',
    dictionary: dictionary && { id: dictionary.long(0), width: index?.int(0) ?? 32, signed: index ? index.byte(1) !== 0 : true },
  };
  checkField(made);
  return made;
}

function checkField({ type, children, width, precision }: Field): void {
  const wants: Partial<Record<TypeName, number>> = {
    list: 1,
    largeList: 1,
    listView: 1,
    largeListView: 1,
    fixedList: 1,
    map: 1,
    runs: 2,
  };
  if (wants[type] !== undefined && children.length !== wants[type]) damaged('a list has not one kind of elements');
  if (type === 'map' && (children[0].type !== 'struct' || children[0].children.length !== 2))
    damaged('a map has not keys and values');
  if (type === 'int' && ![8, 16, 32, 64].includes(width)) damaged(`it has whole numbers of ${width} bits`);
  if (type === 'time' && ![32, 64].includes(width)) damaged(`it has times of ${width} bits`);
  if (type === 'decimal' && (![32, 64, 128, 256].includes(width) || precision < 1 || precision > 76))
    damaged('it has a decimal of wrong size');
  if ((type === 'fixedBinary' || type === 'fixedList') && width < 0) damaged();
}

/** Whether the whole numbers of 64 bits below a field are bigints. */
export type IsWide = (field: Field) => boolean;

const text: ColumnType = { kind: 'text' };
const bytes: ColumnType = { kind: 'bytes' };

function typeOf(field: Field, wide: boolean): ColumnType {
  switch (field.type) {
    case 'null':
      return { kind: 'unknown' };
    case 'int':
      return { kind: field.width === 64 && wide ? 'bigint' : 'int' };
    case 'float':
      return { kind: 'double' };
    case 'bool':
      return { kind: 'boolean' };
    case 'utf8':
    case 'largeUtf8':
    case 'utf8View':
    case 'interval':
      return text;
    case 'decimal':
      return { kind: 'decimal', precision: field.precision, scale: field.scale };
    case 'date':
      return { kind: 'date' };
    case 'time':
      return { kind: 'time', unit: field.unit };
    case 'timestamp':
      return { kind: 'timestamp', zone: field.hasZone, unit: field.unit };
    case 'duration':
      return { kind: wide ? 'bigint' : 'int' };
    case 'list':
    case 'largeList':
    case 'listView':
    case 'largeListView':
    case 'fixedList':
      return { kind: 'list', of: valuesOf(field.children[0], wide) };
    case 'struct':
      return { kind: 'struct', fields: columnsOf(field.children, () => wide) };
    case 'map': {
      const [key, value] = field.children[0].children;
      return { kind: 'map', key: { ...valuesOf(key, wide), nullable: false }, value: valuesOf(value, wide) };
    }
    case 'union':
      return { kind: 'union', of: field.children.map((child) => typeOf(child, wide)) };
    case 'runs':
      return typeOf(field.children[1], wide);
    default:
      return field.isUuid ? text : bytes;
  }
}

const valuesOf = (field: Field, wide: boolean): Values => ({
  type: typeOf(field, wide),
  nullable: field.nullable || field.type === 'null' || (field.type === 'union' && field.children.some((child) => child.nullable)),
});

function columnsOf(fields: readonly Field[], isWide: IsWide): Column[] {
  const names = uniqueNames(fields.map(({ name }) => name));
  return fields.map((field, i): Column => ({ name: names[i], ...valuesOf(field, isWide(field)) }));
}

export const schemaOfFields = (fields: readonly Field[], isWide: IsWide): Schema => ({ columns: columnsOf(fields, isWide) });
