// Idioms of Spark's guides and books, without annotations: each is well typed as at the prompt, and gives the right answer.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { type Context, StateSpec, StreamCheck } from '../../../runtime/index';
import { packageRoot } from '../../../shell/base/package-root';
import { Evaluator } from '../../../shell/evaluate/evaluate';
import { promptNames } from '../../../shell/types/entry-names';
import { typeFiles } from '../../../shell/types/files';
import { TypeServiceCore } from '../../../shell/types/service';
import { userFolder } from '../../helpers/entries';
import { idioms } from '../../helpers/spark-idioms';
import { within } from '../../helpers/within';

const test = suite('idioms of Spark');
const { folder } = userFolder();
const names = [...promptNames, { name: 'folder', type: 'string' }];
const types = new TypeServiceCore({ ...typeFiles(packageRoot()), cwd: folder, promptNames: names });
let sc: Context;
let evaluator: Evaluator;

test.before(async () => {
  sc = await connect('local');
  evaluator = new Evaluator({ cwd: folder, globals: { sc, StateSpec, check: new StreamCheck(sc), folder } });
});

/** Types a text as under .load: checked as a whole, run by statements. The value of its last one. */
async function load(text: string): Promise<unknown> {
  const compiled = types.compileScript(text, { label: 'idiom.ts', folder, firstLine: 1 }, { answers: true });
  if (compiled.status === 'error') throw new Error(`${text}: ${compiled.diagnostics.map(({ message }) => message).join('; ')}`);
  let last: unknown;
  for (const cell of compiled.cells) {
    const evaluation = await within(10_000, evaluator.run(cell), text);
    if (evaluation.status !== 'ok') throw evaluation.status === 'threw' ? evaluation.error : new Error(evaluation.status);
    last = evaluation.value;
  }
  types.commitScript(compiled.cells.map(({ id }) => ({ cellId: id })));
  return last;
}

const plain = (value: unknown) => (value instanceof Map ? [...value].sort() : value);

for (const { from, text, is } of idioms) {
  test(from, async () => {
    assert.equal(plain(await load(text)), is);
  });
}

test('there are fifty and more', () => {
  assert.ok(idioms.length >= 50);
});

test.after(() => sc.stop());

test.run();
