// `npm run bench:stream:peers [-- --records N --rate N --seconds N]`: a windowed word count on Millrace and on Spark's DStreams, and an executor killed.
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findJava, findSpark } from '../../../cluster/spark/installed-spark';
import { instrumented, typescript } from '../../helpers/preload';
import { startStandalone } from '../../helpers/standalone';
import type { SourceReport } from '../line-source';
import { streamKillOn } from '../stream-faults';
import { type Answer, Peer, type PeerCommand } from './peer';
import { writeText } from './text';

/** Seconds of the window; batches that fill it and compile the code, and batches that are timed. */
const [window, warm, timed] = [10, 15, 15];
const numbers = [window, warm, timed].map(String);
const readyMs = 120_000;
const runMs = 300_000;
/** Batches at the start of a stream over a socket that are not timed. */
const settling = 12;

interface StreamAnswer extends Answer {
  readonly batches?: readonly (readonly [records: number, endedAt: number])[];
}

function commands(folder: string): PeerCommand[] {
  const { home } = findSpark(undefined);
  const java = findJava();
  const jar = join(folder, 'streams.jar');
  const source = join(__dirname, 'ScalaStreams.scala');
  const compiler = ['-cp', join(home, 'jars', '*'), 'scala.tools.nsc.Main', '-usejavacp', '-nowarn', '-d', jar, source];
  const { status, stderr, stdout } = spawnSync(join(java.home, 'bin', 'java'), compiler);
  if (status !== 0) throw new Error(`ScalaStreams.scala: ${stdout}${stderr}`);
  const env = { SPARK_HOME: home, JAVA_HOME: java.home, SPARK_LOCAL_IP: '127.0.0.1' };
  const args = ['--driver-memory', '4g', '--class', 'ScalaStreams', jar, ...numbers];
  const ours = (name: string, master: string) => ({
    name,
    program: process.execPath,
    args: [...instrumented, join(__dirname, 'our-streams.ts'), master, ...numbers],
  });
  return [
    ours('spark-local[2]', 'spark-local[2]'),
    { name: 'DStreams', program: join(home, 'bin', 'spark-submit'), args, env },
    ours('local[2]', 'local[2]'),
  ];
}

/** Milliseconds from the sending of a portion to the end of its batch, of portions of batches that are timed. */
function latencies({ sent }: SourceReport, batches: NonNullable<StreamAnswer['batches']>): number[] {
  const out: number[] = [];
  let [at, visible] = [0, 0];
  for (const [i, [records, endedAt]] of batches.entries()) {
    visible += records;
    for (; at < sent.length && sent[at][1] <= visible; at++) if (i >= settling) out.push(endedAt - sent[at][0]);
  }
  return out.sort((a, b) => a - b);
}

const told = <T>(source: ChildProcess, name: string): Promise<T> =>
  new Promise((resolve) => {
    const hear = (message: Record<string, T>) => {
      if (!(name in message)) return;
      source.off('message', hear as never);
      resolve(message[name]);
    };
    source.on('message', hear as never);
  });

async function latencyOf(
  peer: Peer,
  data: string,
  perSecond: number,
  seconds: number,
): Promise<Record<string, unknown> | undefined> {
  const source = fork(join(__dirname, '..', 'line-source.ts'), { execArgv: [...typescript] });
  try {
    const port = told<number>(source, 'port');
    const report = told<SourceReport>(source, 'report');
    source.send({ data, perSecond, seconds: seconds + 3 });
    const asked = { work: 'latency', text: `127.0.0.1:${await port}`, scale: seconds };
    const answer = (await peer.ask(asked, runMs)) as StreamAnswer | undefined;
    if (!answer?.batches) return undefined;
    const all = latencies(await report, answer.batches);
    return {
      meanMs: Math.round(all.reduce((sum, ms) => sum + ms, 0) / all.length),
      p99Ms: all[Math.floor(all.length * 0.99)],
      portions: all.length,
    };
  } finally {
    source.kill();
  }
}

/** An executor of a standalone cluster of two is killed with a task of a batch, three times. */
async function kill(folder: string, lines: number): Promise<Record<string, unknown>> {
  const cluster = await startStandalone(2, 1);
  try {
    const spark = { conf: { 'spark.executor.memory': '512m' } };
    return await streamKillOn(folder, { master: cluster.master, spark, lines, pids: () => cluster.executorPids() });
  } finally {
    await cluster.stop();
  }
}

async function main(): Promise<void> {
  const options = { records: { type: 'string', default: '100000' }, rate: { type: 'string', default: '50000' } } as const;
  const more = { seconds: { type: 'string', default: '30' }, lines: { type: 'string', default: '20000' } } as const;
  const { values, positionals } = parseArgs({ options: { ...options, ...more }, allowPositionals: true });
  const [records, rate, seconds, lines] = [values.records, values.rate, values.seconds, values.lines].map(Number);
  const isWanted = (part: string) => positionals.length === 0 || positionals.includes(part);
  const say = (figures: Record<string, unknown>) =>
    console.log(JSON.stringify({ ...figures, load: Number(loadavg()[0].toFixed(1)) }));
  const folder = mkdtempSync(join(tmpdir(), 'stream-peers-'));
  const text = join(folder, 'text.txt');
  const peers: Peer[] = [];
  try {
    writeText(text, Math.ceil(records / 10_000));
    if (isWanted('throughput') || isWanted('latency')) {
      for (const command of commands(folder)) {
        const peer = new Peer(command);
        if (await peer.ready(readyMs)) peers.push(peer);
        else console.log(`${command.name} did not come up`);
      }
    }
    const found = new Map<string, number>();
    const results = new Set<number>();
    for (const peer of isWanted('throughput') ? peers : []) {
      const answer = await peer.ask({ work: 'throughput', text, scale: records }, runMs);
      if (!answer) continue;
      found.set(peer.name, records / answer.seconds);
      results.add(answer.result);
      say({
        work: 'throughput',
        peer: peer.name,
        recordsPerSecond: Math.round(records / answer.seconds),
        batchSeconds: answer.seconds,
      });
    }
    const [ours, theirs] = [found.get('spark-local[2]'), found.get('DStreams')];
    if (ours && theirs) console.log(`spark-local[2] against DStreams: ${(ours / theirs).toFixed(2)} times the records a second`);
    for (const peer of isWanted('latency') ? peers : [])
      say({ work: 'latency', peer: peer.name, rate, ...(await latencyOf(peer, text, rate, seconds)) });
    for (const peer of peers.splice(0)) peer.kill();
    if (isWanted('kill')) say({ work: 'kill', lines, ...(await kill(folder, lines)) });
    if (results.size > 1) {
      console.log(`The peers answer ${[...results].join(' and ')} words.`);
      process.exitCode = 1;
    }
  } finally {
    for (const peer of peers) peer.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error) => {
  process.stderr.write(`${error.stack ?? error}\n`);
  process.exitCode = 1;
});
