// The capture cases of test/runtime/closure/closure-cases through the engine: each gives the same on an executor as in the session.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import type { Context } from '../../../runtime/index';
import { decode, encode } from '../../../runtime/wire/codec';
import { watchLeaks } from '../../helpers/leaks';
import { masterOf } from '../../helpers/master';
import { within } from '../../helpers/within';
import { loadInstrumented, show } from '../../runtime/closure/closure-cases/harness';
import type { Case, Cases } from '../../runtime/closure/closure-cases/types';

const folder = `${__dirname}/../../runtime/closure/closure-cases`;
const files = ['scopes', 'functions', 'classes', 'modules', 'traps'];

const test = suite('closures');
let sc: Context;
let ran = 0;

let leaks: ReturnType<typeof watchLeaks>;

test.before(async () => {
  leaks = watchLeaks();
  sc = await connect(masterOf('local[1]'));
});

/** A result after encoding and decoding; undefined if it is no data. */
function travelled(value: unknown): string | undefined {
  try {
    return show(decode(encode(value)));
  } catch {
    return undefined;
  }
}

async function check({ f, args = [], refused, remotely }: Case): Promise<void> {
  const make = () => sc.parallelize([0], 1).map(() => f(...args));
  if (refused) {
    let message = 'it was not refused';
    try {
      await within(60_000, make().collect(), 'the job');
    } catch (error) {
      message = (error as Error).message;
    }
    // Here another function has captured the function of the case.
    assert.match(message.replace('captured f → ', ''), refused);
    return;
  }
  const rdd = make();
  const result: unknown = f(...args);
  const local = result instanceof Promise ? undefined : travelled(result);
  if (local === undefined) return;
  assert.equal((await within(60_000, rdd.collect(), 'the job')).map(show), [remotely ?? local]);
  ran++;
}

for (const file of files) {
  const { cases } = loadInstrumented(folder, `${file}.ts`) as { cases: Cases };
  for (const [name, make] of Object.entries(cases)) test(`${file}: ${name}`, async () => check(await make()));
}

test('most cases have data as their result', () => {
  assert.ok(ran >= 45, `${ran}`);
});

test('leaves nothing behind', async () => {
  await sc.stop();
  await leaks.check();
});

test.run();
