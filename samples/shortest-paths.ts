// Pregel: how many clicks lead from one page to each other page. A page sends its distance to its links whenever it gets a shorter one.
import { join } from 'node:path';
import { pregel } from 'millrace/models';

const start = args[0] ?? 'index';
const links = sc
  .textFile(join(__dirname, 'data/links.txt'))
  .map((line) => line.split(' ') as [string, string])
  .cache();
const pages = links
  .flatMap(([source, target]) => [source, target])
  .distinct()
  .map((page) => [page, Number.POSITIVE_INFINITY]);

const { vertices, supersteps } = await pregel(pages, links, {
  compute(page, clicks: readonly number[]) {
    const fewest = page.superstep === 0 && page.id === start ? 0 : Math.min(page.value, ...clicks);
    if (fewest < page.value) {
      page.value = fewest;
      page.sendToAll(fewest + 1);
    }
    page.voteToHalt();
  },
  combine: (a, b) => Math.min(a, b),
});

console.log(`from ${start}, in ${supersteps} supersteps:`);
const byClicks = await vertices.sortBy(([page, clicks]) => [clicks, page]).collect();
for (const [page, clicks] of byClicks) console.log(`${String(clicks).padStart(3)}  ${page}`);
