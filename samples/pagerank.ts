// PageRank with fixed partitioning: links are hashed and cached once, so that each iteration moves only the ranks.
import { join } from 'node:path';

const links = sc
  .textFile(args[0] ?? join(__dirname, 'data/links.txt'))
  .map((line) => line.split(' ') as [string, string])
  .distinct()
  .groupByKey(4)
  .cache();

let ranks = links.mapValues(() => 1);
for (let i = 0; i < 8; i++) {
  ranks = links
    .join(ranks)
    .flatMap(([, [targets, rank]]) => targets.map((page) => [page, rank / targets.length]))
    .reduceByKey((a, b) => a + b, 4)
    .mapValues((sum) => 0.15 + 0.85 * sum);
}

for (const [page, rank] of await ranks.top(5, (a, b) => a[1] - b[1])) console.log(`${rank.toFixed(3)}  ${page}`);
