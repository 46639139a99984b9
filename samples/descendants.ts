// Iterative MapReduce (the descendant query of HaLoop): children of what was found are looked for until nothing new is.
import { join } from 'node:path';
import { iterate } from 'millrace/models';

const ancestor = args[0] ?? 'olav';
const children = sc.textFile(join(__dirname, 'data/parents.csv')).map((line) => line.split(',') as [string, string]);

// State: who descends, and in which generation. The table of children is partitioned and kept once; each round joins it where it lies.
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
