// What closures may change, by their text; and that rows, states and broadcasts in memory stay as they are whatever closures do to them.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { capture } from '../../../runtime/closure';
import { changesOf } from '../../../runtime/closure/changes/changes';
import { type Context, type DStream, type RDD, StorageLevel } from '../../../runtime/index';
import { masterOf } from '../../helpers/master';
import { StreamTests } from '../../helpers/streams';

const test = suite('changes of closures');
const given = new StreamTests(test);
let sc: Context;

test.before(async () => {
  sc = await connect(masterOf('local[1]'), { config: { autoBroadcastBytes: 1024 } });
});
test.after(() => sc.stop());

type Row = any;
const table: Row = { a: { n: 1 } };
const list: Row[] = [{ n: 1 }];
const put = (row: Row) => {
  row.n = 0;
};
const read = (row: Row) => row.n + 1;

/** Functions that may change what they get: the first argument, others, or what they have captured. */
const changing: Record<string, readonly ((...args: any[]) => unknown)[]> = {
  first: [
    (x) => (x.v = 2),
    (x) => x.v++,
    (x) => delete x.v,
    (x) => x.list.sort(),
    (x) => x.push(1),
    ([, v]) => (v.n += 1),
    ({ inner }) => inner.list.splice(0, 1),
    (x) => Object.assign(x, { v: 1 }),
    (x) => Object.freeze(x),
    (x) => Reflect.set(x, 'v', 1),
    (x) => {
      const y = x.inner;
      y.v = 1;
    },
    (x) => {
      const copy = { ...x };
      copy.inner.v = 1;
      return copy;
    },
    (x) => {
      const all = [];
      all.push(x);
      all[0].v = 1;
    },
    (x) => {
      x.list.forEach((y: Row) => {
        y.n++;
      });
    },
    (x) => [x].map((y) => (y.n = 1)),
    (x) =>
      x
        .map((y: Row) => y)
        .reverse()
        .at(0)
        .list.pop(),
    (x) => {
      for (const y of x) y.n = 1;
    },
    (x) => {
      [x.a, x.b] = [1, 2];
    },
    (x) => {
      ({ v: x.v } = { v: 1 });
    },
    (x) => {
      const f = (y: Row) => {
        y.n = 1;
      };
      f(x);
    },
    (x) => put(x),
    (x) => x.move(1),
    (x) => new Uint8Array(x.buffer).fill(0),
    (x) => x.date.setFullYear(2000),
    (x) => (x.v ??= 1),
    (x) => (x[Symbol.for('v')] = 1),
    (x) => x['push'](1),
    (x) => {
      let y = {};
      for (let i = 0; i < 2; i++) {
        (y as Row).n = i;
        y = x;
      }
    },
    (a, b) => {
      a.n += b.n;
      return a;
    },
    function (x) {
      // biome-ignore lint/complexity/noArguments: users may.
      arguments[0].v = 1;
      return x;
    },
  ],
  others: [(a, b) => b.push(a), (_index, rows) => rows.next().value.n++],
  captured: [
    (x) => (table.a.n = x),
    () => list.push(1),
    () => list[0].n++,
    () => Object.assign(table, {}),
    (x) => {
      const a = table.a;
      a[x] = 1;
    },
  ],
};

const harmless: readonly ((...args: any[]) => unknown)[] = [
  (x) => x.v + 1,
  (x) => ({ ...x, v: x.v + 1 }),
  ([k, v]) => [k, v * 2],
  (line) => line.split(' ').map((w: string) => w.trim().toLowerCase()),
  (x) => {
    const point = [];
    for (const part of x.text.split(',')) point.push(Number(part));
    return point;
  },
  (x) => {
    const copy = { ...x };
    copy.v = 1;
    return copy;
  },
  (x) => [...x.list].sort(),
  (x) => x.list.toSorted(),
  (x) => x.list.slice().reverse(),
  (x) => x.list.reduce((sum: number, y: number) => sum + y, 0),
  // biome-ignore lint/performance/noAccumulatingSpread: users may.
  (x) => x.words.reduce((counts: Row, w: string) => ({ ...counts, [w]: 1 }), {}),
  (x) => new Map(x.entries).get('a'),
  (x) => Math.max(...x.list) + JSON.stringify(x).length,
  (x) => read(x),
  (x) => table.a.n + x,
  (x) => {
    const seen = new Set();
    for (const y of x) seen.add(y.id);
    return [...seen];
  },
  (x) => {
    let best = x[0];
    for (const y of x) if (y.n > best.n) best = y;
    return best;
  },
  function* (rows) {
    for (const row of rows) yield row;
  },
  (a, b) => a + b,
  (a, b) => ({ n: a.n + b.n }),
];

const shownChanges = (f: Function) => {
  const { first, others, captured } = changesOf(capture(f, { operation: 'map', autoBroadcastBytes: 1 << 20 }).closure);
  return [first ? 'first' : '', others ? 'others' : '', captured ? 'captured' : ''].filter(Boolean);
};

for (const [what, functions] of Object.entries(changing)) {
  test(`functions that may change ${what} are found`, () => {
    for (const f of functions) assert.ok(shownChanges(f).includes(what), `${f}: ${shownChanges(f)}`);
  });
}

test('functions that only read, and change what they have made themselves, cost no copies', () => {
  for (const f of harmless) assert.equal(shownChanges(f), [], String(f));
});

test('what a fold adds to is its own, unless it may be an element', () => {
  const mixes = (f: Function) => changesOf(capture(f, { operation: 'fold', autoBroadcastBytes: 1 << 20 }).closure).mixes === true;
  assert.not(
    mixes((acc: Row, x: Row) => {
      acc.n += x.n;
      acc.words[x.word] = acc.n;
      return acc;
    }),
  );
  assert.ok(mixes((acc: Row, x: Row) => (acc.n > x.n ? acc : x)));
  assert.ok(mixes((acc: Row, x: Row) => acc.list.push(x)));
});

const rows = () => sc.range(0, 4, 1, 2).map((i): Row => ({ n: i, list: [i], word: `w${i % 2}` }));
const sum = (rdd: RDD<Row>) => rdd.map((x) => x.n + x.list.length).sum();

test('a persisted dataset is what it was, whatever the jobs that read it do to its rows', async () => {
  const jobs: Record<string, (rdd: RDD<Row>) => Promise<unknown>> = {
    map: (r) =>
      r
        .map((x) => {
          x.n *= 2;
          return x.n;
        })
        .sum(),
    filter: (r) => r.filter((x) => x.list.push(1) > 0).count(),
    foreach: (r) => r.foreach((x) => void x.n++),
    mapPartitions: (r) =>
      r
        .mapPartitions(function* (all) {
          for (const x of all) {
            x.n = 9;
            yield 1;
          }
        })
        .count(),
    reduce: (r) =>
      r.reduce((a, b) => {
        a.n += b.n;
        return a;
      }),
    reduceByKey: (r) =>
      r
        .keyBy((x) => x.word)
        .reduceByKey((a, b) => {
          a.n += b.n;
          return a;
        }, 1)
        .collect(),
    aggregate: (r) =>
      r.aggregate(
        [] as Row[],
        (acc, x) => {
          acc.push(x);
          acc[0].n = 77;
          return acc;
        },
        (a, b) => a.concat(b),
      ),
    sortBy: (r) => r.sortBy((x) => x.n++, true, 1).collect(),
    join: (r) => {
      const pairs = r.keyBy((x) => x.word);
      return pairs
        .join(pairs, 1)
        .map(([, [a]]) => a.n++)
        .count();
    },
  };
  const levels = { memory: StorageLevel.MEMORY_ONLY, both: StorageLevel.MEMORY_AND_DISK, disk: StorageLevel.DISK_ONLY };
  for (const [levelName, level] of Object.entries(levels)) {
    for (const [name, job] of Object.entries(jobs)) {
      const kept = rows().persist(level);
      await job(kept);
      assert.is(await sum(kept), 10, `${name} while it is computed, ${levelName}`);
      await job(kept);
      assert.is(await sum(kept), 10, `${name} on ${levelName}`);
      kept.unpersist();
    }
  }
});

test('each task that changes a broadcast, or a large captured value, has a copy of its own', async () => {
  const counts = sc.broadcast({ n: 0 });
  const large = { n: 0, text: 'x'.repeat(100_000) };
  const seen = await sc
    .range(0, 4, 1, 4)
    .map(() => [++counts.value.n, ++large.n])
    .collect();
  assert.equal(
    seen,
    [1, 2, 3, 4].map(() => [1, 1]),
  );
});

test('states and persisted batches of streams are what they were, whatever their outputs do', async () => {
  const make = (s: DStream<[string, number]>) => {
    const states = s.mapValues((n): Row => ({ n })).runningReduce((a, b) => ({ n: a.n + b.n }));
    const spoiled = states.mapValues((state) => {
      state.n = 1000;
      return state;
    });
    return spoiled.join(states).mapValues(([, state]) => state.n);
  };
  const batches = [[['a', 1]], [['a', 2]], [['a', 3]]] as [string, number][][];
  const out = await given.check.outputOf(batches, make, { checkpoint: `${given.folder}/checkpoint` });
  assert.equal(
    out.map(([[, n]]) => n),
    [1, 3, 6],
  );
});

test.run();
