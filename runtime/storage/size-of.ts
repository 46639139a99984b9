// Estimates of the bytes that values take in V8's heap, from a sample: what budgets of caches, tables and sorts are counted in.

const sampled = 64;
const deepest = 4;

/** An array is an object of 32 bytes and a store of 16 beyond its slots; a string has a header of 16 and a rounded end. */
const arrayBytes = 48;
const stringBytes = 24;

/** Arrays that are not in memory tell under this name how much they would take. */
export const sizeHint = Symbol('bytes in memory');

/** An estimate of the bytes that a value takes in V8's heap. */
export function sizeOf(value: unknown, depth = 0): number {
  switch (typeof value) {
    case 'string':
      return stringBytes + value.length;
    case 'number':
      return 8;
    case 'object':
      break;
    default:
      return 16;
  }
  if (value === null) return 8;
  if (ArrayBuffer.isView(value)) return 64 + value.byteLength;
  if (depth > deepest) return 64;
  if (Array.isArray(value)) return (value as { [sizeHint]?: number })[sizeHint] ?? arrayBytes + sizeOfArray(value, depth + 1);
  if (value instanceof Map) return 64 + 2 * sizeOfArray([...value.values()], depth + 1) + 24 * value.size;
  if (value instanceof Set) return 64 + sizeOfArray([...value], depth + 1) + 24 * value.size;
  return 32 + sizeOfArray(Object.values(value), depth + 1);
}

/** The elements of an array from `from` on with their slots, by a sample of them. */
export function sizeOfArray(array: readonly unknown[], depth = 0, from = 0): number {
  const n = array.length - from;
  if (n <= 0) return 0;
  const step = Math.max(1, Math.floor(n / sampled));
  let sum = 0;
  let seen = 0;
  // Reflect.get and not array[i]: where one place reads arrays of numbers and of objects, V8 turns the numbers into objects for good.
  for (let i = from; i < array.length; i += step, seen++) sum += 8 + sizeOf(Reflect.get(array, i), depth);
  return Math.ceil((sum / seen) * n);
}
