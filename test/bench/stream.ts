// `npm run bench:stream -- --data FILE [grep|window] [--rate N] [--seconds N] [--interval 1s]`: a stream through a real TCP socket, its latency and its cost.
import { fork } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connect } from '../../cluster/connect';
import { type BatchInfo, type DStream, StreamingContext } from '../../runtime/index';
import { typescript } from '../helpers/preload';
import type { SourceOrder, SourceReport } from './line-source';
import { wordCounts } from './streaming';

const defaultRates: Readonly<Record<string, number>> = { grep: 800_000, window: 400_000 };
const ticksPerSecond = 100;

type Result = (lines: DStream<string>) => void;

/** Each result is fetched to the session: it is visible when the output is done. */
const works: Readonly<Record<string, (results: number[], interval: string) => Result>> = {
  grep: (results) => (lines) => {
    lines.filter((line) => line.includes('saauf')).foreachRDD(async (rdd) => results.push(await rdd.count()));
  },
  window: (results, interval) => (lines) => {
    wordCounts(lines, interval).foreachRDD(async (rdd) => results.push(await rdd.count()));
  },
};

/** Processor seconds of this process's children by their program, and of this process. */
function cpuByProgram(): Map<string, number> {
  const found = new Map<string, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    let [stat, command] = ['', ''];
    try {
      stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      command = readFileSync(`/proc/${name}/cmdline`, 'utf8');
    } catch {
      continue;
    }
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const isOwn = Number(name) === process.pid;
    if (!isOwn && Number(fields[1]) !== process.pid) continue;
    const program = isOwn ? 'session' : (/(\w+)\.js/.exec(command)?.[1] ?? (/line-source/.test(command) ? 'source' : 'other'));
    found.set(program, (found.get(program) ?? 0) + (Number(fields[11]) + Number(fields[12])) / ticksPerSecond);
  }
  return found;
}

/** The latency of each portion that was sent, in milliseconds: from its sending to the end of the batch that it is in. */
function latencies({ sent }: SourceReport, batches: readonly BatchInfo[]): number[] {
  const out: number[] = [];
  let [at, visible] = [0, 0];
  for (const { records, endedAt } of batches) {
    visible += records;
    for (; at < sent.length && sent[at][1] <= visible; at++) out.push(endedAt! - sent[at][0]);
  }
  return out.sort((a, b) => a - b);
}

const quantile = (sorted: readonly number[], q: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];

async function measure(work: string, order: SourceOrder, interval: string): Promise<Record<string, unknown>> {
  const source = fork(join(__dirname, 'line-source.ts'), { execArgv: [...typescript] });
  const sc = await connect('local[2]');
  const messages: string[] = [];
  const display = {
    printed() {},
    pane() {},
    paneClosed() {},
    notice: (m: string, e?: Error) => messages.push(`${m} ${e ?? ''}`),
  };
  const streaming = new StreamingContext(sc, interval, { display });
  const batches: BatchInfo[] = [];
  const results: number[] = [];
  try {
    // The executors and the compiled loops are warm before the stream begins.
    const warm = sc.textFile(order.data);
    await warm.filter((line) => line.includes('saauf')).count();
    const port = await new Promise<number>((resolve) => {
      source.once('message', (m: { port: number }) => resolve(m.port));
      source.send(order);
    });
    works[work](results, interval)(streaming.socketTextStream('127.0.0.1', port));
    const before = cpuByProgram();
    const reported = new Promise<SourceReport>((resolve) =>
      source.once('message', (m: { report: SourceReport }) => resolve(m.report)),
    );
    const total = order.perSecond * order.seconds;
    const done = new Promise<void>((resolve) => {
      let seen = 0;
      streaming.addStreamingListener({
        onBatchCompleted: (batch) => {
          batches.push(batch);
          seen += batch.records;
          if (seen >= total) resolve();
        },
      });
    });
    streaming.start();
    const report = await reported;
    await done;
    const after = cpuByProgram();
    const cpu = new Map([...after].map(([program, seconds]) => [program, seconds - (before.get(program) ?? 0)]));
    const all = [...cpu.values()].reduce((a, b) => a + b, 0);
    const sorted = latencies(report, batches);
    const span = (report.sent.at(-1)![0] - report.sent[0][0]) / 1000;
    return {
      work: `stream-${work}`,
      recordsPerSecond: Math.round(total / span),
      seconds: Number(span.toFixed(1)),
      latencyMs: { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), max: sorted.at(-1) },
      afterBatchEndMs: {
        p50: quantile(
          batches.map((b) => b.totalDelay!).sort((a, b) => a - b),
          0.5,
        ),
        max: Math.max(...batches.map((b) => b.totalDelay!)),
      },
      sourceHeldMs: Math.round(report.heldMs),
      cpuSecondsPerMillionRecords: Object.fromEntries([...cpu].map(([p, s]) => [p, Number(((s * 1e6) / total).toFixed(3))])),
      sourceShareOfCpu: Number(((cpu.get('source') ?? 0) / all).toFixed(3)),
      coresUsed: Number((all / span).toFixed(2)),
      result: results.at(-2),
      batches: batches.length,
      notices: messages.filter((m) => !/connected to|ended the connection/.test(m)),
    };
  } finally {
    await streaming.stop();
    await sc.stop();
    source.disconnect();
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      data: { type: 'string' },
      rate: { type: 'string' },
      seconds: { type: 'string', default: '60' },
      interval: { type: 'string', default: '1s' },
    },
    allowPositionals: true,
  });
  const unknown = positionals.find((name) => !(name in works));
  if (!values.data || unknown)
    throw new Error('usage: npm run bench:stream -- --data FILE [grep] [window] [--rate N] [--seconds N] [--interval 1s]');
  for (const work of positionals.length > 0 ? positionals : Object.keys(works)) {
    const perSecond = Number(values.rate ?? defaultRates[work]);
    const figures = await measure(work, { data: values.data, perSecond, seconds: Number(values.seconds) }, values.interval);
    process.stdout.write(`${JSON.stringify(figures)}\n`);
  }
}

main().catch((error) => {
  process.stderr.write(`${error.stack ?? error}\n`);
  process.exitCode = 1;
});
