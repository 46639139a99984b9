// Finds the line that separates two clouds of points, by gradient descent over a cached dataset.
const dimensions = 4;
const count = Number(args[0] ?? 20_000);
const rate = 0.5;

interface Point {
  x: number[];
  y: number;
}

/** Points around (1, 1, …) labelled 1 and around (-1, -1, …) labelled -1; the same ones each time. */
function makePoint(i: number): Point {
  const y = i % 2 === 0 ? 1 : -1;
  return { x: Array.from({ length: dimensions }, (_, j) => y + Math.sin(i * 12.9898 + j * 78.233) * 2), y };
}

const dot = (a: number[], b: number[]) => a.reduce((sum, v, i) => sum + v * b[i], 0);

const points = sc.range(count).map(makePoint).cache();
let w = new Array<number>(dimensions).fill(0);

for (let i = 1; i <= 10; i++) {
  const gradient = await points
    .map(({ x, y }) => x.map((v) => v * (1 / (1 + Math.exp(-y * dot(w, x))) - 1) * y))
    .reduce((a, b) => a.map((v, j) => v + b[j]));
  w = w.map((v, j) => v - (rate * gradient[j]) / count);
}

const right = await points.filter(({ x, y }) => dot(w, x) * y > 0).count();
console.log(`w = [${w.map((v) => v.toFixed(3)).join(', ')}]`);
console.log(`${((100 * right) / count).toFixed(1)} % of ${count} points are on the right side`);
