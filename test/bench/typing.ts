// The figures of typing: completion and checks of the type service early and late in a session, and the echo of keys while a pane redraws and a job runs.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TypeServiceClient } from '../../shell/types/client';
import { open, type Terminal } from '../helpers/terminal';

const limitMs = 20_000;
const samples = 40;
const lateInput = 300;

const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
const percentile = (values: readonly number[], share: number) =>
  sorted(values)[Math.min(values.length - 1, Math.floor(values.length * share))];

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Completions at the places where people ask for them, and checked lines. */
const completed = ['rows.map(r => r.', 'pairs.filter(([k, v]) => v.', 'rows.', 'sc.par', 'ro'];
const checked = ['rows.map(r => r.size + 1).filter(x => x > 2)', 'pairs.reduceByKey((a, b) => a + b).sortBy(([, n]) => -n)'];

/** The type service alone, as the shell starts it: at its first inputs, and after three hundred. */
export async function longSession(): Promise<Record<string, number>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'millrace-bench-'));
  const types = new TypeServiceClient({ cwd: folder });
  const enter = async (text: string) => {
    const result = await types.compile(text);
    if (result.status !== 'ok') throw new Error(`${text}: ${JSON.stringify(result)}`);
    await types.commit(result.cell.id);
  };
  try {
    await enter("const rows = sc.parallelize([{ city: 'Ulm', size: 3 }])");
    await enter("const pairs = sc.parallelize([['a', 1]] as [string, number][])");
    const early = await figuresAt(types, 'input 1');
    for (let i = 3; i <= lateInput; i++) await enter(`const v${i} = rows.map(r => ({ ...r, n: ${i} }))`);
    return { ...early, ...(await figuresAt(types, `input ${lateInput}`)) };
  } finally {
    await types.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function figuresAt(types: TypeServiceClient, where: string): Promise<Record<string, number>> {
  const completions: number[] = [];
  const checks: number[] = [];
  for (let i = 0; i < samples; i++) {
    const text = completed[i % completed.length];
    completions.push(await msOf(() => types.complete(text, text.length)));
    checks.push(await msOf(() => types.compile(checked[i % checked.length])));
  }
  return {
    [`completion at ${where}, p50`]: percentile(completions, 0.5),
    [`completion at ${where}, p95`]: percentile(completions, 0.95),
    [`a checked line at ${where}, p50`]: percentile(checks, 0.5),
    [`a checked line at ${where}, p95`]: percentile(checks, 0.95),
  };
}

/** Until a key that was typed has been written to the terminal. */
async function echoes(terminal: Terminal, keys: string): Promise<number[]> {
  const times: number[] = [];
  for (const key of keys) {
    const from = terminal.raw.length;
    const ms = await msOf(async () => {
      terminal.type(key);
      await terminal.until(() => terminal.raw.slice(from).includes(key), `the echo of ${key}`, limitMs);
    });
    times.push(ms);
    // As fast as people type at their best, and at no fixed beat.
    await new Promise((resolve) => setTimeout(resolve, 20 + (times.length % 7) * 5));
  }
  return times;
}

const line = 'const total = rows.map(r => r.size * 2).filter(x => x > 10).count(); // ÄÖÜ\n';
/** Letters that no pane and no progress line shows. */
const typed = 'ÄÖÜßéèê'.repeat(30);

export async function echoFigures(program: readonly string[]): Promise<Record<string, number>> {
  const terminal = open([process.execPath, ...program], { columns: 100, rows: 40, env: { NO_COLOR: '', FORCE_COLOR: '1' } });
  try {
    await terminal.until(() => /^>/m.test(terminal.everything()), 'the prompt', limitMs);
    const enter = async (text: string, shown: RegExp) => {
      terminal.type(`${text}\r`);
      await terminal.until(() => shown.test(terminal.everything()), `${shown}`, limitMs);
    };
    await enter('1 + 1', /res0: number = 2/);
    const idle = await echoes(terminal, typed);
    terminal.type('\x15');
    terminal.type(`\x1b[200~${line.repeat(lateInput).replaceAll('\n', '\r')}\x1b[201~`);
    await terminal.until(() => /\/\/ ÄÖÜ$/.test(terminal.screen()), 'the paste', limitMs);
    const long = await echoes(terminal, typed);
    terminal.type('\x03');
    await enter(
      "stream('100ms').generatorStream(2000, i => i % 20).map(x => [x, 1]).reduceByKey((a, b) => a + b).watch({ rows: 20 }); 1",
      /res1/,
    );
    await enter('sc.range(0, 4e9, 1, 200).map(x => x * 2).filter(x => x % 3 === 0).countAsync(); 2', /res2/);
    const busy = await echoes(terminal, typed);
    return {
      ...echoed('idle', idle),
      ...echoed(`in an entry of ${lateInput} lines`, long),
      ...echoed('under a pane and a job', busy),
    };
  } finally {
    await terminal.close();
  }
}

function echoed(where: string, times: readonly number[]): Record<string, number> {
  return { [`echo of a key ${where}, p50`]: percentile(times, 0.5), [`echo of a key ${where}, p99`]: percentile(times, 0.99) };
}
