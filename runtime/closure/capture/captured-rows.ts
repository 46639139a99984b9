// Long lists of plain objects, which the codec writes many times as fast as the nodes of a payload can be made.
import { types } from 'node:util';
import { encode } from '../../wire/codec';

/** Lists from this length on are worth the look. */
const manyRows = 1000;
/** Objects nested deeper are encoded as nodes. */
const deepest = 8;

/**
 * A list that is plain data only, as bytes: each object once, with ordinary properties. Undefined where it is something else or has no
 * more bytes than `least`, or where `isKnown` has one of its objects, which then is shared with what was captured before.
 */
export function writeRows(
  values: readonly unknown[],
  least: number,
  isKnown: (value: object) => boolean,
): { objects: ReadonlySet<object>; bytes: Uint8Array } | undefined {
  if (values.length < manyRows || least === Number.POSITIVE_INFINITY) return undefined;
  const objects = new Set<object>();
  for (let i = 0; i < values.length; i++) if (!isRow(values[i], objects, isKnown, 0)) return undefined;
  try {
    const bytes = encode(values);
    return bytes.length > least ? { objects, bytes } : undefined;
  } catch {
    // The codec refuses a value that nodes can carry.
    return undefined;
  }
}

function isRow(value: unknown, seen: Set<object>, isKnown: (value: object) => boolean, depth: number): boolean {
  if (typeof value === 'function' || typeof value === 'symbol') return false;
  if (typeof value !== 'object' || value === null) return true;
  if (types.isProxy(value) || depth > deepest || !Object.isExtensible(value) || seen.has(value) || isKnown(value)) return false;
  seen.add(value);
  const isList = Array.isArray(value);
  if (Object.getPrototypeOf(value) !== (isList ? Array.prototype : Object.prototype)) return false;
  const keys = Reflect.ownKeys(value);
  if (isList && keys.length !== value.length + 1) return false;
  for (const key of keys) {
    if (isList && key === 'length') continue;
    const property = Object.getOwnPropertyDescriptor(value, key)!;
    const isOrdinary = typeof key === 'string' && property.writable && property.enumerable && property.configurable;
    if (!isOrdinary || !isRow(property.value, seen, isKnown, depth + 1)) return false;
  }
  return true;
}

/** A copy of such a list, which its holder may change. */
export const copyOfRows = (values: readonly unknown[]): unknown[] => values.map(copyOf);

function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return copyOfRows(value);
  const copy: Record<string, unknown> = { ...value };
  for (const key in copy) if (typeof copy[key] === 'object') copy[key] = copyOf(copy[key]);
  return copy;
}

/** An object of a list that was written apart is captured by another way too: the two must stay one. */
export class SharedRow extends Error {}
