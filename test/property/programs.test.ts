// Random programs of up to 12 operators give what the naive model gives; SEED=n runs one of them again, and says what it does.
import { suite } from 'uvu';
import { connect } from '../../cluster/connect';
import type { Context, RDD } from '../../runtime/index';
import { Random } from '../../runtime/time';
import * as twin from '../helpers/model';
import { within } from '../helpers/within';
import { judgeSeveral, severalOnPairs, severalOnRows } from './several';
import { after, canonical, flip, least, type Operator, partitionsOf, type State, sorted } from './state';
import { pairsOf, rowsOf } from './values';

const onRows: Record<string, Operator> = {
  map: (s, random) => {
    const n = random.below(3);
    const functions: ((x: any) => any)[] = [(x) => ({ x }), (x) => canonical(x).length, (x) => [x, n]];
    const f = functions[n];
    return after(s, { text: `map#${n}`, rdd: s.rdd.map(f), model: s.model.map(f), kind: n === 2 ? 'pairs' : 'rows' });
  },
  filter: (s, random) => {
    const n = random.below(3) + 1;
    const f = (x: any) => canonical(x).length % 3 < n;
    return after(s, { text: `filter#${n}`, rdd: s.rdd.filter(f), model: s.model.filter(f), kind: s.kind });
  },
  flatMap: (s, random) => {
    const n = random.below(3);
    const f = (x: any): any => (n === 0 ? [] : n === 1 ? new Set([x, 1]) : [x, x]);
    return after(s, { text: `flatMap#${n}`, rdd: s.rdd.flatMap(f), model: s.model.flatMap(f) });
  },
  generator: (s) => {
    const f = function* (x: any) {
      for (let i = 0; i < canonical(x).length % 4; i++) yield [i, x];
    };
    return after(s, { text: 'flatMap#generator', rdd: s.rdd.flatMap(f as any), model: s.model.flatMap(f as any), kind: 'pairs' });
  },
  mapPartitions: (s) => {
    if (s.order !== 'partitions') return undefined;
    const f = (rows: Iterable<any>) => [...rows].reverse();
    return after(s, { text: 'mapPartitions', rdd: s.rdd.mapPartitions(f), model: s.model.mapPartitions(f), kind: s.kind });
  },
  mapPartitionsWithIndex: (s) => {
    if (s.order !== 'partitions') return undefined;
    const f = (index: number, rows: Iterable<any>) => Array.from(rows, (x) => [index, x]);
    const model = s.model.mapPartitionsWithIndex(f);
    return after(s, { text: 'mapPartitionsWithIndex', rdd: s.rdd.mapPartitionsWithIndex(f as any), model, kind: 'pairs' });
  },
  glom: (s) => (s.order === 'partitions' ? after(s, { text: 'glom', rdd: s.rdd.glom(), model: s.model.glom() }) : undefined),
  firstOfEach: (s) => {
    if (s.order !== 'partitions') return undefined;
    const f = (rows: Iterable<any>) => {
      for (const x of rows) return [x];
      return [];
    };
    return after(s, { text: 'mapPartitions#first', rdd: s.rdd.mapPartitions(f), model: s.model.mapPartitions(f) });
  },
  keyBy: (s) => {
    const f = (x: any) => canonical(x).length % 3;
    return after(s, { text: 'keyBy', rdd: s.rdd.keyBy(f), model: s.model.keyBy(f), kind: 'pairs' });
  },
  keyByValue: (s) => {
    const f = (x: any) => x;
    return after(s, { text: 'keyBy#itself', rdd: s.rdd.keyBy(f), model: s.model.keyBy(f), kind: 'pairs' });
  },
  distinct: (s, random) => {
    const n = partitionsOf(random);
    return after(s, { text: `distinct(${n})`, rdd: s.rdd.distinct(n), model: s.model.distinct(), kind: s.kind, order: 'none' });
  },
  union: (s, random, sc) => {
    const rows = flip(random) ? rowsOf(random, 20) : pairsOf(random, 20);
    const n = partitionsOf(random);
    const model = s.model.union(twin.Model.parallelize(rows, n));
    return after(s, { text: `union(${rows.length} in ${n})`, rdd: s.rdd.union(sc.parallelize<any>(rows, n)), model });
  },
  unionWithItself: (s) =>
    after(s, {
      text: 'union#itself',
      rdd: s.rdd.union(s.rdd),
      model: s.model.union(s.model),
      kind: s.kind,
      // Partitions that lie alike are joined one by one.
      order: s.rdd.partitioner ? 'none' : s.order,
    }),
  groupBy: (s, random) => {
    const n = partitionsOf(random);
    const f = (x: any) => canonical(x).slice(0, 2);
    const inOrder = ([key, group]: any) => [key, sorted(group)];
    const rdd = s.rdd.groupBy(f, n).map(inOrder);
    return after(s, { text: `groupBy(${n})`, rdd, model: s.model.groupBy(f).map(inOrder), kind: 'pairs', order: 'none' });
  },
  sortBy: (s, random) => {
    const [n, ascending] = [partitionsOf(random), flip(random)];
    const model = s.model.sortBy(canonical, ascending);
    return after(s, {
      text: `sortBy(${ascending}, ${n})`,
      rdd: s.rdd.sortBy(canonical, ascending, n),
      model,
      kind: s.kind,
      order: s.order === 'none' ? 'none' : 'sequence',
    });
  },
  zipWithIndex: (s) =>
    s.order === 'none'
      ? undefined
      : after(s, { text: 'zipWithIndex', rdd: s.rdd.zipWithIndex(), model: s.model.zipWithIndex(), kind: 'pairs' }),
  coalesce: (s, random) => {
    const n = partitionsOf(random);
    return after(s, { text: `coalesce(${n})`, rdd: s.rdd.coalesce(n), model: s.model.coalesce(n), kind: s.kind });
  },
  repartition: (s, random) => {
    const n = partitionsOf(random);
    return after(s, {
      text: `repartition(${n})`,
      rdd: s.rdd.repartition(n),
      model: s.model.repartition(),
      kind: s.kind,
      order: 'none',
    });
  },
  sample: (s, random) => {
    const all = flip(random);
    const rdd = s.rdd.sample(false, all ? 1 : 0, random.below(1000));
    return after(s, { text: `sample(${all ? 1 : 0})`, rdd, model: all ? s.model : s.model.filter(() => false), kind: s.kind });
  },
  cache: (s) => after(s, { text: 'cache', rdd: s.rdd.cache(), model: s.model, kind: s.kind }),
};

type PairModel = twin.Model<[any, any]>;
const pairs = (s: State) => s.rdd as RDD<[any, any]>;
const pairModel = (s: State) => s.model as PairModel;
const none = { kind: 'pairs', order: 'none' } as const;
const groupInOrder = (group: readonly any[]) => sorted(group);

type Join = 'join' | 'leftOuterJoin' | 'rightOuterJoin' | 'fullOuterJoin';
const joinWith =
  (name: Join): Operator =>
  (s, random, sc) => {
    const rows = flip(random) ? pairsOf(random, 12) : s.model.take(6);
    const [n, m] = [partitionsOf(random), partitionsOf(random)];
    const other = sc.parallelize<any>(rows, n);
    const otherModel: PairModel = twin.Model.parallelize(rows, n);
    return after(s, {
      text: `${name}(${rows.length} in ${n}, ${m})`,
      rdd: pairs(s)[name](other, m),
      model: twin[name](pairModel(s), otherModel),
      ...none,
    });
  };

const onPairs: Record<string, Operator> = {
  reduceByKey: (s, random) => {
    const n = partitionsOf(random);
    return after(s, {
      text: `reduceByKey(${n})`,
      rdd: pairs(s).reduceByKey(least, n),
      model: twin.reduceByKey(pairModel(s), least),
      ...none,
    });
  },
  groupByKey: (s, random) => {
    const n = partitionsOf(random);
    const rdd = pairs(s).groupByKey(n).mapValues(groupInOrder);
    return after(s, {
      text: `groupByKey(${n})`,
      rdd,
      model: twin.mapValues(twin.groupByKey(pairModel(s)), groupInOrder),
      ...none,
    });
  },
  aggregateByKey: (s) => {
    const add = (all: any[], x: any) => {
      all.push(x);
      return all;
    };
    const merge = (a: any[], b: any[]) => [...a, ...b];
    const rdd = pairs(s)
      .aggregateByKey([] as any[], add, merge)
      .mapValues(groupInOrder);
    const model = twin.mapValues(twin.groupByKey(pairModel(s)), groupInOrder);
    return after(s, { text: 'aggregateByKey', rdd, model, ...none });
  },
  combineByKey: (s, random) => {
    const n = partitionsOf(random);
    const rdd = pairs(s).combineByKey(
      (x: any) => ({ count: 1, least: x }),
      (c, x) => ({ count: c.count + 1, least: least(c.least, x) }),
      (a, b) => ({ count: a.count + b.count, least: least(a.least, b.least) }),
      n,
    );
    const made = (group: readonly any[]) => ({ count: group.length, least: group.reduce(least) });
    return after(s, { text: `combineByKey(${n})`, rdd, model: twin.mapValues(twin.groupByKey(pairModel(s)), made), ...none });
  },
  foldByKey: (s) => {
    const zero = 'zzz';
    const model = twin.aggregateByKey(pairModel(s), zero as any, least, least);
    return after(s, { text: 'foldByKey', rdd: pairs(s).foldByKey(zero as any, least), model, ...none });
  },
  mapValues: (s) => {
    const f = (x: any) => [x, canonical(x).length];
    return after(s, { text: 'mapValues', rdd: pairs(s).mapValues(f), model: twin.mapValues(pairModel(s), f), kind: 'pairs' });
  },
  flatMapValues: (s) => {
    const f = (x: any) => (canonical(x).length % 2 === 0 ? [] : [x, 0]);
    return after(s, {
      text: 'flatMapValues',
      rdd: pairs(s).flatMapValues(f),
      model: twin.flatMapValues(pairModel(s), f),
      kind: 'pairs',
    });
  },
  keys: (s) => after(s, { text: 'keys', rdd: pairs(s).keys(), model: twin.keys(pairModel(s)) }),
  values: (s) => after(s, { text: 'values', rdd: pairs(s).values(), model: twin.values(pairModel(s)) }),
  partitionBy: (s, random) => {
    const n = partitionsOf(random);
    return after(s, { text: `partitionBy(${n})`, rdd: pairs(s).partitionBy(n), model: s.model.repartition(), ...none });
  },
  sortByKey: (s, random) => {
    const [n, ascending] = [partitionsOf(random), flip(random)];
    const f = (x: any): [any, any] => [[canonical(x).length, canonical(x)], x];
    const rdd = (s.rdd.map(f) as RDD<[any, any]>).sortByKey(ascending, n);
    const model = twin.sortByKey(s.model.map(f) as PairModel, ascending);
    return after(s, {
      text: `sortByKey(${ascending}, ${n})`,
      rdd,
      model,
      kind: 'pairs',
      order: s.order === 'none' ? 'none' : 'sequence',
    });
  },
  cogroup: (s, random, sc) => {
    const rows = pairsOf(random, 12);
    const n = partitionsOf(random);
    const inOrder = (sides: any) => sides.map(sorted);
    const rdd = pairs(s).cogroup(sc.parallelize<any>(rows, n)).mapValues(inOrder);
    const model = twin.mapValues(twin.cogroup(pairModel(s), twin.Model.parallelize(rows, n)), inOrder);
    return after(s, { text: `cogroup(${rows.length} in ${n})`, rdd, model, ...none });
  },
  join: joinWith('join'),
  leftOuterJoin: joinWith('leftOuterJoin'),
  rightOuterJoin: joinWith('rightOuterJoin'),
  fullOuterJoin: joinWith('fullOuterJoin'),
  joinWithItself: (s, random) => {
    if (s.model.count() > 60) return undefined;
    const n = partitionsOf(random);
    const spread = pairs(s).partitionBy(n);
    return after(s, {
      text: `partitionBy(${n}).join#itself`,
      rdd: spread.join(spread),
      model: twin.join(pairModel(s), pairModel(s)),
      ...none,
    });
  },
};

const allOnRows = Object.values({ ...onRows, ...severalOnRows });
const allOnPairs = Object.values({ ...onPairs, ...severalOnPairs });

const mostRows = 1500;
const mostOperators = 12;

function programOf(sc: Context, random: Random): State {
  const n = partitionsOf(random);
  const isPairs = flip(random);
  const rows = isPairs ? pairsOf(random, 60) : rowsOf(random, 60);
  const model = twin.Model.parallelize(rows, n);
  let state: State = {
    text: `${rows.length} in ${n}`,
    rdd: sc.parallelize<any>(rows, n),
    model,
    kind: isPairs ? 'pairs' : 'rows',
    order: 'partitions',
  };
  for (let left = random.below(mostOperators) + 1; left > 0; left--) {
    const operators = state.kind === 'pairs' && random.below(3) > 0 ? allOnPairs : allOnRows;
    const next = operators[random.below(operators.length)](state, random, sc);
    if (next && next.model.count() <= mostRows) state = next;
  }
  return state;
}

const same = (what: string, got: unknown, expected: unknown) => {
  const [a, b] = [twin.canonical(got), twin.canonical(expected)];
  if (a !== b) throw new Error(`${what}\n  gave     ${a.slice(0, 600)}\n  expected ${b.slice(0, 600)}`);
};

/** Every action that can be asked of the state, against the model's. */
async function judge({ rdd, model, kind, order }: State, random: Random): Promise<void> {
  const rows = await rdd.collect();
  if (order === 'none') same('collect', twin.unordered(rows), twin.unordered(model.collect()));
  else same('collect', rows, model.collect());
  if (order === 'partitions') same('glom', await rdd.glom().collect(), model.glom().collect());
  same('count', await rdd.count(), model.count());
  same('isEmpty', await rdd.isEmpty(), model.isEmpty());
  same('countByValue', twin.unordered(await rdd.countByValue()), twin.unordered(model.countByValue()));
  const byText = (a: any, b: any) => (canonical(a) < canonical(b) ? -1 : canonical(a) > canonical(b) ? 1 : 0);
  same('takeOrdered', await rdd.takeOrdered(3, byText), model.sortBy(canonical).take(3));
  same('top', await rdd.top(2, byText), model.sortBy(canonical, false).take(2));
  const sum = (a: number, x: any) => a + canonical(x).length;
  same(
    'aggregate',
    await rdd.aggregate(0, sum, (a, b) => a + b),
    model.aggregate(0, sum, (a, b) => a + b),
  );
  if (random.below(3) === 0) await judgeSeveral({ text: '', rdd, model, kind, order }, same);
  if (!model.isEmpty()) same('reduce', await rdd.reduce(least), model.reduce(least));
  if (order !== 'none') same('take', await rdd.take(5), model.take(5));
  if (kind !== 'pairs' || model.isEmpty()) return;
  const pairRdd: RDD<[any, any]> = rdd;
  const pairModel: PairModel = model;
  const [key] = pairModel.collect()[random.below(model.count())];
  same('lookup', twin.unordered(await pairRdd.lookup(key)), twin.unordered(twin.lookup(pairModel, key)));
  same('countByKey', twin.unordered(await pairRdd.countByKey()), twin.unordered(twin.countByKey(pairModel)));
  if (order !== 'none')
    same('collectAsMap', twin.unordered(await pairRdd.collectAsMap()), twin.unordered(twin.collectAsMap(pairModel)));
}

const test = suite('programs');
const replayed = process.env.SEED === undefined ? undefined : Number(process.env.SEED);
const seeds = replayed === undefined ? Array.from({ length: Number(process.env.SEEDS ?? 300) }, (_, i) => i) : [replayed];
let sc: Context;

test.before(async () => {
  sc = await connect('local');
});

test(`${seeds.length} random programs give what the model gives`, async () => {
  for (const seed of seeds) {
    const random = new Random(seed);
    const program = programOf(sc, random);
    if (replayed !== undefined) console.log(program.text);
    try {
      await within(10_000, judge(program, random), 'the program');
    } catch (error) {
      throw new Error(`SEED=${seed}: ${program.text}\n${(error as Error).stack}`);
    }
  }
});

test.after(() => sc.stop());

test.run();
