// Idioms of Spark's guides and books that count, add up and collect, above all by key.

export interface Idiom {
  /** Where it stands: the RDD or streaming guide, Learning Spark (LS), Advanced Analytics with Spark (AAS), Spark's examples. */
  readonly from: string;
  /** Statements as they are typed at the prompt, without annotations. The last one is an expression. */
  readonly text: string;
  /** Its value; Maps as their sorted entries. */
  readonly is: unknown;
}

export const pairs = `const pairs = sc.parallelize([['panda', 0], ['pink', 3], ['pirate', 3], ['panda', 1], ['pink', 4]], 2)`;
export const people = `const people = sc.parallelize([{ name: 'Ann', dept: 'ml', pay: 5 }, { name: 'Bo', dept: 'db', pay: 3 }, { name: 'Cy', dept: 'ml', pay: 4 }], 2)`;

const perKeyAverage = [
  ['panda', 0.5],
  ['pink', 3.5],
  ['pirate', 3],
];

export const averages: readonly Idiom[] = [
  {
    from: 'RDD guide: word count',
    text: `const lines = sc.parallelize(['to be or', 'not to be'])
const counts = lines.flatMap(line => line.split(' ')).map(word => [word, 1]).reduceByKey((a, b) => a + b)
counts.sortByKey().collect()`,
    is: [
      ['be', 2],
      ['not', 1],
      ['or', 1],
      ['to', 2],
    ],
  },
  {
    from: 'RDD guide: the length of a text',
    text: `const lineLengths = sc.parallelize(['ab', 'cde']).map(s => s.length)
const totalLength = lineLengths.reduce((a, b) => a + b)
totalLength + 1`,
    is: 6,
  },
  {
    from: 'RDD guide: functions by name',
    text: `const myLength = s => s.length
sc.parallelize(['ab', 'cde']).map(myLength).sum()`,
    is: 5,
  },
  {
    from: 'RDD guide: an accumulator in place of a counter',
    text: `const accum = sc.longAccumulator('My Accumulator')
sc.parallelize([1, 2, 3, 4]).foreach(x => accum.add(x))
accum.value`,
    is: 10,
  },
  {
    from: 'RDD guide: broadcast',
    text: `const broadcastVar = sc.broadcast([1, 2, 3])
sc.range(3).map(i => broadcastVar.value[i]).collect()`,
    is: [1, 2, 3],
  },
  {
    from: 'RDD guide: the longest line',
    text: `sc.parallelize(['a b c', 'a', 'a b']).map(line => line.split(' ').length).reduce((a, b) => a > b ? a : b)`,
    is: 3,
  },
  {
    from: 'LS: average of all, aggregate with a pair',
    text: `const nums = sc.parallelize([1, 2, 3, 4], 2)
const sumCount = nums.aggregate([0, 0], (acc, value) => [acc[0] + value, acc[1] + 1], (a, b) => [a[0] + b[0], a[1] + b[1]])
const avg = sumCount[0] / sumCount[1]
avg`,
    is: 2.5,
  },
  {
    from: 'LS: average of all, map and reduce of pairs',
    text: `sc.parallelize([1, 2, 3], 2).map(x => [x, 1]).reduce((x, y) => [x[0] + y[0], x[1] + y[1]])`,
    is: [6, 3],
  },
  {
    from: 'LS: average of all, fold of pairs',
    text: `sc.parallelize([1, 2, 3], 2).map(x => [x, 1]).fold([0, 0], ([s, n], [t, m]) => [s + t, n + m])`,
    is: [6, 3],
  },
  {
    from: 'LS: average of all by partitions',
    text: `const partial = sc.parallelize([1, 2, 3], 2).mapPartitions(nums => {
  const sumCount = [0, 0]
  for (const num of nums) {
    sumCount[0] += num
    sumCount[1] += 1
  }
  return [sumCount]
})
partial.reduce((a, b) => [a[0] + b[0], a[1] + b[1]])`,
    is: [6, 3],
  },
  {
    from: 'AAS: treeAggregate with a pair',
    text: `sc.parallelize([1, 2, 3], 2).treeAggregate([0, 0], ([s, n], x) => [s + x, n + 1], ([s, n], [t, m]) => [s + t, n + m])`,
    is: [6, 3],
  },
  {
    from: 'LS: per-key average by reduceByKey',
    text: `${pairs}
const sums = pairs.mapValues(v => [v, 1]).reduceByKey((a, b) => [a[0] + b[0], a[1] + b[1]])
sums.mapValues(([sum, n]) => sum / n).sortByKey().collect()`,
    is: perKeyAverage,
  },
  {
    from: 'LS: per-key average by combineByKey',
    text: `${pairs}
const combined = pairs.combineByKey(v => [v, 1], (acc, v) => [acc[0] + v, acc[1] + 1], (a, b) => [a[0] + b[0], a[1] + b[1]])
combined.map(([key, [sum, n]]) => [key, sum / n]).sortByKey().collect()`,
    is: perKeyAverage,
  },
  {
    from: 'LS: per-key average by foldByKey',
    text: `${pairs}
pairs.mapValues(v => [v, 1]).foldByKey([0, 0], ([s, n], [t, m]) => [s + t, n + m]).mapValues(([s, n]) => s / n).sortByKey().collect()`,
    is: perKeyAverage,
  },
  {
    from: 'LS: per-key average by aggregateByKey',
    text: `${pairs}
pairs.aggregateByKey([0, 0], ([s, n], v) => [s + v, n + 1], ([s, n], [t, m]) => [s + t, n + m]).mapValues(([s, n]) => s / n).sortByKey().collect()`,
    is: perKeyAverage,
  },
  {
    from: 'LS: per-key average by reduceByKeyLocally',
    text: `${pairs}
const sums = pairs.mapValues(v => [v, 1]).reduceByKeyLocally((a, b) => [a[0] + b[0], a[1] + b[1]])
sums.get('pink')`,
    is: [7, 2],
  },
  {
    from: 'LS: per-key average by groupByKey',
    text: `${pairs}
pairs.groupByKey().mapValues(vs => vs.reduce((a, b) => a + b) / vs.length).sortByKey().collect()`,
    is: perKeyAverage,
  },
  {
    from: 'LS: per-key average with a record',
    text: `${pairs}
pairs.aggregateByKey({ sum: 0, n: 0 }, (acc, v) => ({ sum: acc.sum + v, n: acc.n + 1 }), (a, b) => ({ sum: a.sum + b.sum, n: a.n + b.n })).mapValues(s => s.sum / s.n).sortByKey().collect()`,
    is: perKeyAverage,
  },
  {
    from: 'Spark SQL guide: average by a field of records',
    text: `${people}
people.map(p => [p.dept, [p.pay, 1]]).reduceByKey(([p, n], [q, m]) => [p + q, n + m]).mapValues(([p, n]) => p / n).collectAsMap()`,
    is: [
      ['db', 3],
      ['ml', 4.5],
    ],
  },
  {
    from: 'the greatest of each key, with its name',
    text: `${people}
people.map(p => [p.dept, [p.name, p.pay]]).reduceByKey((a, b) => a[1] >= b[1] ? a : b).mapValues(([name]) => name).collectAsMap()`,
    is: [
      ['db', 'Bo'],
      ['ml', 'Ann'],
    ],
  },
  {
    from: 'a key of several parts',
    text: `${people}
people.map(p => [[p.dept, p.pay > 3], 1]).reduceByKey((a, b) => a + b).map(([[dept, rich], n]) => dept.toUpperCase() + rich + n).sortBy(x => x).collect()`,
    is: ['DBfalse1', 'MLtrue2'],
  },
  {
    from: 'ones and zeros summed by key',
    text: `${people}
people.map(p => [p.dept, p.pay > 4 ? 1 : 0]).reduceByKey((a, b) => a + b).collectAsMap()`,
    is: [
      ['db', 0],
      ['ml', 1],
    ],
  },
  {
    from: 'PySpark guide: lists by key, lists appended by reduceByKey',
    text: `${pairs}
pairs.mapValues(v => [v]).reduceByKey((a, b) => a.concat(b)).mapValues(all => all.sort().join('+')).collectAsMap()`,
    is: [
      ['panda', '0+1'],
      ['pink', '3+4'],
      ['pirate', '3'],
    ],
  },
  {
    from: 'PySpark guide: lists by combineByKey',
    text: `${pairs}
const lists = pairs.combineByKey(v => [v], (list, v) => [...list, v], (a, b) => [...a, ...b])
lists.mapValues(list => list.length).collectAsMap()`,
    is: [
      ['panda', 2],
      ['pink', 2],
      ['pirate', 1],
    ],
  },
  {
    from: 'PySpark guide: lists by combineByKey that pushes',
    text: `${pairs}
pairs.combineByKey(v => [v], (list, v) => { list.push(v); return list }, (a, b) => a.concat(b)).mapValues(l => Math.max(...l)).collectAsMap()`,
    is: [
      ['panda', 1],
      ['pink', 4],
      ['pirate', 3],
    ],
  },
  {
    from: 'RDD guide: aggregateByKey from an empty list',
    text: `${pairs}
pairs.aggregateByKey([], (list, v) => [...list, v], (a, b) => a.concat(b)).mapValues(list => list.length).collectAsMap()`,
    is: [
      ['panda', 2],
      ['pink', 2],
      ['pirate', 1],
    ],
  },
  {
    from: 'RDD guide: distinct values by key, aggregateByKey with a set',
    text: `${pairs}
pairs.aggregateByKey(new Set(), (set, v) => set.add(v), (a, b) => new Set([...a, ...b])).mapValues(set => set.size).collectAsMap()`,
    is: [
      ['panda', 2],
      ['pink', 2],
      ['pirate', 1],
    ],
  },
  {
    from: 'sums of vectors by key, as in k-means',
    text: `sc.parallelize([['a', [1, 2]], ['b', [5, 6]], ['a', [3, 4]]]).reduceByKey((p, q) => p.map((x, i) => x + q[i])).collectAsMap()`,
    is: [
      ['a', [4, 6]],
      ['b', [5, 6]],
    ],
  },
  {
    from: 'AAS: vectors made in place and summed by key',
    text: `sc.parallelize([[1, 2], [3, 4]]).map(([x, y]) => ['all', [x, y]]).reduceByKey((p, q) => p.map((x, i) => x + q[i])).collect()`,
    is: [['all', [4, 6]]],
  },
];
