// Quantiles of the normal distribution and of Student's, for the bounds of approximate answers.

/** Rational approximation of the lower half by Acklam: relative error below 1.2e-9. */
const centre = {
  above: [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239],
  below: [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572, 1],
};
const tail = {
  above: [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783,
  ],
  below: [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1],
};
const tailEnds = 0.02425;

const polynomial = (coefficients: readonly number[], x: number) => coefficients.reduce((sum, c) => sum * x + c, 0);

/** Where the normal distribution has passed p, from 0 to 1/2. */
function lowerNormal(p: number): number {
  if (p < tailEnds) {
    const q = Math.sqrt(-2 * Math.log(p));
    return polynomial(tail.above, q) / polynomial(tail.below, q);
  }
  const q = p - 0.5;
  return (polynomial(centre.above, q * q) * q) / polynomial(centre.below, q * q);
}

/** How far Student's distribution reaches to both sides with the given confidence: Hill's algorithm 396 (1970). */
export function studentReach(confidence: number, freedom: number): number {
  const outside = 1 - confidence;
  if (outside <= 0) return Number.POSITIVE_INFINITY;
  if (freedom === 1) return 1 / Math.tan((outside * Math.PI) / 2);
  if (freedom === 2) return Math.sqrt(2 / (outside * (2 - outside)) - 2);
  const a = 1 / (freedom - 0.5);
  const b = 48 / a ** 2;
  const c = ((20700 * (a / b) - 98) * a - 16) * a + 96.36;
  const d = ((94.5 / (b + c) - 3) / b + 1) * Math.sqrt((a * Math.PI) / 2) * freedom;
  const y = (d * outside) ** (2 / freedom);
  return Math.sqrt(freedom * (y > 0.05 + a ? nearNormal(outside, freedom, { a, b, c, d }) : farOut(y, freedom, d)));
}

interface Terms {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

function nearNormal(outside: number, freedom: number, { a, b, c, d }: Terms): number {
  const x = lowerNormal(outside / 2);
  const square = x * x;
  const small = freedom < 5 ? 0.3 * (freedom - 4.5) * (x + 0.6) : 0;
  const e = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c + small;
  const reach = (((((0.4 * square + 6.3) * square + 36) * square + 94.5) / e - square - 3) / b + 1) * x;
  return Math.expm1(a * reach * reach);
}

function farOut(y: number, freedom: number, d: number): number {
  const inner = 1 / (((freedom + 6) / (freedom * y) - 0.089 * d - 0.822) * (freedom + 2) * 3) + 0.5 / (freedom + 4);
  return ((inner * y - 1) * (freedom + 1)) / (freedom + 2) + 1 / y;
}
