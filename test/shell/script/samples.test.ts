// Every sample runs as a script, and in the shell by .load, and says what it should.
// time limit: 300 s
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const run = promisify(execFile);
const root = join(__dirname, '../../..');
const program = join(root, 'dist/millrace.js');

/** What the output of each sample must hold: computed by hand or by another program from the bundled data. */
const expected: Record<string, readonly RegExp[]> = {
  'word-count.ts': [/^\d+ distinct words/, /^ +\d+ {2}the$/m],
  'file-search.ts': [/^136 of 1500 lines hold "ERROR"/],
  'log-mining.ts': [/^136 errors$/m, /^\d+ of them from mysql$/m, /worst hour: \[ '\d\d', \d+ \]/],
  'estimating-pi.ts': [/^pi is about 3\.1[34]/],
  'logistic-regression.ts': [/^w = \[.*\]$/m, /^\d+\.\d % of 20000 points are on the right side$/m],
  'k-means.ts': [/^center \(-?0\.\d+, -?0\.\d+\)$/m, /^center \(5\.\d+, 9\.\d+\)|center \(4\.9\d+, \d+\.\d+\)$/m],
  'pagerank.ts': [/^\d+\.\d{3} {2}index$/m],
  'join.ts': [/unknown$/m, /Norway$/m],
  'map-reduce.ts': [
    /^mysql {3}2026-05-28 12:52:34$/m,
    /^web {5}2026-05-28 14:26:37$/m,
    /^\{ ERROR: 136, INFO: 1101, WARN: 263 \}$/m,
  ],
  'shortest-paths.ts': [/^from index, in 6 supersteps:$/m, /^ {2}0 {2}index$/m, /^ {2}2 {2}team$/m, /^ {2}4 {2}news$/m],
  'descendants.ts': [/^olav has 15 descendants, found in 6 rounds$/m, /^generation 4: gunnar hilde leif solveig$/m],
  'query.ts': [/^ {2}78 {2}Japan: contact, about\n {2}72 {2}Chile: jobs, blog\n/],
  'custom-rdd.ts': [/^6171 takes 261 steps to 1/],
  'network-word-count.ts': [/^-- \d\d:\d\d:\d\d(\.500)? counts\n\["the", 1348\]\n\["pond", 391\]$/m, /^the time is over$/m],
  'top-hashtags.ts': [/^-- \S+ hashtags of the last 2s\n\["#wheels", \d+\]\n\["#mills", \d+\]\n\["#rivers", \d+\]\n…$/m],
  'recovery-drill.ts': [/^went on: every number was counted once$/m, /nothing is missing, nothing is doubled$/m],
  'running-totals.ts': [/^north 10, south 4\nnorth 15, south 4\nnorth 15, south 10, west 1$/m],
  'now-against-before.ts': [/change in % against 2s ago: no rows$/m, /^\["\/news", \d+\]$/m, /^\["\/home", -\d+\]$/m],
  'file-stream.ts': [/^\{ ERROR: 31, INFO: 220, WARN: 49 \}\n[\s\S]*\{ ERROR: 23, INFO: 217, WARN: 60 \}$/m],
  'tour.ts': [/^1\. pond\.txt: 600 lines/m, /^2\. \d+ words/m, /^3\. pi is about 3\.1/m],
};

test('every sample has a case here, and is at most 40 lines', () => {
  const samples = readdirSync(join(root, 'samples')).filter((name) => name.endsWith('.ts'));
  assert.equal(samples.sort(), Object.keys(expected).sort());
});

for (const [name, patterns] of Object.entries(expected)) {
  test(`${name} as a script`, async () => {
    const { stdout, stderr } = await run(process.execPath, [program, '--master', 'local[2]', join('samples', name)], {
      cwd: root,
    });
    const told = /^(\((socketTextStream#0: connected to 127\.0\.0\.1:\d+|resumes after the batch of .*)\)\n)?$/;
    assert.match(stderr, told, 'nothing but what a stream tells');
    for (const pattern of patterns) assert.match(stdout, pattern);
  });
}

test('a sample is found from another folder, and gets its arguments', async () => {
  const sample = join(root, 'samples/word-count.ts');
  const { stdout } = await run(process.execPath, [program, '--master', 'local', sample, join(root, 'samples/data/users.csv')], {
    cwd: '/',
  });
  assert.match(stdout, /^\d+ distinct words/);
});

test.run();
