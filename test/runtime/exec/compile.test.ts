// Compiled stages: the picture at the head of compile.ts, and iterables that are taken an element at a time.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { compileStage } from '../../../runtime/exec/compile';
import type { FunctionRef } from '../../../runtime/plan/function-ref';
import type { Plan, Split } from '../../../runtime/plan/program';

const test = suite('compiled stages');
const closure = (index: number): FunctionRef => ({ kind: 'closure', index });

test('the comment of compile.ts shows the emitted text of textFile.map.filter.count', () => {
  const mapped: Plan = { op: 'map', template: 'call', name: 'map', f: closure(0), input: { op: 'text' } };
  const plan: Plan = { op: 'filter', name: 'filter', f: closure(1), input: mapped };
  const split: Split = { kind: 'text', index: 0, ranges: [] };
  const { run, functions } = compileStage(plan, { kind: 'count' }, split, '');
  const source = readFileSync(join(__dirname, '../../../runtime/exec/compile.ts'), 'utf8');
  const [picture] = /^function stage[\s\S]*?\n\n/m.exec(source)!;
  assert.is(run.toString(), picture.trimEnd());
  assert.equal(functions, [closure(1), closure(0)]);
});

test('an iterable may yield one object again and again: each step sees it as it was yielded', async () => {
  const sc = await connect('local');
  type Row = { v: number };
  const reusing = (each: number) =>
    function* (rows: Iterable<unknown>) {
      const row = { v: 0 };
      for (const _ of rows) {
        for (let i = 0; i < each; i++) {
          row.v++;
          yield row;
        }
      }
    };
  const values = function* (rows: Iterable<Row>) {
    for (const { v } of rows) yield v;
  };
  const numbers = sc.range(0, 40, 1, 2);
  const rows = numbers.mapPartitions(reusing(1));
  const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
  const twice = [...upTo(20), ...upTo(20)];
  assert.equal(await rows.map((o) => o.v).collect(), twice);
  assert.equal(await rows.mapPartitions(values).collect(), twice);
  assert.equal(
    await rows
      .filter((o) => o.v > 0)
      .mapPartitions(values)
      .collect(),
    twice,
  );
  assert.equal(await rows.union(rows).coalesce(1).mapPartitions(values).collect(), [...twice, ...twice]);
  assert.equal(
    await rows
      .coalesce(1)
      .map((o) => o.v)
      .collect(),
    twice,
  );
  assert.equal(
    await rows
      .zipPartitions(rows, function* (a: Iterable<Row>, b: Iterable<Row>) {
        const others = b[Symbol.iterator]();
        for (const { v } of a) yield [v, others.next().value.v];
      })
      .collect(),
    twice.map((v) => [v, v]),
  );
  const flat = sc.range(0, 2, 1, 1).flatMap((x) => reusing(3)([x]));
  assert.equal(await flat.map((o) => o.v).collect(), [...upTo(3), ...upTo(3)]);
  assert.equal(await flat.mapPartitions(values).collect(), [...upTo(3), ...upTo(3)]);
  assert.equal((await rows.pipe(['cat']).collect())[3], '{"v":4}');
  assert.is(await rows.map((o) => o.v).reduce((a, b) => a + b), 420);
  await sc.stop();
});

test.run();
