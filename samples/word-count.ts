// Counts the words of a text: npm start -- samples/word-count.ts FILE
import { join } from 'node:path';

const file = args[0] ?? join(__dirname, 'data/pond.txt');

const counts = sc
  .textFile(file)
  .flatMap((line) => line.toLowerCase().split(/[^a-z']+/))
  .filter((word) => word !== '')
  .map((word) => [word, 1])
  .reduceByKey((a, b) => a + b);

console.log(`${await counts.count()} distinct words; the most frequent:`);
for (const [word, n] of await counts.top(10, (a, b) => a[1] - b[1])) console.log(`${String(n).padStart(8)}  ${word}`);
