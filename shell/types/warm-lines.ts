// The lines that the type service checks ahead of the user's first entries.

/** Lines that warm a snapshot up with what the first entries of a session need. */
export const warmLines: readonly string[] = [
  "import * as fs from 'node:fs'; const lines = fs.readFileSync('x', 'utf8').split('\\n').filter((line) => line.includes('a'))",
  "const counts = sc.parallelize([1, 2, 3]).map((x) => [String(x), 1]); const m = new Map<string, number>(); m.get('a')",
  'sc.parallelize([1, 2, 3]).count()',
  "const words = sc.textFile('a').filter((line) => line.includes('b')).flatMap((line) => line.split(' ')).cache()",
  'words.map((word) => [word, 1]).reduceByKey((a, b) => a + b).sortBy(([, n]) => -n).take(10)',
  'class Point { constructor(public x: number) {} } words.keyBy((w) => w.length).join(words.map((w) => [w.length, new Point(1)])).groupByKey()',
  'sc.range(10).map((x) => (x > 1 ? 1 : 0)).reduce((a, b) => a + b)',
  'sc.range(3).map((x) => x).reduceByKey((a, b) => a)',
  'await Promise.resolve([1, 2].map((x) => ({ x, y: `${x}` })))',
];
