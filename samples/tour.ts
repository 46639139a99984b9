// A tour of what the shell is for, on bundled data: ad-hoc mining, a dataset in memory, and a small program.
import { join } from 'node:path';

const data = (name: string) => join(__dirname, 'data', name);

// 1. Ask a file something.
const lines = sc.textFile(data('pond.txt'));
console.log(
  `1. pond.txt: ${await lines.count()} lines, ${await lines.filter((l) => l.includes('pond')).count()} of them on the pond`,
);

// 2. Count its words; keep the counts in memory and ask again.
const counts = lines
  .flatMap((line) => line.toLowerCase().split(/[^a-z']+/))
  .filter((word) => word.length > 3)
  .map((word) => [word, 1])
  .reduceByKey((a, b) => a + b)
  .cache();
console.log(`2. ${await counts.count()} words of more than three letters; most frequent:`);
for (const [word, n] of await counts.top(5, (a, b) => a[1] - b[1])) console.log(`   ${String(n).padStart(4)}  ${word}`);

// 3. Run a program over a range that no one could type.
const inside = await sc
  .range(1_000_000)
  .filter(() => Math.hypot(Math.random(), Math.random()) < 1)
  .count();
console.log(`3. pi is about ${((4 * inside) / 1_000_000).toFixed(2)}`);
console.log('Type npm start in a terminal for the prompt; .help there tells the rest.');
