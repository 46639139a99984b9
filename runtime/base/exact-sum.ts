// Sums of numbers without rounding: in any order and partitioning the same total, which is rounded once, when it is asked for.

/** A sum as plain data. Its total is `sum + error + rest + far * 2^200`. */
export interface ExactSum {
  sum: number;
  /** What rounding took from `sum`, and `rest` what it took from this. */
  error: number;
  /** The sum of infinities and NaN, 0 where there are none. */
  special: number;
  readonly rest: number[];
  /** Numbers near the end of the range, made smaller so that their sum stays finite. */
  readonly far: number[];
}

export const noSum = (): ExactSum => ({ sum: 0, error: 0, special: 0, rest: [], far: [] });

/** As many numbers as there can be stay finite when these are added. */
const farFrom = 2 ** 940;
const farScale = 200;
/** The least number above 0 is 2 to the power of minus this. */
const tiniest = 1074;

/** Adds a number, in place. */
export function addExactly(to: ExactSum, x: number): ExactSum {
  if (!(x < farFrom && x > -farFrom)) return addFar(to, x);
  const { sum } = to;
  const total = sum + x;
  const taken = total - sum;
  const lost = sum - (total - taken) + (x - taken);
  to.sum = total;
  if (lost !== 0) addError(to, lost);
  return to;
}

/** Adds many numbers, in place. */
export function addAllExactly(to: ExactSum, numbers: Float64Array | Int32Array): void {
  let { sum, error } = to;
  for (let i = 0; i < numbers.length; i++) {
    const x = numbers[i];
    const total = sum + x;
    const taken = total - sum;
    const lost = sum - (total - taken) + (x - taken);
    const wrong = error + lost;
    const kept = wrong - error;
    if (x < farFrom && x > -farFrom && error - (wrong - kept) + (lost - kept) === 0) {
      sum = total;
      error = wrong;
      continue;
    }
    to.sum = sum;
    to.error = error;
    addExactly(to, x);
    ({ sum, error } = to);
  }
  to.sum = sum;
  to.error = error;
}

function addError(to: ExactSum, x: number): void {
  const { error } = to;
  const total = error + x;
  const taken = total - error;
  const lost = error - (total - taken) + (x - taken);
  to.error = total;
  if (lost !== 0) grow(to.rest, lost);
}

function addFar(to: ExactSum, x: number): ExactSum {
  if (Number.isFinite(x)) grow(to.far, x * 2 ** -farScale);
  else to.special += x;
  return to;
}

/** Adds to numbers that do not overlap, as Shewchuk (1997) shows: there are never more than the range has room for. */
function grow(parts: number[], x: number): void {
  let n = 0;
  let carried = x;
  for (const part of parts) {
    const total = carried + part;
    const taken = total - part;
    const lost = part - (total - taken) + (carried - taken);
    if (lost !== 0) parts[n++] = lost;
    carried = total;
  }
  parts.length = n;
  if (carried !== 0) parts.push(carried);
}

/** Adds another sum, in place. */
export function mergeExactly(to: ExactSum, other: ExactSum): ExactSum {
  addExactly(to, other.sum);
  addError(to, other.error);
  for (const x of other.rest) grow(to.rest, x);
  for (const x of other.far) grow(to.far, x);
  to.special += other.special;
  return to;
}

/** The total, rounded to the nearest number. */
export const totalOf = (sum: ExactSum): number => quotient(sum, 1);

/** The total by a whole number, rounded once: no total is too large on the way. */
export function quotient(sum: ExactSum, by: number): number {
  return sum.special !== 0 ? sum.special : ratio(unitsOf(sum), BigInt(by) << BigInt(tiniest));
}

/** The total as a whole number of 2^-1074, where it is finite. */
export function unitsOf({ sum, error, rest, far }: ExactSum): bigint {
  let units = wholeUnits(sum) + wholeUnits(error);
  for (const x of rest) units += wholeUnits(x);
  for (const x of far) units += wholeUnits(x) << BigInt(farScale);
  return units;
}

const bits = new DataView(new ArrayBuffer(8));

function wholeUnits(x: number): bigint {
  bits.setFloat64(0, x);
  const all = bits.getBigUint64(0);
  const exponent = Number((all >> 52n) & 0x7ffn);
  const fraction = all & 0xfffffffffffffn;
  const units = exponent === 0 ? fraction : (fraction | (1n << 52n)) << BigInt(exponent - 1);
  return x < 0 ? -units : units;
}

/** a / b for b above 0, as the nearest number. */
export function ratio(a: bigint, b: bigint): number {
  if (a === 0n) return 0;
  const above = a < 0n ? -a : a;
  const shift = Math.min(tiniest, 66 - (bitLength(above) - bitLength(b)));
  const [n, d] = shift >= 0 ? [above << BigInt(shift), b] : [above, b << BigInt(-shift)];
  const whole = n / d;
  // What is left decides between two numbers that are equally near; near 0 there are fewer digits than a number has.
  const isTiny = shift === tiniest && whole < 1n << 53n;
  const size = Number(isTiny ? (2n * n + d) / (2n * d) : n % d === 0n ? whole : whole | 1n);
  const half = Math.trunc(shift / 2);
  const value = size * 2 ** -half * 2 ** -(shift - half);
  return a < 0n ? -value : value;
}

const bitLength = (x: bigint): number => x.toString(16).length * 4;
