// `npm run bench:prompt`: the times a person feels at the prompt, through a real pty, in milliseconds: starting, entries, completion, typing.
import { open, type Terminal } from '../helpers/terminal';
import { echoFigures, longSession } from './typing';

const shells = 5;
const limitMs = 20_000;

const program = ['dist/millrace.js', '--master', 'local[2]'];

async function timed(terminal: Terminal, entry: string, answer: RegExp): Promise<number> {
  const started = performance.now();
  terminal.type(`${entry}\r`);
  await terminal.until(() => answer.test(terminal.everything()), `${answer} after ${entry}`, limitMs);
  return performance.now() - started;
}

/** One shell: when the prompt is there, and how long its first entries take. */
async function session(firstIsJob: boolean): Promise<Record<string, number>> {
  const started = performance.now();
  const terminal = open([process.execPath, ...program], { columns: 100, rows: 40 });
  try {
    await terminal.until(() => /^>/m.test(terminal.everything()), 'the prompt', limitMs);
    const prompt = performance.now() - started;
    if (firstIsJob)
      return { 'first job right after the prompt': await timed(terminal, 'sc.parallelize([1,2,3]).count()', /res0: number = 3/) };
    const first = await timed(terminal, '1 + 1', /res0: number = 2/);
    const later: number[] = [];
    for (let i = 1; i <= 20; i++)
      later.push(
        await timed(
          terminal,
          `const x${i} = [1, 2, 3].map(x => x * ${i}); x${i}.length + ${i}`,
          new RegExp(`res${i}: number = ${i + 3}`),
        ),
      );
    const jobs: number[] = [];
    for (let i = 21; i <= 30; i++)
      jobs.push(await timed(terminal, `sc.range(${i}).map(x => x + 1).count()`, new RegExp(`res${i}: number = ${i}`)));
    return { prompt, 'first line': first, 'later line': median(later), 'later line with a job': median(jobs) };
  } finally {
    await terminal.close();
  }
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function main(): Promise<void> {
  const seen = new Map<string, number[]>();
  for (let i = 0; i < shells * 2; i++) {
    for (const [what, ms] of Object.entries(await session(i % 2 === 1))) seen.set(what, [...(seen.get(what) ?? []), ms]);
  }
  const print = (what: string, ms: number) => process.stdout.write(`${JSON.stringify({ what, ms: Math.round(ms * 10) / 10 })}\n`);
  for (const [what, values] of seen) print(what, median(values));
  for (const [what, ms] of Object.entries(await longSession())) print(what, ms);
  for (const [what, ms] of Object.entries(await echoFigures(program))) print(what, ms);
}

main().catch((error) => {
  process.stderr.write(`${error.stack ?? error}\n`);
  process.exitCode = 1;
});
