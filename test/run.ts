// Runs every test file as a process of its own, within a time limit, and ends with `N passed, N failed`.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { globSync } from 'tinyglobby';
import { connectorFiles } from './helpers/connector-part';
import { instrumented } from './helpers/preload';
import { isLong, isOwn, missingForSpark, type SparkFile, sparkFiles, startSharedCluster } from './helpers/spark-part';
import type { Standalone } from './helpers/standalone';
import { until, within } from './helpers/within';

const root = join(__dirname, '..');
const defaultLimitSeconds = 120;
/** What `npm run test:long` gives a file more time by. */
const longFactor = 15;
/** Processes that a file leaves may take this long to end by themselves. */
const settleMs = 3_000;
/** Most files wait now and then, for a process or a clock: three keep two cores busy. */
const atATime = 3;
/** Files that measure time, count on the pace of executors, or fill a disk: one at a time, in a lane of their own beside the others. */
const singly =
  /^test\/cluster\/(streams\/|driver\/pool-(cancel|loss)|jobs\/(chaos|full-disk|large-shuffle|levelling|many-jobs|memory|phases|recovery)|receivers\/receivers-executors)/;
/** Suites on Apache Spark: each starts a JVM, and more processes with it. */
const atATimeOnSpark = 2;
/** Files that take longest, first: none of them is left for the end, when nothing runs beside it. */
const longest = [
  'shell/script/repl-script',
  'shell/script/samples',
  'shell/terminal/interrupts',
  'docs/examples',
  'property/programs',
  'shell/session/streams',
  'shell/repl/repl',
  'shell/script/scripts',
  'shell/repl/commands',
  'shell/script/streams-script',
  'shell/types/types-client',
  'cluster/ui/pages',
];
const maxOutput = 200_000;

interface Result {
  /** The file, and its master if it is not the file's own. */
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
  readonly output: string;
  /** What is wrong with the run as a whole: too slow, died, ran nothing, left processes. */
  readonly complaint?: string;
}

const running = new Set<ChildProcess>();
/** The cluster of Spark that suites share. */
let cluster: Standalone | undefined;

/** A file sets its own limit by a comment `// time limit: 300 s` in its first lines. */
function limitOf(file: string): number {
  const head = readFileSync(join(root, file), 'utf8').slice(0, 1_000);
  const match = /^\/\/ time limit: (\d+) s/m.exec(head);
  const seconds = match ? Number(match[1]) : defaultLimitSeconds;
  return isLong() ? seconds * longFactor : seconds;
}

/** Ends the file's process with all that it started; a group that is gone already is fine. */
function endGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // Nothing of the group is left.
  }
}

function groupLives(child: ChildProcess): boolean {
  try {
    process.kill(-child.pid!, 0);
    return true;
  } catch {
    return false;
  }
}

async function groupEnds(child: ChildProcess): Promise<boolean> {
  try {
    await until(settleMs, () => !groupLives(child), 'the end of its processes');
    return true;
  } catch {
    endGroup(child);
    return false;
  }
}

async function run({ file, master }: SparkFile): Promise<Result> {
  const started = performance.now();
  const args = [...instrumented, file];
  // A group of its own, so that a file that hangs is ended with everything it started.
  const child = spawn(process.execPath, args, {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, FORCE_COLOR: '0', ...(master !== undefined && { MILLRACE_TEST_MASTER: master }) },
  });
  running.add(child);
  let output = '';
  const keep = (text: string) => {
    if (output.length < maxOutput) output += text;
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const closed = new Promise((resolve) => child.once('close', resolve));
  let late = false;
  const limit = limitOf(file);
  const timer = setTimeout(() => {
    late = true;
    endGroup(child);
  }, limit * 1_000);
  const ending = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(code === 0 ? '' : signal ? `was ended by ${signal}` : `ended with ${code}`));
  });
  clearTimeout(timer);
  const clean = await groupEnds(child);
  // A process outside of the group could hold the pipe open; what it writes is no part of the result.
  await within(settleMs, closed, 'the end of its output').catch(() => child.stdout.destroy());
  running.delete(child);
  const counts = totals(output);
  const complaint = complaintOf({ late, limit, ending, clean, ...counts });
  return {
    name: master === undefined ? file : `${file} on ${master}`,
    ...counts,
    failed: Math.max(counts.failed, complaint ? 1 : 0),
    seconds: (performance.now() - started) / 1_000,
    output,
    complaint,
  };
}

/** Where a file stands in the line. */
function placeOf(file: string): number {
  const place = longest.findIndex((name) => file === `test/${name}.test.ts`);
  return place < 0 ? longest.length : place;
}

/** The sums of uvu's totals: a file has one, or several if it runs other files. */
function totals(output: string): { passed: number; failed: number } {
  const sum = (name: string) =>
    [...output.matchAll(new RegExp(`^ {2}${name}:\\s+(\\d+)$`, 'gm'))].reduce((total, [, count]) => total + Number(count), 0);
  const passed = sum('Passed');
  return { passed, failed: sum('Total') - passed };
}

interface Ending {
  readonly late: boolean;
  readonly limit: number;
  readonly ending: string;
  readonly clean: boolean;
  readonly passed: number;
  readonly failed: number;
}

function complaintOf({ late, limit, ending, clean, passed, failed }: Ending): string | undefined {
  if (late) return `was not done after ${limit} s`;
  if (passed + failed === 0) return `ran no test${ending ? ` and ${ending}` : ''}`;
  if (failed === 0 && ending) return ending;
  return clean ? undefined : 'left processes running';
}

function report(result: Result): void {
  const good = result.failed === 0;
  const counts = `${result.passed} passed${good ? '' : `, ${result.failed} failed`}`;
  const complaint = result.complaint ? `: ${result.complaint}` : '';
  console.log(`${good ? 'ok  ' : 'FAIL'} ${result.name}  ${counts}, ${result.seconds.toFixed(1)} s${complaint}`);
  if (!good) console.log(result.output.trimEnd().replace(/^/gm, '     '));
}

/** Once more at the end, where it is seen however long and cut the output is: which tests, and what each says first. */
function tellFailure({ name: file, output, complaint }: Result): void {
  console.log(`failed: ${file}${complaint ? `: ${complaint}` : ''}`);
  for (const [, name, message] of output.matchAll(/^\s*FAIL\s+(".*")\n(.*)$/gm)) console.log(`  ${name}: ${message.trim()}`);
}

/** Runs the files `width` at a time, and tells each as it ends. One more lane takes those of `single`, and then helps with the rest. */
async function runAll(files: readonly SparkFile[], width: number, single: readonly SparkFile[] = []): Promise<Result[]> {
  const waiting = [...files];
  const results: Result[] = [];
  const lane = async (own: SparkFile[]) => {
    for (let file = own.shift() ?? waiting.shift(); file !== undefined; file = own.shift() ?? waiting.shift()) {
      const result = await run(file);
      report(result);
      results.push(result);
    }
  };
  const lanes = Array.from({ length: width }, () => lane([]));
  if (single.length > 0) lanes.push(lane([...single]));
  await Promise.all(lanes);
  return results;
}

/** On masters of Spark: `spark-local[2]`, and at the long size a cluster as well; MILLRACE_TEST_MASTER names another one. */
async function runOnSpark(files: readonly string[], whole: boolean): Promise<Result[]> {
  const missing = missingForSpark();
  if (missing !== undefined) {
    console.log(`Not run on Apache Spark: ${missing}`);
    return [];
  }
  const asked = process.env.MILLRACE_TEST_MASTER;
  const results = await runAll(sparkFiles(files, asked ?? 'spark-local[2]', whole), atATimeOnSpark);
  if (asked !== undefined || !isLong()) return results;
  cluster = await startSharedCluster();
  const { master } = cluster;
  results.push(
    ...(await runAll(
      sparkFiles(
        files.filter((file) => !isOwn(file)),
        master,
        whole,
      ),
      atATimeOnSpark,
    )),
  );
  await cluster.stop();
  return results;
}

async function main(): Promise<void> {
  const filters = process.argv.slice(2).filter((word) => !word.startsWith('--'));
  const onSpark = process.argv.includes('--spark');
  // Inherited by the process of each file; a variable before the command would not work in every shell.
  if (process.argv.includes('--long')) process.env.MILLRACE_LONG = '1';
  const found = globSync('test/**/*.test.ts', { cwd: root })
    .map((file) => relative('.', file))
    // They start servers of others, which have a run of their own.
    .filter((file) => file.startsWith('test/connectors/') === process.argv.includes('--connectors'))
    .sort((a, b) => placeOf(a) - placeOf(b) || (a < b ? -1 : 1));
  const asked = found.filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)));
  const isShort = process.argv.includes('--short');
  const { files: started, leftOut } = process.argv.includes('--connectors')
    ? connectorFiles(asked, !isShort)
    : { files: asked, leftOut: [] };
  for (const reason of leftOut) console.log(reason);
  const files = onSpark ? [] : started.filter((file) => !isOwn(file)).map((file) => ({ file }));
  const results = await runAll(
    files.filter(({ file }) => !singly.test(file)),
    atATime,
    files.filter(({ file }) => singly.test(file)),
  );
  if (onSpark) results.push(...(await runOnSpark(asked, !isShort)));
  const sum = (count: (result: Result) => number) => results.reduce((total, result) => total + count(result), 0);
  const failed = sum((result) => result.failed);
  const passed = sum((result) => result.passed);
  // A filter that matches nothing must not look like success.
  const nothing = results.length === 0 && leftOut.length === 0 ? 1 : 0;
  if (nothing) console.log(`no test file ran${filters.length > 0 ? ` of those that match ${filters.join(' ')}` : ''}`);
  for (const result of results.filter((result) => result.failed > 0)) tellFailure(result);
  console.log(`${passed} passed, ${failed + nothing} failed`);
  process.exitCode = failed + nothing > 0 ? 1 : 0;
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => {
    for (const child of running) endGroup(child);
    void (cluster?.stop() ?? Promise.resolve()).finally(() => process.exit(code));
  });
}

main();
