// MapReduce, Pregel, iteration and queries give what naive models give, in process and on executors; SEED=n runs other inputs.
// time limit: 300 s
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import type { Context, RDD } from '../../runtime/index';
import { Counters, from, iterate, mapReduce, pregel, type Query } from '../../runtime/models';
import { masterOf, onSpark } from '../helpers/master';
import { canonical, unordered } from '../helpers/model';
import { ArrayQuery, closure, components, distances, pageRanks, reduced } from '../helpers/naive-models';
import { openSession } from '../helpers/session';

const seed = Number(process.env.SEED ?? 11);
const runs = Number(process.env.RUNS ?? 12);

/** Vertices 0, 1, … and edges among them, in so many partitions. */
const graphs = fc
  .record({ size: fc.integer({ min: 1, max: 12 }), partitions: fc.integer({ min: 1, max: 4 }) })
  .chain(({ size, partitions }) => {
    const vertex = fc.nat(size - 1);
    const edges = fc.array(fc.tuple(vertex, vertex, fc.integer({ min: 1, max: 9 })), { maxLength: 25 });
    return fc.record({
      vertices: fc.constant(Array.from({ length: size }, (_, i) => i)),
      edges,
      partitions: fc.constant(partitions),
    });
  });

interface Graph {
  readonly vertices: number[];
  readonly edges: [number, number, number][];
  readonly partitions: number;
}

const of = <T>(rdd: RDD<[number, T]>) => rdd.collect().then((rows) => new Map(rows.sort(([a], [b]) => a - b)));
const inOrder = <T>(map: Map<number, T>) => new Map([...map].sort(([a], [b]) => a - b));

const properties: Record<string, (sc: Context) => fc.IAsyncProperty<unknown>> = {
  'shortest paths by Pregel are those of Bellman and Ford': (sc) =>
    fc.asyncProperty(graphs, fc.boolean(), async ({ vertices, edges, partitions }: Graph, combines) => {
      const result = await pregel(
        sc.parallelize(
          vertices.map((id) => [id, Number.POSITIVE_INFINITY] as [number, number]),
          partitions,
        ),
        sc.parallelize(edges, 2),
        {
          compute(vertex, messages: readonly number[]) {
            const least = vertex.superstep === 0 && vertex.id === 0 ? 0 : Math.min(vertex.value, ...messages);
            if (least < vertex.value) {
              vertex.value = least;
              for (const [target, length] of vertex.edges) vertex.send(target, least + length);
            }
            vertex.voteToHalt();
          },
          combine: combines ? (a, b) => Math.min(a, b) : undefined,
        },
      );
      assert.ok(result.halted);
      assert.equal(await of(result.vertices), distances(vertices, edges));
    }),

  'connected components by Pregel': (sc) =>
    fc.asyncProperty(graphs, async ({ vertices, edges, partitions }: Graph) => {
      const bothWays = edges.flatMap(([a, b]): [number, number][] => [
        [a, b],
        [b, a],
      ]);
      const result = await pregel(
        sc.parallelize(
          vertices.map((id) => [id, id] as [number, number]),
          partitions,
        ),
        sc.parallelize(bothWays, partitions),
        {
          compute(vertex, messages: readonly number[]) {
            const least = Math.min(vertex.value, ...messages);
            if (vertex.superstep === 0 || least < vertex.value) vertex.sendToAll(least);
            vertex.value = least;
            vertex.voteToHalt();
          },
          numPartitions: 3,
        },
      );
      assert.equal(await of(result.vertices), inOrder(components(vertices, edges)));
    }),

  'PageRank by Pregel, whose ranks an aggregator sums': (sc) =>
    fc.asyncProperty(graphs, async ({ vertices, edges, partitions }: Graph) => {
      const rounds = 5;
      const result = await pregel(
        sc.parallelize(
          vertices.map((id) => [id, 1 / vertices.length] as [number, number]),
          partitions,
        ),
        sc.parallelize(edges, 2),
        {
          compute(vertex, messages: readonly number[]) {
            if (vertex.superstep > 0) {
              const sum = messages.reduce((a, b) => a + b, 0);
              vertex.value = 0.15 / vertex.numVertices + 0.85 * sum;
            }
            vertex.aggregate('total', vertex.value);
            if (vertex.superstep < rounds) vertex.sendToAll(vertex.value / vertex.edges.length);
            else vertex.voteToHalt();
          },
          aggregators: { total: { zero: 0, merge: (a: number, b: number) => a + b } },
          checkpointEvery: undefined,
        },
      );
      const expected = pageRanks(vertices, edges, rounds);
      const ranks = await of(result.vertices);
      for (const id of vertices) assert.ok(Math.abs(ranks.get(id)! - expected.get(id)!) < 1e-12, `${id}: ${ranks.get(id)}`);
      const total = [...ranks.values()].reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(result.aggregated.total - total) < 1e-9);
      assert.is(result.supersteps, rounds + 1);
    }),

  'descendants by iteration are the transitive closure': (sc) =>
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(8), fc.nat(8)), { maxLength: 14 }), async (pairs) => {
      const found = await iterate(
        sc.parallelize(pairs, 3).map(([a, b]) => [`${a} ${b}`, [a, b]] as [string, [number, number]]),
        {
          invariant: sc.parallelize(pairs, 2).map(([a, b]) => [String(a), b] as [string, number]),
          body: (known, children) =>
            known
              .map(([, [a, b]]) => [String(b), a] as [string, number])
              .join(children)
              .map(([, [a, c]]) => [`${a} ${c}`, [a, c]] as [string, [number, number]])
              .union(known)
              .reduceByKey((a) => a),
          distance: (before, after) => (before === undefined || after === undefined ? 1 : 0),
        },
      );
      assert.ok(found.converged);
      assert.equal((await found.state.keys().collect()).sort(), [...closure(pairs)].sort());
    }),

  'MapReduce: each reducer sees its keys in order, with their values, and counters are exact': (sc) =>
    fc.asyncProperty(
      fc.array(fc.tuple(keys, fc.integer({ min: -9, max: 9 })), { maxLength: 30 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom('plain', 'combine', 'order'),
      async (pairs, partitions, numReducers, how) => {
        const counters = new Counters(sc);
        const output = mapReduce(sc.parallelize(pairs as [unknown, number][], partitions), {
          map(key, value, emit: (key: unknown, value: number) => void, count) {
            count(value < 0 ? 'negative' : 'other');
            emit(key, value);
          },
          combine: how === 'combine' ? (a: number, b: number) => a + b : undefined,
          orderValuesBy: how === 'order' ? (value: number) => value : undefined,
          reduce: (key, values) => [[key, [...values]] as [unknown, number[]]],
          numReducers,
          counters,
        });
        const parts = await output.glom().collect();
        assert.is(parts.length, numReducers);
        const expected = reduced(pairs as [unknown, number][]).map(([key, values]): [unknown, number[]] => {
          if (how === 'combine') return [key, [values.reduce((a, b) => a + b)]];
          return [key, how === 'order' ? [...values].sort((a, b) => a - b) : values];
        });
        assert.equal(unordered(parts.flat()), unordered(expected));
        const places = new Map(expected.map(([key], i) => [canonical(key), i]));
        for (const part of parts) {
          const order = part.map(([key]) => places.get(canonical(key))!);
          assert.equal(
            order,
            [...order].sort((a, b) => a - b),
          );
        }
        assert.is(counters.get('negative'), pairs.filter(([, value]) => value < 0).length);
        assert.is(counters.get('negative') + counters.get('other'), pairs.length);
      },
    ),

  'queries give what LINQ on arrays gives': (sc) =>
    fc.asyncProperty(rows, rows, fc.array(fc.nat(13), { maxLength: 5 }), async (left, right, steps) => {
      let query: Query<Row> = from(sc.parallelize(left, 3));
      let model = new ArrayQuery<Row>(left);
      let isOrdered = true;
      const other = sc.parallelize(right, 2);
      for (const step of steps) {
        // The first n of no order are not the same ones.
        if (step < 2 && !isOrdered) continue;
        const next = queryStep(step, query, model, other, right);
        [query, model] = [next.query, next.model];
        isOrdered = next.orders ?? isOrdered;
      }
      const got = await query.toArray();
      if (isOrdered) assert.equal(got, [...model.rows]);
      else assert.equal(unordered(got), unordered(model.rows));
      assert.is(await query.count((row) => row.n > 0), model.rows.filter((row) => row.n > 0).length);
      assert.is(await query.any(), model.rows.length > 0);
      assert.is(
        await query.all((row) => row.n > -5),
        model.rows.every((row) => row.n > -5),
      );
      assert.is(
        await query.sum((row) => row.n),
        model.rows.reduce((sum, { n }) => sum + n, 0),
      );
      assert.is(
        await query.aggregate(
          0,
          (most, row) => Math.max(most, row.n),
          (a, b) => Math.max(a, b),
        ),
        Math.max(0, ...model.rows.map(({ n }) => n)),
      );
      if (model.rows.length === 0) return;
      assert.is(await query.min((row) => row.n), Math.min(...model.rows.map(({ n }) => n)));
      assert.is(
        await query.max((row) => row.name),
        model.rows
          .map(({ name }) => name)
          .sort()
          .at(-1),
      );
      if (isOrdered) assert.equal(await query.first(), model.rows[0]);
    }),
};

const keys = fc.oneof(fc.constantFrom('a', 'b', 'constructor', '__proto__'), fc.string({ maxLength: 2 }));

interface Row {
  readonly name: string;
  readonly n: number;
}

const rows = fc.array(
  fc.record({ name: fc.constantFrom('ada', 'ben', 'cleo', 'constructor'), n: fc.integer({ min: -5, max: 5 }) }),
  {
    maxLength: 15,
  },
);

interface Step {
  readonly query: Query<Row>;
  readonly model: ArrayQuery<Row>;
  /** Whether the result has an order now; as before if absent. */
  readonly orders?: boolean;
}

/** One operator on a query and on its model. */
function queryStep(step: number, query: Query<Row>, model: ArrayQuery<Row>, other: RDD<Row>, others: readonly Row[]): Step {
  const name = (row: Row) => row.name;
  const n = (row: Row) => row.n;
  const both = (a: Row, b: Row): Row => ({ name: a.name, n: a.n - b.n });
  switch (step) {
    case 0:
      return { query: query.take(4), model: model.take(4) };
    case 1:
      return { query: query.skip(3), model: model.skip(3) };
    case 2:
      return { query: query.where((row) => row.n % 2 === 0), model: model.where((row) => row.n % 2 === 0) };
    case 3:
      return {
        query: query.select((row) => ({ ...row, n: row.n + 1 })),
        model: model.select((row) => ({ ...row, n: row.n + 1 })),
      };
    case 4: {
      const halves = (row: Row) => (row.n > 0 ? [row, { ...row, n: -row.n }] : []);
      return { query: query.selectMany(halves), model: model.selectMany(halves) };
    }
    case 5: {
      const sumOf = ({ key, values }: { key: unknown; values: readonly Row[] }): Row => ({
        name: key as string,
        n: values.reduce((sum, row) => sum + row.n, 0),
      });
      return { query: query.groupBy(name).select(sumOf), model: model.groupBy(name).select(sumOf), orders: false };
    }
    case 6:
      return { query: query.join(other, name, name, both), model: model.join(others, name, name, both), orders: false };
    case 7: {
      const counted = (a: Row, inner: readonly Row[]): Row => ({ name: a.name, n: inner.length });
      return {
        query: query.groupJoin(from(other), n, n, counted),
        model: model.groupJoin(others, n, n, counted),
        orders: false,
      };
    }
    case 8:
      return {
        query: query.orderBy(name).thenByDescending(n),
        model: model.orderBy([name, true], [n, false]),
        orders: true,
      };
    case 9:
      return {
        query: query.orderByDescending(n).thenByDescending(name),
        model: model.orderBy([n, false], [name, false]),
        orders: true,
      };
    case 10:
      return { query: query.distinct(), model: model.distinct(), orders: false };
    case 11:
      return { query: query.union(other), model: model.concat(others).distinct(), orders: false };
    case 12:
      return { query: query.intersect(other), model: model.intersect(others), orders: false };
    default:
      return { query: query.except(from(other)), model: model.except(others), orders: false };
  }
}

for (const master of onSpark ? [masterOf('')] : ['local', 'local[2]']) {
  const test = suite(`models on ${master}`);
  let sc: Context;
  let stop: () => Promise<void>;

  test.before(async () => {
    const session = master === 'local[2]' ? await openSession(2) : undefined;
    sc = session?.sc ?? (await connect(master));
    stop = () => session?.stop() ?? sc.stop();
  });

  for (const [name, property] of Object.entries(properties))
    test(`${name} (SEED=${seed})`, () =>
      fc.assert(property(sc), { seed, numRuns: master === 'local' ? runs : Math.ceil(runs / 3) }));

  test.after(() => stop());

  test.run();
}
