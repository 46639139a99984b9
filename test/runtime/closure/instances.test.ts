// Rows that are instances of the user's classes keep their class on the way to executors, between them and back.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Context } from '../../../runtime/index';

class Point {
  #secret = 1;
  readonly x: number;
  readonly y: number;

  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
    this.#secret = x * 100;
  }

  plus(other: Point): Point {
    return new Point(this.x + other.x, this.y + other.y);
  }

  get secret(): number {
    return this.#secret;
  }
}

class Marked extends Point {
  mark = 'm';
}

class Reading extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

for (const master of ['local', 'local[2]']) {
  const test = suite(`instances: ${master}`);
  let sc: Context;

  test.before(async () => {
    sc = await connect(master);
  });

  test('made by a closure, back in the session', async () => {
    const rows = await sc
      .range(0, 6, 1, 3)
      .map((n) => new Point(n, 1))
      .collect();
    assert.ok(rows.every((p) => p instanceof Point));
    assert.equal(
      rows.map((p) => [p.x, p.y, p.secret]),
      [0, 1, 2, 3, 4, 5].map((n) => [n, 1, n * 100]),
    );
    assert.is(rows[1].plus(rows[2]).x, 3);
  });

  test('given by the session to closures that never saw the class', async () => {
    const points = sc.parallelize([new Point(1, 2), new Marked(3, 4)], 2);
    assert.equal(await points.map((p) => [p.secret, p.plus(p).x]).collect(), [
      [100, 2],
      [300, 6],
    ]);
    const [first, second] = await points.collect();
    assert.is(Object.getPrototypeOf(first), Point.prototype);
    assert.is(Object.getPrototypeOf(second), Marked.prototype);
    assert.is((second as Marked).mark, 'm');
  });

  test('through a shuffle to a stage whose closures never saw the class', async () => {
    const sums = await sc
      .range(0, 20, 1, 4)
      .map((n) => [n % 3, new Point(n, n % 2 === 0 ? 1 : 0)] as [number, Point])
      .reduceByKey((a, b) => a.plus(b), 3)
      .mapValues((p) => [p.x, p.y, p.secret])
      .collect();
    assert.equal(
      sums.sort(([a], [b]) => a - b),
      [
        [0, [63, 4, 6300]],
        [1, [70, 3, 7000]],
        [2, [57, 3, 5700]],
      ],
    );
  });

  test('broadcast, and as the zero of an aggregate', async () => {
    const origin = sc.broadcast(new Point(7, 7));
    assert.equal(
      await sc
        .parallelize([1], 1)
        .map((n) => origin.value.plus(new Point(n, n)).x)
        .collect(),
      [8],
    );
    const sum = await sc.parallelize([new Point(1, 1), new Point(2, 2)], 2).aggregate(
      new Point(0, 0),
      (a, p) => a.plus(p),
      (a, b) => a.plus(b),
    );
    assert.ok(sum instanceof Point);
    assert.equal([sum.x, sum.secret], [3, 300]);
  });

  test('an error of a class of the user', async () => {
    const [error] = await sc
      .parallelize([5], 1)
      .map((n) => new Reading('bad reading', n))
      .collect();
    assert.ok(error instanceof Reading);
    assert.equal([error.message, error.at], ['bad reading', 5]);
  });

  test('accumulators in methods count in every task', async () => {
    const seen = sc.longAccumulator();
    class Counter {
      count(n: number): number {
        seen.add(1);
        return n;
      }
    }
    const rows = sc.range(0, 10, 1, 5).map((n) => new Counter().count(n));
    assert.is(await rows.count(), 10);
    assert.is(seen.value, 10);
    assert.is(await rows.count(), 10);
    assert.is(seen.value, 20);
  });

  test('what has a state of its own is refused', async () => {
    class Table extends Map<string, number> {}
    class List extends Array<number> {}
    const makers: (() => object)[] = [() => new Table(), () => new List()];
    for (const f of makers) {
      try {
        await sc.parallelize([1], 1).map(f).collect();
        assert.unreachable();
      } catch (error) {
        assert.is((error as { code: string }).code, 'UNSHIPPABLE_VALUE');
      }
    }
  });

  test.after(() => sc.stop());
  test.run();
}
