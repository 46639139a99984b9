// Each capture case gives the same in this process and in another one that revives it; or is refused, or warned about, as it says.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Capture, capture } from '../../../runtime/closure';
import { loadInstrumented, options, Remote, show } from './closure-cases/harness';
import type { Case, Cases } from './closure-cases/types';

const remote = new Remote();
const folder = `${__dirname}/closure-cases`;
const files = ['scopes', 'functions', 'classes', 'modules', 'traps', 'weak'];
const expectedCases = 89;

async function check(made: Case): Promise<void> {
  if (made.refused) {
    assert.throws(
      () => capture(made.f, options),
      (error: Error) => made.refused?.test(error.message),
    );
    return;
  }
  const captured: Capture = capture(made.f, options);
  // Captured before the local call, which may change what was captured.
  const local = show(await made.f(...(made.args ?? [])));
  const answer = await remote.call(captured, made.args);
  if (!answer.ok) throw new Error(answer.error);
  assert.is(answer.shown, made.remotely ?? local);
  if (made.warns) {
    assert.equal(
      captured.warnings.map((w) => `${w.kind} ${w.name}`),
      made.warns,
    );
  }
}

let cases = 0;
for (const file of files) {
  const { cases: found } = loadInstrumented(folder, `${file}.ts`) as { cases: Cases };
  for (const [name, make] of Object.entries(found)) {
    cases++;
    test(`${file}: ${name}`, async () => check(await make()));
  }
}

test('no case was lost', () => {
  assert.is(cases, expectedCases);
});

test.after(() => remote.stop());

test.run();
