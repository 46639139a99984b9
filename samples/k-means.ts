// Groups points into clusters around their means (Lloyd's algorithm) over a cached dataset.
type Point = [number, number];

const k = 3;
const corners: Point[] = [
  [0, 0],
  [10, 0],
  [5, 9],
];

const points = sc
  .range(Number(args[0] ?? 30_000))
  .map((i) => [corners[i % 3][0] + Math.sin(i * 7.1) * 2, corners[i % 3][1] + Math.cos(i * 3.7) * 2] as Point)
  .cache();

const squared = (a: Point, b: Point) => (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2;

function closest(p: Point, centers: Point[]): number {
  let best = 0;
  for (let i = 1; i < centers.length; i++) if (squared(p, centers[i]) < squared(p, centers[best])) best = i;
  return best;
}

let centers = await points.take(k);
for (let moved = Number.POSITIVE_INFINITY; moved > 1e-6; ) {
  const means = await points
    .map((p) => [closest(p, centers), [p[0], p[1], 1]])
    .reduceByKey((a, b) => a.map((v, i) => v + b[i]))
    .mapValues(([x, y, n]) => [x / n, y / n] as Point)
    .collectAsMap();
  const next = centers.map((center, i) => means.get(i) ?? center);
  moved = next.reduce((sum, center, i) => sum + squared(center, centers[i]), 0);
  centers = next;
}

for (const [x, y] of centers.sort((a, b) => a[0] - b[0])) console.log(`center (${x.toFixed(2)}, ${y.toFixed(2)})`);
