// The picture at the head of compile.ts: the text of one small stage, as it is emitted.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
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

test.run();
