// `npm run bench -- --data FILE [--master M] [--limits] [work ...]`: one JSON line a work, the best of three warm runs; figures by their names.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { connect } from '../../cluster/connect';
import { typescript } from '../helpers/preload';
import { figures, measureFigure } from './figures';
import { streamWorks } from './stream-works';
import { works as batchWorks, type Measured } from './works';

const works = [...batchWorks, ...streamWorks];

/** What two bare processes need for the works, in seconds by name. They run when ours have ended. */
async function limitsOf(data: string, runs: string, names: readonly string[]): Promise<Map<string, number>> {
  const args = [...typescript, path.join(__dirname, 'bare/main.ts'), data, runs, ...names];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  const lines = stdout.trim().split('\n').filter(Boolean);
  const limits = lines.map((line) => JSON.parse(line) as { work: string; seconds: number });
  return new Map(limits.map(({ work, seconds }) => [work, seconds]));
}

/** One line a work: ours divided by what two bare processes need; and the geometric mean. */
async function compare(ours: ReadonlyMap<string, number>, data: string, runs: string): Promise<void> {
  const limits = await limitsOf(data, runs, [...ours.keys()]);
  const ratios: number[] = [];
  for (const [work, seconds] of ours) {
    const bare = limits.get(work);
    if (bare === undefined) continue;
    ratios.push(seconds / bare);
    process.stdout.write(`${JSON.stringify({ work, bare, ours: seconds, ratio: Number((seconds / bare).toFixed(2)) })}\n`);
  }
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  process.stdout.write(`${JSON.stringify({ works: ratios.length, geometricMean: Number(mean.toFixed(2)) })}\n`);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      data: { type: 'string' },
      runs: { type: 'string', default: '3' },
      master: { type: 'string', default: 'local[2]' },
      limits: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  if (!values.data) throw new Error('usage: npm run bench -- --data FILE [--master M] [--limits] [work ...]');
  const isKnown = (name: string) => works.some((w) => w.name === name) || figures.some((f) => f.name === name);
  const unknown = positionals.filter((name) => !isKnown(name));
  if (unknown.length > 0) process.stderr.write(`not measured here: ${unknown.join(', ')}\n`);
  for (const figure of figures) {
    if (!positionals.includes(figure.name)) continue;
    process.stdout.write(`${JSON.stringify({ work: figure.name, ...(await measureFigure(figure)) })}\n`);
  }
  if (positionals.length > 0 && !works.some(({ name }) => positionals.includes(name))) return;
  const seconds = new Map<string, number>();
  const sc = await connect(values.master);
  try {
    for (const { name, prepare } of works) {
      if (positionals.length > 0 && !positionals.includes(name)) continue;
      const { run, end } = await prepare(sc, values.data);
      let best = Number.POSITIVE_INFINITY;
      let result = 0;
      let measured: Measured | undefined;
      for (let i = 0; i < Number(values.runs); i++) {
        const started = performance.now();
        const answer = await run();
        if (typeof answer !== 'number') {
          measured = answer;
          break;
        }
        result = answer;
        best = Math.min(best, (performance.now() - started) / 1000);
      }
      end?.();
      const shown = measured ?? { seconds: Number(best.toFixed(3)), result };
      seconds.set(name, shown.seconds);
      process.stdout.write(`${JSON.stringify({ work: name, ...shown })}\n`);
    }
  } finally {
    await sc.stop();
  }
  if (values.limits) await compare(seconds, values.data, values.runs);
}

main().catch((error) => {
  process.stderr.write(`${error.stack ?? error}\n`);
  process.exitCode = 1;
});
