// Iterative MapReduce (the descendant query of HaLoop): looks for the children of what it found, until nothing new is found.
import { join } from 'node:path';
import { iterate } from 'millrace/models';

const ancestor = args[0] ?? 'olav';
const children = sc.textFile(join(__dirname, 'data/parents.csv')).map((line) => line.split(',') as [string, string]);

// State: who descends, and in which generation. The table of children is partitioned and persisted once; each round joins it without moving it.
const { state, iterations } = await iterate(sc.parallelize([[ancestor, 0]] as [string, number][], 2), {
  invariant: children,
  body: (found, childrenOf) =>
    found
      .join(childrenOf)
      .map(([, [generation, child]]) => [child, generation + 1] as [string, number])
      .union(found)
      .reduceByKey((a, b) => Math.min(a, b)),
  distance: (before, after) => (before === after ? 0 : 1),
});

const descendants = state.filter(([name]) => name !== ancestor).cache();
console.log(`${ancestor} has ${await descendants.count()} descendants, found in ${iterations} rounds`);
const generations = descendants.groupBy(([, generation]) => generation).sortByKey();
for (const [generation, people] of await generations.collect()) {
  const names = people.map(([name]) => name).sort();
  console.log(`generation ${generation}: ${names.join(' ')}`);
}
