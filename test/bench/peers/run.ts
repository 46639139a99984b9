// `npm run bench:peers [-- --mb N --rounds N --minutes N work ...]`: the same works on Millrace and its peers in turn; medians and ratios.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { globSync } from 'tinyglobby';
import { findJava, findSpark } from '../../../cluster/spark/installed-spark';
import { MillraceError } from '../../../runtime/base/errors';
import { instrumented } from '../../helpers/preload';
import { type Answer, Peer, type PeerCommand } from './peer';
import { writeText } from './text';

const workNames = ['count', 'grep', 'wordcount', 'sum', 'sort', 'join', 'group', 'pagerank', 'logreg', 'tinyjobs'];
const [own, onSpark, pyspark, scala, duck] = ['millrace', 'millrace on spark', 'pyspark', 'spark scala', 'duckdb'];
/** Peers run each work on a tenth of the data before it is timed: code is compiled, processes are there. */
const warmUp = 0.1;
const readyMs = 120_000;
const runMs = 180_000;
/** What one work may still take when the time is nearly over. */
const longestMinutes = 1.5;
/** Results are sums of fractions in any order. */
const tolerance = 1e-6;

const ofNode = (name: string, file: string, ...args: string[]): PeerCommand => ({
  name,
  program: process.execPath,
  args: [...instrumented, join(__dirname, file), ...args],
});

/** Python with Spark's packages: that of the virtual environment in which Spark is, or the machine's own. */
function pythonOf(home: string): Omit<PeerCommand, 'name'> {
  const own = join(home, '..', '..', '..', '..', 'bin', 'python');
  const args = [join(__dirname, 'pyspark_works.py')];
  const submit = { PYSPARK_SUBMIT_ARGS: '--driver-memory 4g pyspark-shell' };
  if (existsSync(own)) return { program: own, args, env: { ...submit, PYSPARK_PYTHON: own } };
  const py4j = globSync('py4j-*.zip', { cwd: join(home, 'python', 'lib'), absolute: true });
  return { program: 'python3', args, env: { ...submit, PYTHONPATH: [join(home, 'python'), ...py4j].join(delimiter) } };
}

/** The peers on Spark; without one it is said why. */
function sparkPeers(folder: string): PeerCommand[] {
  try {
    const { home } = findSpark(undefined);
    const java = findJava();
    const env = { SPARK_HOME: home, JAVA_HOME: java.home, SPARK_LOCAL_IP: '127.0.0.1' };
    const submit = join(home, 'bin', 'spark-submit');
    const jar = join(folder, 'works.jar');
    const source = join(__dirname, 'ScalaWorks.scala');
    const compiler = ['-cp', join(home, 'jars', '*'), 'scala.tools.nsc.Main', '-usejavacp', '-d', jar, source];
    const { status, stderr, stdout } = spawnSync(join(java.home, 'bin', 'java'), compiler);
    if (status !== 0) throw new Error(`ScalaWorks.scala: ${stdout}${stderr}`);
    return [
      ofNode(onSpark, 'ours.ts', 'spark-local[2]'),
      { name: pyspark, ...pythonOf(home), env: { ...env, ...pythonOf(home).env } },
      { name: scala, program: submit, args: ['--driver-memory', '4g', '--class', 'ScalaWorks', jar], env },
    ];
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    console.log(`Without Spark: ${error.message} ${error.remedy}`);
    return [];
  }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];
const mean = (ratios: readonly number[]): number => Math.exp(ratios.reduce((sum, r) => sum + Math.log(r), 0) / ratios.length);

/** The medians of a work by peer. */
type Row = ReadonlyMap<string, number>;

/** How many times as fast as another peer one is, for the works that both have. */
function compare(rows: ReadonlyMap<string, Row>, one: string, other: string): void {
  const ratios = [...rows].flatMap(([work, row]): [string, number][] =>
    row.has(one) && row.has(other) ? [[work, row.get(other)! / row.get(one)!]] : [],
  );
  if (ratios.length === 0) return;
  const [worst, least] = ratios.reduce((a, b) => (b[1] < a[1] ? b : a));
  const shown = mean(ratios.map(([, ratio]) => ratio)).toFixed(2);
  console.log(
    `${one} against ${other}: ${shown} times as fast in geometric mean of ${ratios.length} works, least ${least.toFixed(2)} (${worst})`,
  );
}

function print(rows: ReadonlyMap<string, Row>, names: readonly string[]): void {
  const cell = (text: string) => text.padStart(19);
  console.log(['s'.padEnd(10), ...names.map(cell)].join(''));
  for (const [work, row] of rows) {
    const cells = names.map((name) => cell(row.has(name) ? row.get(name)!.toFixed(3) : '-'));
    console.log([work.padEnd(10), ...cells].join(''));
  }
}

/** The size of the works without a text, in hundredths: the numbers of all works are whole ones then, the warm-ups' too. */
const wholeScale = (mb: number): number => Math.max(1, Math.round(mb / 3)) / 100;

interface Measuring {
  readonly peers: readonly Peer[];
  readonly work: string;
  readonly texts: { readonly whole: string; readonly small: string };
  readonly scale: number;
  readonly rounds: number;
}

/** Runs one work on all peers in turn. Answers the medians, and complains where a result differs. */
async function measure({ peers, work, texts, scale, rounds }: Measuring): Promise<{ row: Row; isEqual: boolean }> {
  const answers = new Map<string, Answer[]>();
  for (const peer of peers) await peer.ask({ work, text: texts.small, scale: scale * warmUp }, runMs);
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers) {
      const answer = await peer.ask({ work, text: texts.whole, scale }, runMs);
      if (answer === undefined) console.log(`${work}: ${peer.name} failed, or took over ${runMs / 1000} s`);
      if (answer) answers.set(peer.name, [...(answers.get(peer.name) ?? []), answer]);
    }
  }
  const all = [...answers].flatMap(([name, found]) => found.map(({ result }): [string, number] => [name, result]));
  const [, expected] = all[0] ?? ['', 0];
  const others = all.filter(([, result]) => Math.abs(result - expected) > tolerance * Math.abs(expected));
  for (const [name, result] of others) console.log(`${work}: ${name} answers ${result}, ${all[0][0]} ${expected}`);
  const row = new Map([...answers].map(([name, found]) => [name, median(found.map(({ seconds }) => seconds))]));
  return { row, isEqual: others.length === 0 };
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      mb: { type: 'string', default: '300' },
      rounds: { type: 'string', default: '1' },
      minutes: { type: 'string', default: '12' },
    },
    allowPositionals: true,
  });
  const [mb, rounds, minutes] = [values.mb, values.rounds, values.minutes].map(Number);
  const wanted = positionals.length > 0 ? workNames.filter((name) => positionals.includes(name)) : workNames;
  const started = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'peers-'));
  const texts = { whole: join(folder, 'whole.txt'), small: join(folder, 'small.txt') };
  const peers: Peer[] = [];
  const end = () => {
    for (const peer of peers) peer.kill();
    rmSync(folder, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      end();
      process.exit(1);
    });
  try {
    writeText(texts.whole, mb);
    writeText(texts.small, mb * warmUp);
    const commands = [ofNode(own, 'ours.ts', 'local[2]'), ...sparkPeers(folder), ofNode(duck, 'duck.ts')];
    for (const command of commands) {
      const peer = new Peer(command);
      if (await peer.ready(readyMs)) peers.push(peer);
      else console.log(`${command.name} did not come up`);
    }
    const rows = new Map<string, Row>();
    let isEqual = true;
    for (const work of wanted) {
      if ((performance.now() - started) / 60_000 > minutes - longestMinutes) {
        console.log(`${work} and what follows it is left out: ${minutes} minutes would not be enough`);
        break;
      }
      const measured = await measure({ peers, work, texts, scale: wholeScale(mb), rounds });
      rows.set(work, measured.row);
      isEqual &&= measured.isEqual;
      console.log(JSON.stringify({ work, load: Number(loadavg()[0].toFixed(1)), ...Object.fromEntries(measured.row) }));
    }
    console.log('');
    print(
      rows,
      peers.map(({ name }) => name),
    );
    for (const other of [pyspark, scala, own]) compare(rows, onSpark, other);
    for (const other of [pyspark, scala, duck]) compare(rows, own, other);
    console.log(`${mb} MB, ${rounds} rounds, ${((performance.now() - started) / 60_000).toFixed(1)} minutes`);
    if (!isEqual) process.exitCode = 1;
  } finally {
    end();
  }
}

main().catch((error) => {
  process.stderr.write(`${error.stack ?? error}\n`);
  process.exitCode = 1;
});
