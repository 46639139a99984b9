// What the user hears of child processes: why they ended, and how much of their output was left out, each by its kind.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { exitReason } from '../../../cluster/base/exit-codes';
import { outputLinesPerSecond } from '../../../cluster/base/limits';
import { LineReader } from '../../../cluster/base/output-lines';

const heap = ['FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory'];

test('an executor without memory gets an option of executors as the remedy, a receiver its own', () => {
  assert.match(exitReason('executor', null, 'SIGABRT', heap), /^it ran out of memory; raise executorMemory/);
  assert.match(exitReason('receiver', null, 'SIGABRT', heap), /^it ran out of memory; store what the receiver reads/);
  assert.not.match(exitReason('receiver', null, 'SIGABRT', heap), /executor|partition/);
});

for (const [kind, told] of [
  ['executor', /^… 7 more lines of an executor were dropped$/],
  ['receiver', /^… 7 more lines of a receiver were dropped$/],
] as const) {
  test(`lines beyond the limit of ${kind}s are counted under their name`, () => {
    const lines: string[] = [];
    const reader = new LineReader(kind, 'stdout', (line) => lines.push(line));
    // All of one chunk falls into one second, or into two: the second one would let more lines pass.
    const second = Math.floor(performance.now() / 1000);
    reader.push(Buffer.from('x\n'.repeat(outputLinesPerSecond + 7)));
    reader.end();
    if (Math.floor(performance.now() / 1000) === second) assert.match(lines.at(-1)!, told);
    assert.is(
      lines.filter((line) => line === 'x').length + Number(/… (\d+)/.exec(lines.at(-1)!)?.[1] ?? 0),
      outputLinesPerSecond + 7,
    );
  });
}

test.run();
