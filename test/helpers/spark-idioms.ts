// Idioms of Spark's guides and books, in TypeScript unchanged but for syntax, and what they give.
import { averages, type Idiom, pairs, people } from './spark-idioms-averages';

export const idioms: readonly Idiom[] = [
  ...averages,
  {
    from: 'LS: count by key, lookup, collectAsMap',
    text: `${pairs}
const byKey = pairs.countByKey()
const pink = pairs.lookup('pink')
const all = pairs.collectAsMap();
[byKey.get('panda'), pink, all.get('pirate')]`,
    is: [2, [3, 4], 3],
  },
  {
    from: 'RDD guide: top words',
    text: `const counts = sc.parallelize(['a', 'b', 'a', 'c', 'a', 'b']).map(w => [w, 1]).reduceByKey((a, b) => a + b)
counts.map(([word, n]) => [n, word]).sortByKey(false).take(2)`,
    is: [
      [3, 'a'],
      [2, 'b'],
    ],
  },
  {
    from: 'RDD guide: top by a function',
    text: `const counts = sc.parallelize(['a', 'b', 'a', 'c', 'a', 'b']).countByValue()
const ranked = [...counts].sort((a, b) => b[1] - a[1])
ranked[0][0]`,
    is: 'a',
  },
  {
    from: 'top two of each key',
    text: `${people}
people.keyBy(p => p.dept).groupByKey().flatMapValues(ps => [...ps].sort((a, b) => b.pay - a.pay).slice(0, 1)).mapValues(p => p.name).collectAsMap()`,
    is: [
      ['db', 'Bo'],
      ['ml', 'Ann'],
    ],
  },
  {
    from: 'takeOrdered with a function',
    text: `${people}
people.takeOrdered(2, (a, b) => a.pay - b.pay).then(ps => ps.map(p => p.name))`,
    is: ['Bo', 'Cy'],
  },
  {
    from: 'inverted index',
    text: `const docs = sc.parallelize([['d1', 'a b'], ['d2', 'b c']])
const index = docs.flatMap(([id, text]) => text.split(' ').map(word => [word, id])).groupByKey().mapValues(ids => [...new Set(ids)].sort())
index.sortByKey().collect()`,
    is: [
      ['a', ['d1']],
      ['b', ['d1', 'd2']],
      ['c', ['d2']],
    ],
  },
  {
    from: 'inverted index by reduceByKey',
    text: `const docs = sc.parallelize([['d1', 'a b'], ['d2', 'b c']])
docs.flatMapValues(text => text.split(' ')).map(([id, word]) => [word, [id]]).reduceByKey((a, b) => [...a, ...b]).mapValues(ids => ids.length).sortByKey().collect()`,
    is: [
      ['a', 1],
      ['b', 2],
      ['c', 1],
    ],
  },
  {
    from: 'AAS: secondary sort',
    text: `const delays = sc.parallelize([['SFO', 3], ['LAX', 9], ['SFO', 1]])
delays.map(([port, delay]) => [[port, delay], delay]).sortByKey().map(([[port], delay]) => [port, delay]).collect()`,
    is: [
      ['LAX', 9],
      ['SFO', 1],
      ['SFO', 3],
    ],
  },
  {
    from: 'LS: join with unpacking',
    text: `const addresses = sc.parallelize([['ritual', '1026 Valencia'], ['philz', '748 Van Ness']])
const ratings = sc.parallelize([['ritual', 4.9], ['philz', 4.8]])
addresses.join(ratings).map(([store, [address, rating]]) => store + ' ' + address.split(' ')[0] + ' ' + rating.toFixed(1)).sortBy(x => x).collect()`,
    is: ['philz 748 4.8', 'ritual 1026 4.9'],
  },
  {
    from: 'LS: outer join with a default',
    text: `const users = sc.parallelize([[1, 'ann'], [2, 'bo']])
const visits = sc.parallelize([[1, 10]])
users.leftOuterJoin(visits).mapValues(([name, n]) => [name, n ?? 0]).collectAsMap()`,
    is: [
      [1, ['ann', 10]],
      [2, ['bo', 0]],
    ],
  },
  {
    from: 'LS: those without a match',
    text: `const users = sc.parallelize([[1, 'ann'], [2, 'bo']])
const visits = sc.parallelize([[1, 10]])
users.leftOuterJoin(visits).filter(([, [, n]]) => n === undefined).keys().collect()`,
    is: [2],
  },
  {
    from: 'LS: cogroup with unpacking',
    text: `const a = sc.parallelize([['x', 1], ['x', 2], ['y', 3]])
const b = sc.parallelize([['x', 'u']])
a.cogroup(b).mapValues(([ns, us]) => ns.reduce((p, q) => p + q, 0) + us.join('')).collectAsMap()`,
    is: [
      ['x', '3u'],
      ['y', '3'],
    ],
  },
  {
    from: 'RDD guide: broadcast join',
    text: `const codes = sc.broadcast({ de: 'Germany', fr: 'France' })
sc.parallelize([['de', 1], ['it', 2]]).map(([code, n]) => [codes.value[code] ?? 'elsewhere', n]).collect()`,
    is: [
      ['Germany', 1],
      ['elsewhere', 2],
    ],
  },
  {
    from: 'Spark examples: page rank',
    text: `const links = sc.parallelize(['a b', 'a c', 'b c', 'c a']).map(s => { const [from, to] = s.split(' '); return [from, to] }).distinct().groupByKey().cache()
let ranks = links.mapValues(v => 1.0)
for (let i = 0; i < 2; i++) {
  const contribs = links.join(ranks).values().flatMap(([urls, rank]) => urls.map(url => [url, rank / urls.length]))
  ranks = contribs.reduceByKey((a, b) => a + b).mapValues(r => 0.15 + 0.85 * r)
}
ranks.mapValues(r => r.toFixed(2)).sortByKey().collect()`,
    is: [
      ['a', '1.36'],
      ['b', '0.57'],
      ['c', '1.06'],
    ],
  },
  {
    from: 'Spark examples: k-means',
    text: `const points = sc.parallelize(['1 1', '1 2', '8 8', '9 8']).map(line => line.split(' ').map(Number)).cache()
const squaredDistance = (p, q) => p.reduce((sum, x, i) => sum + (x - q[i]) ** 2, 0)
const closest = (p, centers) => {
  let best = 0
  centers.forEach((c, i) => { if (squaredDistance(p, c) < squaredDistance(p, centers[best])) best = i })
  return best
}
let centers = points.takeSample(false, 2, 42)
centers = [[1, 1], [9, 8]]
for (let i = 0; i < 2; i++) {
  const sums = await points.map(p => [closest(p, centers), [p, 1]]).reduceByKey(([p, n], [q, m]) => [p.map((x, j) => x + q[j]), n + m]).collectAsMap()
  for (const [k, [p, n]] of sums) centers[k] = p.map(x => x / n)
}
centers`,
    is: [
      [1, 1.5],
      [8.5, 8],
    ],
  },
  {
    from: 'Spark examples: logistic regression',
    text: `const points = sc.parallelize([{ x: [1, 2], y: 1 }, { x: [-1, -2], y: -1 }]).cache()
let w = [0, 0]
for (let i = 0; i < 3; i++) {
  const gradient = await points.map(p => p.x.map(x => x * (1 / (1 + Math.exp(-p.y * w.reduce((s, wi, j) => s + wi * p.x[j], 0))) - 1) * p.y)).reduce((a, b) => a.map((x, j) => x + b[j]))
  w = w.map((wi, j) => wi - gradient[j])
}
w.map(x => x > 1)`,
    is: [true, true],
  },
  {
    from: 'Spark examples: pi',
    text: `const n = 1000
const count = sc.range(0, n).map(i => { const [x, y] = [(i % 100) / 50 - 1, Math.floor(i / 100) / 5 - 1]; return x * x + y * y <= 1 ? 1 : 0 }).reduce((a, b) => a + b)
Math.round(4 * count / n)`,
    is: 3,
  },
  {
    from: 'Spark examples: transitive closure',
    text: `let tc = sc.parallelize([[1, 2], [2, 3], [3, 4]]).cache()
const edges = tc.map(([x, y]) => [y, x])
let oldCount = 0
let nextCount = tc.count()
do {
  oldCount = nextCount
  tc = tc.union(tc.join(edges).map(([, [y, x]]) => [x, y])).distinct().cache()
  nextCount = await tc.count()
} while (nextCount !== oldCount)
nextCount`,
    is: 6,
  },
  {
    from: 'LS: set operations',
    text: `const rdd1 = sc.parallelize(['coffee', 'coffee', 'panda', 'monkey', 'tea'])
const rdd2 = sc.parallelize(['coffee', 'monkey', 'kitty'])
const both = rdd1.intersection(rdd2).count()
const only = rdd1.subtract(rdd2).count()
const products = rdd1.distinct().cartesian(rdd2).count()
;[both, only, rdd1.union(rdd2).distinct().count(), products].length + both + only + products`,
    is: 4 + 2 + 2 + 12,
  },
  {
    from: 'LS: sampling',
    text: `const sample = sc.range(1000).sample(false, 0.1, 42)
const some = sc.range(1000).takeSample(false, 5, 1)
const [train, test] = sc.range(100).randomSplit([0.8, 0.2], 11)
const trained = train.count()
some.length + (trained > 60 ? 1 : 0)`,
    is: 6,
  },
  {
    from: 'NSDI12, LS: log mining',
    text: `const log = sc.parallelize(['ERROR\\thdfs\\ta', 'INFO\\tx\\ty', 'ERROR\\tmysql\\tb'])
const errors = log.filter(line => line.startsWith('ERROR'))
errors.cache()
const mysql = errors.filter(line => line.includes('mysql')).count()
errors.map(line => line.split('\\t')[1]).collect().then(fields => fields.join() + mysql)`,
    is: 'hdfs,mysql1',
  },
  {
    from: 'AAS: fields by a regular expression, bad lines dropped',
    text: `const parsed = sc.parallelize(['GET /a 200', 'nonsense', 'GET /b 404']).map(line => line.match(/^(\\w+) (\\S+) (\\d+)$/)).filter(m => m)
parsed.map(m => [m[3], 1]).reduceByKey((a, b) => a + b).sortByKey().collect()`,
    is: [
      ['200', 1],
      ['404', 1],
    ],
  },
  {
    from: 'AAS: missing values filtered out',
    text: `const events = sc.parallelize([{ user: 'ann', n: 1 }, { n: 2 }, { user: 'bo', n: 3 }])
events.filter(e => e.user).map(e => [e.user.toUpperCase(), e.n]).collect()`,
    is: [
      ['ANN', 1],
      ['BO', 3],
    ],
  },
  {
    from: 'LS: JSON lines',
    text: `const records = sc.parallelize(['{"name":"ann","lovesPandas":true}', '{"name":"bo"}']).map(line => JSON.parse(line))
records.filter(r => r.lovesPandas).map(r => r.name).collect()`,
    is: ['ann'],
  },
  {
    from: 'LS: CSV with a header',
    text: `const csv = sc.parallelize(['id,name', '1,ann', '2,bo'], 1)
const header = csv.first()
csv.filter(line => line !== header).map(line => { const [id, name] = line.split(','); return { id: +id, name } }).collect()`,
    is: [
      { id: 1, name: 'ann' },
      { id: 2, name: 'bo' },
    ],
  },
  {
    from: 'LS: blank lines counted by an accumulator on the side',
    text: `const blankLines = sc.longAccumulator()
const callSigns = sc.parallelize(['a b', '', 'c']).flatMap(line => { if (line === '') blankLines.add(1); return line.split(' ') })
const n = callSigns.count();
[n, blankLines.value]`,
    is: [4, 1],
  },
  {
    from: 'LS: partitions with a connection each',
    text: `sc.parallelize(['a', 'bb', 'ccc'], 2).mapPartitions(signs => { const client = { look: s => s.length }; return [...signs].map(s => [s, client.look(s)]) }).collectAsMap()`,
    is: [
      ['a', 1],
      ['bb', 2],
      ['ccc', 3],
    ],
  },
  {
    from: 'LS: statistics, outliers removed',
    text: `const distances = sc.parallelize([1, 2, 3, 2, 100])
const stats = distances.stats()
const { mean, stdev } = stats
distances.filter(x => Math.abs(x - mean) < 1.5 * stdev).collect()`,
    is: [1, 2, 3, 2],
  },
  {
    from: "LS: a partitioner of one's own",
    text: `const domains = sc.parallelize([['a.com/x', 1], ['b.org/y', 2], ['a.com/z', 3]])
domains.partitionBy({ numPartitions: 2, getPartition: url => url.length % 2 }).glom().map(part => part.length).collect().then(ns => ns.reduce((a, b) => a + b))`,
    is: 3,
  },
  {
    from: 'AAS: counts in a record',
    text: `sc.parallelize(['a', 'b', 'a']).aggregate({}, (acc, w) => { acc[w] = (acc[w] || 0) + 1; return acc }, (x, y) => { for (const k in y) x[k] = (x[k] || 0) + y[k]; return x })`,
    is: { a: 2, b: 1 },
  },
  {
    from: 'AAS: histogram, zip with index',
    text: `const values = sc.parallelize([1, 2, 3, 4])
const { counts } = values.histogram(2)
values.zipWithIndex().filter(([, i]) => i % 2 === 0).map(([x]) => x).collect().then(xs => [...xs, ...counts])`,
    is: [1, 3, 2, 2],
  },
  {
    from: 'streaming guide: word count of a stream',
    text: `check.outputOf([['a b', 'a'], ['b']], lines => lines.flatMap(line => line.split(' ')).map(word => [word, 1]).reduceByKey((a, b) => a + b).sortByKey())`,
    is: [
      [
        ['a', 2],
        ['b', 1],
      ],
      [['b', 1]],
    ],
  },
  {
    from: 'streaming guide: counts over a window',
    text: `check.outputOf([['a'], ['a'], ['b']], words => words.map(w => [w, 1]).reduceByKeyAndWindow((a, b) => a + b, '2s', '1s').sortByKey())`,
    is: [
      [['a', 1]],
      [['a', 2]],
      [
        ['a', 1],
        ['b', 1],
      ],
    ],
  },
  {
    from: 'streaming guide: averages over a window',
    text: `check.outputOf([[['x', 1]], [['x', 3]]], s => s.mapValues(v => [v, 1]).reduceByKeyAndWindow((a, b) => [a[0] + b[0], a[1] + b[1]], '2s', '1s').mapValues(([sum, n]) => sum / n))`,
    is: [[['x', 1]], [['x', 2]]],
  },
  {
    from: 'streaming guide: updateStateByKey',
    text: `check.outputOf([['a', 'a'], ['a']], words => words.map(w => [w, 1]).updateStateByKey((newValues, runningCount) => (runningCount ?? 0) + newValues.reduce((a, b) => a + b, 0)), { checkpoint: folder + '/updated' })`,
    is: [[['a', 2]], [['a', 3]]],
  },
  {
    from: 'streaming guide: mapWithState',
    text: `const counting = (word, one, state) => { const sum = (one ?? 0) + (state.get() ?? 0); state.update(sum); return [word, sum] }
check.outputOf([['a'], ['a']], words => words.map(w => [w, 1]).mapWithState(StateSpec.function(counting)), { checkpoint: folder + '/mapped' })`,
    is: [[['a', 1]], [['a', 2]]],
  },
  {
    from: 'streaming guide: transform and join with a dataset',
    text: `const spamInfo = sc.parallelize([['bad', true]])
check.outputOf([['bad', 'good']], words => words.map(w => [w, 1]).transform(rdd => rdd.leftOuterJoin(spamInfo).filter(([, [, spam]]) => !spam).mapValues(([n]) => n)))`,
    is: [[['good', 1]]],
  },
];
