// Rows as JSON that any tool reads: no tags; what JSON lacks is written as others would.
import { types } from 'node:util';
import { checkDepth } from '../../wire/text-form';

/** Bytes as hexadecimal digits. */
export const hexText = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');

/**
 * A value as JSON on one line: bigints with all their digits, dates as ISO text, bytes as hexadecimal text, maps as objects where their
 * keys are texts and else as lists of pairs, sets as lists; NaN and the infinities as null. Throws UNSHIPPABLE_VALUE for what holds itself.
 */
export function plainJson(value: unknown, depth = 0): string {
  switch (typeof value) {
    case 'string':
      // Half a character would be an escape that other tools refuse.
      return JSON.stringify(/[\ud800-\udfff]/.test(value) ? Buffer.from(value).toString() : value);
    case 'boolean':
      return String(value);
    case 'number':
      return Number.isFinite(value) ? (Object.is(value, -0) ? '-0.0' : String(value)) : 'null';
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? 'null' : ofObject(value, depth);
    case 'undefined':
      return 'null';
    default:
      return JSON.stringify(String(value));
  }
}

function ofObject(value: object, depth: number): string {
  checkDepth(depth);
  const list = (values: Iterable<unknown>) => `[${Array.from(values, (one) => plainJson(one, depth + 1)).join()}]`;
  if (Array.isArray(value)) return list(value);
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? 'null' : `"${value.toISOString()}"`;
  if (value instanceof Uint8Array) return `"${hexText(value)}"`;
  if (types.isMap(value)) {
    const entries = [...value] as [unknown, unknown][];
    if (entries.every(([key]) => typeof key === 'string')) return fields(entries as [string, unknown][], depth);
    return list(entries);
  }
  if (types.isSet(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))) return list(value as Iterable<unknown>);
  if (types.isBoxedPrimitive(value)) return plainJson(value.valueOf(), depth);
  if (types.isNativeError(value) || types.isRegExp(value)) return JSON.stringify(String(value));
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === 'function') return plainJson(toJSON.call(value, ''), depth + 1);
  return fields(
    Object.entries(value).filter(([, one]) => one !== undefined),
    depth,
  );
}

const fields = (entries: readonly (readonly [string, unknown])[], depth: number): string =>
  `{${entries.map(([name, one]) => `${JSON.stringify(name)}:${plainJson(one, depth + 1)}`).join()}}`;
