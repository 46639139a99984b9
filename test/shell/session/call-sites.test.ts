// Which line of the user's text errors, datasets and streams are told with: that of the call that made the dataset, wherever the action stands.
// time limit: 120 s
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { promptFolder, type Shell, withShell } from '../../helpers/prompt';
import { file, millrace } from '../../helpers/scripts';

/** For the first job of a file that is loaded while the machine has others to do. */
const limitMs = 30_000;

const local = ['--master', 'local[1]'];

/** Loads a file of these lines into the shell, and waits for an error that shows so. */
async function fails(shell: Shell, name: string, lines: readonly string[], shown: RegExp): Promise<void> {
  writeFileSync(path.join(promptFolder, name), `${lines.join('\n')}\n`);
  await shell.entry(`.load ${name}`, shown, limitMs);
}

const sides = ['const left = sc.range(0, 4, 1, 2)', 'const right = sc.range(0, 5, 1, 2)'];

test('errors of rows show the line of the operation that is at fault, and not that of the action', () =>
  withShell(async (shell) => {
    await fails(
      shell,
      'statements.ts',
      [...sides, 'const zipped = left.zip(right)', '', 'await zipped.count()'],
      /zip: partition 1 has 2[^\n]*\n at statements\.ts:3:21\n 3 │ const zipped = left\.zip\(right\)\n {3}│ {21}\^/,
    );
    await fails(
      shell,
      'one-of-several.ts',
      [
        ...sides,
        '{',
        '  const zipped = left',
        '    .zip(left)',
        '    .zip(right)',
        '    .zip(left)',
        '  await zipped.count()',
        '}',
      ],
      /one-of-several\.ts:6:6\n 6 │ {5}\.zip\(right\)/,
    );
    await fails(
      shell,
      'partitions.ts',
      [
        'const pairs = sc.range(4).map((x): [number, number] => [x, 1]).partitionBy(2)',
        'const placed = pairs',
        '  .mapValues((v) => v + 1)',
        '  .partitionBy({ numPartitions: 2, getPartition: () => 7 })',
        '  .mapValues((v) => v + 1)',
        'await placed.count()',
      ],
      /gave 7 for the key 0[^\n]*\n at partitions\.ts:4:4\n 4 │ {3}\.partitionBy/,
    );
    await fails(
      shell,
      'pairs.ts',
      [
        'const words = sc.parallelize<any>(["a"], 1) as RDD<[string, number]>',
        'const all = sc.range(1)',
        '  .cartesian(words.groupByKey())',
        'await all.count()',
      ],
      /groupByKey needs pairs[^\n]*\n at pairs\.ts:3:20\n/,
    );
    await fails(
      shell,
      'file.ts',
      ['const lines = sc.textFile("nowhere.txt")', 'const long = lines.filter((l) => l.length > 9)', 'await long.count()'],
      /There is nothing at nowhere\.txt[^\n]*\n at file\.ts:1:18\n 1 │ const lines/,
    );
    await fails(
      shell,
      'native.ts',
      ['const parsed = sc.parallelize(["{"], 1)', '  .map(JSON.parse as (t: string) => number)', 'await parsed.count()'],
      /SyntaxError[^\n]*\n in map at native\.ts:2:4\n 2 │ {3}\.map\(JSON\.parse/,
    );
    await shell.entry('sc.range(4).count()', /= 4/);
  }));

test('at the prompt the line of an earlier entry is shown, that of a function in one, and of a call in one line with the action', () =>
  withShell(async (shell) => {
    await shell.entry(sides.join('; '), />/);
    await shell.entry('const zipped = left.zip(right)', />/);
    await shell.entry(
      'zipped.count()',
      /zip: partition 1 has 2[^\n]*\n at <input 2>:1:21\n 1 │ const zipped = left\.zip\(right\)\n/,
    );
    await shell.entry('const joined = (a: RDD<number>) => a.zip(right)', />/);
    await shell.entry('const one = left.map(x => x); const two = joined(one); two.count()', /<input 4>:1:38\n 1 │ const joined/);
    const line = 'const three = left.zip(right); three.count()';
    await shell.entry(line, /2 elements[^\n]*\n 1 │ const three = left\.zip\(right\); three\.count\(\)\n {3}│ {20}\^/);
    await shell.entry('left.cache(); left.count()', /= 4/);
    await shell.entry('.datasets', /left {2}range\[0\][^\n]* ← const left = sc\.range\(0, 4/);
    await shell.entry('.explain zipped', / {2}\(2\) zip\[\d+\] at <input 2>:1$/m);
  }));

test('toDebugString and explain tell the line of each dataset; a stream that of its call, and so do the datasets of its batches', async () => {
  const script = [
    'const xs = sc.range(0, 4, 1, 2)',
    '{',
    '  const ys = xs',
    '    .map((x) => x + 1)',
    '  console.log(ys.toDebugString())',
    '  console.log(ys.explain())',
    '}',
    'const many = () => Array.from({ length: 1000 }, () => sc.range(1))',
    '{',
    '  many()',
    '  console.log("beyond", sc.range(1).toDebugString())',
    '  console.log("after a job", await xs.count(), sc.range(1).toDebugString())',
    '}',
    "const ssc = stream('50ms')",
    'const numbers = ssc.generatorStream(100, (i) => i)',
    'const doubled = numbers',
    '  .map((x) => x * 2)',
    '  .transform((rdd) => rdd',
    '    .filter((x) => x > 0))',
    'console.log(doubled.toDebugString())',
    'await new Promise<void>((done) => {',
    '  doubled.foreachRDD((rdd) => { console.log(rdd.toDebugString()); done() })',
    '  ssc.start()',
    '})',
    'await ssc.stop()',
  ];
  const { status, out, err } = await millrace([...local, file('told.ts', script.join('\n'))]);
  assert.is(status, 0, err);
  const lines = ['(2) map[1] at told.ts:4', ' (2) range[0] at told.ts:1'];
  assert.is(out.split('\n').slice(0, 2).join('\n'), lines.join('\n'));
  for (const line of lines) assert.ok(out.includes(`\n  ${line.trim()}\n`), out);
  assert.match(out, /^beyond \(\d+\) range\[1002\]$/m, 'a loop that makes many does not pay for all of them');
  assert.match(out, /^after a job 4 \(\d+\) range\[1003\] at told\.ts:12$/m);
  assert.match(out, /^transform#2 every 50ms at told\.ts:18\nmap#1 every 50ms at told\.ts:17\n/m);
  assert.match(out, /^\(\d+\) filter\[\d+\] at told\.ts:19\n \(\d+\) map\[\d+\] at told\.ts:17$/m);
});

test.run();
