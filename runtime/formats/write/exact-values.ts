// Values of JavaScript as columnar files hold them: whole numbers as bigints, instants, times and dates counted, decimals unscaled.

import type { ColumnType, TimeUnit } from '../../schema/schema';
import { toText } from '../../wire/text-form';
import { isDay, utcMs } from '../time-text';

/** A value that is not of the type of its column. */
export class Misfit extends Error {
  constructor(
    readonly value: unknown,
    readonly type: ColumnType,
    /** The name of a type that has room for it. */
    readonly better: string,
  ) {
    super('a value does not fit its column');
  }
}

/** Null for what is missing, else the value as the column holds it. Throws Misfit. */
export type Exact = (value: unknown) => unknown;

const perSecond = { s: 1n, ms: 1000n, us: 1_000_000n, ns: 1_000_000_000n } as const;
const perMs = { s: 1n, ms: 1n, us: 1000n, ns: 1_000_000n } as const;
const dayMs = 86_400_000;

const isInt64 = (value: bigint): boolean => BigInt.asIntN(64, value) === value;

const instantForm = /^([+-]?\d{4,6})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?(Z|[+-]\d\d(?::?\d\d)?)?$/;
const timeForm = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?$/;
const decimalForm = /^([-+]?)(\d*)(?:\.(\d*))?$/;

/** Units of a fraction's digits; undefined where it has more than the unit holds. */
function fraction(digits: string, unit: TimeUnit): bigint | undefined {
  const nanos = BigInt(digits.padEnd(9, '0'));
  const each = 1_000_000_000n / perSecond[unit];
  return nanos % each === 0n ? nanos / each : undefined;
}

/** An instant in units since 1970; a text without a zone counts as UTC. */
function instantOf(value: unknown, unit: TimeUnit): bigint | null | undefined {
  if (value instanceof Date) {
    const ms = value.getTime();
    // An invalid date is no instant.
    if (Number.isNaN(ms)) return null;
    if (unit !== 's') return BigInt(ms) * perMs[unit];
    return ms % 1000 === 0 ? BigInt(ms / 1000) : undefined;
  }
  const found = typeof value === 'string' ? instantForm.exec(value) : null;
  if (!found) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((part) => Number(part ?? 0));
  if (!isDay(year, month, day) || hour > 23 || minute > 59 || second > 59) return undefined;
  const zone = found[8] ?? 'Z';
  const digits = zone.slice(1).replace(':', '');
  const ahead = zone === 'Z' ? 0 : (Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || 0)) * (zone[0] === '-' ? -1 : 1);
  const ms = utcMs(year, month, day, ((hour * 60 + minute - ahead) * 60 + second) * 1000);
  const rest = fraction(found[7] ?? '', unit);
  return rest === undefined ? undefined : (BigInt(ms) / 1000n) * perSecond[unit] + rest;
}

/** Days since 1970. */
function daysOf(value: unknown): number | undefined {
  const found = typeof value === 'string' ? instantForm.exec(value) : null;
  if (!found || found[4] !== undefined || found[8] !== undefined) return undefined;
  const [year, month, day] = found.slice(1, 4).map(Number);
  return isDay(year, month, day) ? utcMs(year, month, day, 0) / dayMs : undefined;
}

function timeOf(value: unknown, unit: TimeUnit): bigint | undefined {
  const found = typeof value === 'string' ? timeForm.exec(value) : null;
  if (!found) return undefined;
  const [hour, minute, second] = found.slice(1, 4).map((part) => Number(part ?? 0));
  const rest = fraction(found[4] ?? '', unit);
  if (hour > 23 || minute > 59 || second > 59 || rest === undefined) return undefined;
  return BigInt((hour * 60 + minute) * 60 + second) * perSecond[unit] + rest;
}

/** A decimal's text as a whole number of its last digits; undefined where it has more digits than its type. */
function unscaled(value: unknown, precision: number, scale: number): bigint | undefined {
  const text = typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'bigint' ? String(value) : '';
  const found = decimalForm.exec(text);
  const rest = (found?.[3] ?? '').replace(/0+$/, '');
  if (!found || rest.length > scale || (found[2] === '' && (found[3] ?? '') === '')) return undefined;
  const digits = BigInt(`${found[2]}${rest.padEnd(scale, '0')}`);
  if (String(digits).length > precision && digits !== 0n) return undefined;
  return found[1] === '-' ? -digits : digits;
}

/** Without nulls: undefined for what does not fit. */
function plainExact(type: ColumnType): (value: unknown) => unknown {
  switch (type.kind) {
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? value : undefined);
    case 'int':
    case 'bigint':
      return (value) => {
        if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
        return typeof value === 'bigint' && isInt64(value) ? value : undefined;
      };
    case 'double':
      return (value) => (typeof value === 'number' ? value : undefined);
    case 'text':
      return (value) => (typeof value === 'string' ? value : undefined);
    case 'bytes':
      return (value) => (value instanceof Uint8Array ? value : undefined);
    case 'date':
      return daysOf;
    case 'time':
      return (value) => timeOf(value, type.unit);
    case 'timestamp':
      return (value) => instantOf(value, type.unit);
    case 'decimal':
      return (value) => unscaled(value, type.precision, type.scale);
    case 'list': {
      const item = exactOf(type.of.type);
      return (value) => {
        const isList =
          Array.isArray(value) || value instanceof Set || (ArrayBuffer.isView(value) && !(value instanceof DataView));
        return isList ? Array.from(value as Iterable<unknown>, item) : undefined;
      };
    }
    case 'struct': {
      const fields = type.fields.map((field) => ({ name: field.name, exact: exactOf(field.type) }));
      return (value) => {
        if (typeof value !== 'object' || Array.isArray(value) || value instanceof Date || value instanceof Map) return undefined;
        return fieldsOf(value as Record<string, unknown>, fields);
      };
    }
    case 'map': {
      const [key, item] = [exactOf(type.key.type), exactOf(type.value.type)];
      return (value) => {
        if (!(value instanceof Map)) return undefined;
        const entries = Array.from(value as Map<unknown, unknown>, ([k, v]): [unknown, unknown] => [key(k), item(v)]);
        return entries.some(([k]) => k === null) ? undefined : entries;
      };
    }
    default:
      return () => undefined;
  }
}

interface Field {
  readonly name: string;
  readonly exact: Exact;
}

/** The fields of an object in their order; undefined where it has others. Names are data: `__proto__` is a field like others. */
function fieldsOf(value: Record<string, unknown>, fields: readonly Field[]): unknown[] | undefined {
  let own = 0;
  const found = fields.map(({ name, exact }) => {
    if (!Object.hasOwn(value, name)) return null;
    own++;
    return exact(value[name]);
  });
  if (Object.keys(value).length === own) return found;
  const known = new Set(fields.map(({ name }) => name));
  return Object.keys(value).every((name) => known.has(name) || value[name] === undefined) ? found : undefined;
}

function betterFor(type: ColumnType, value: unknown): string {
  const isNumeric = type.kind === 'int' || type.kind === 'bigint';
  if (isNumeric && typeof value === 'number') return 'double';
  if (isNumeric && typeof value === 'bigint') return 'decimal(38, 0)';
  return 'text';
}

/** How values of a type are held. With `asText` what is no text is written as `saveAsTextFile` would. */
export function exactOf(type: ColumnType, asText = false): Exact {
  const plain = plainExact(type);
  return (value) => {
    if (value === null || value === undefined) return null;
    const exact = plain(value);
    if (exact !== undefined) return exact;
    if (asText) return toText(value);
    throw new Misfit(value, type, betterFor(type, value));
  };
}
