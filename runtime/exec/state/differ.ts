// Whether two values differ for certain: what an inverse function is judged by, which must never be accused wrongly.

/** Differences of numbers below this part of the greatest number that was ever added may come from rounding. */
const rounding = 1e-9;
const deepest = 6;

/** The greatest absolute number in a value; NaN where there is one. */
export function magnitude(value: unknown, depth = 0): number {
  if (typeof value === 'number') return Math.abs(value);
  if (typeof value !== 'object' || value === null || depth > deepest) return 0;
  let greatest = 0;
  for (const part of Object.values(value)) {
    const m = magnitude(part, depth + 1);
    if (Number.isNaN(m)) return m;
    if (m > greatest) greatest = m;
  }
  return greatest;
}

/**
 * True only where no rounding and no way of writing the same value explains the difference: in objects and arrays what is missing is the
 * same as 0 and as empty, and values of classes, maps and sets are not judged.
 */
export function differ(a: unknown, b: unknown, greatest: number, depth = 0): boolean {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) > greatest * rounding;
  if (isLeaf(a) && isLeaf(b)) return typeof a === typeof b && a !== b;
  if (depth > deepest) return false;
  const [left, right] = [partsOf(a), partsOf(b)];
  if (!left || !right) return false;
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    if (
      differ(
        Object.hasOwn(left, key) ? left[key] : nothingLike(right[key]),
        Object.hasOwn(right, key) ? right[key] : nothingLike(left[key]),
        greatest,
        depth + 1,
      )
    )
      return true;
  }
  return false;
}

const isLeaf = (value: unknown): boolean => typeof value === 'string' || typeof value === 'boolean' || typeof value === 'bigint';

/** What a missing part stands for beside one that is there: an empty value of its kind. */
function nothingLike(value: unknown): unknown {
  if (typeof value === 'number') return 0;
  if (typeof value === 'bigint') return 0n;
  if (typeof value === 'string') return '';
  if (typeof value === 'boolean') return false;
  return partsOf(value) ? {} : undefined;
}

/** The parts of a plain object or an array. */
function partsOf(value: unknown): Record<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const prototype = Object.getPrototypeOf(value);
  const isPlain = Array.isArray(value) || prototype === Object.prototype || prototype === null;
  return isPlain ? (value as Record<string, unknown>) : undefined;
}
