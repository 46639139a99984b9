// The memory of a prompt: what its terminal, session and type service hold together, while 100 entries are typed (1,000 at the long size).
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { withShell } from '../../helpers/prompt';
import { size } from '../../helpers/sizes';
import { descendants } from '../../helpers/terminal';
import { until } from '../../helpers/within';

const entries = size(100, 1_000);
/** Entries between two looks: the bound holds at any moment, not only after a collection. */
const between = 20;
/** After the first entries, and at any moment while more are typed: of both a third is garbage, and what Node itself takes. */
const [idleMb, maxMb] = [300, 320];
/** In the next quiet moment the garbage is gone, however many entries there were: 283 MB after 100 entries and 304 after 1,000 without that. */
const quietMb = 265;

const isExecutor = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('executor.js');

/** Proportional set size: pages that several processes map, as those of Node's program, count once. */
function megabytes(pid: number): number {
  const [, kilobytes] = /^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1')) ?? [];
  return Number(kilobytes) / 1024;
}

const processesOf = (pid: number) => [pid, ...descendants(pid).filter((one) => !isExecutor(one))];
const total = (pid: number) =>
  processesOf(pid)
    .map(megabytes)
    .reduce((a, b) => a + b);

test(`a prompt takes at most ${idleMb} MB, ${maxMb} MB over ${entries} entries, and ${quietMb} MB in a quiet moment after them`, () =>
  withShell(async (shell, { pid }) => {
    const seen: string[] = [];
    for (let n = 0; n < entries; n++) {
      await shell.entry(`[1, 2, 3].map(x => x + ${n})[0]`, new RegExp(`res${n}: number = ${n + 1}\n`), 30_000);
      if (n % between !== between - 1) continue;
      const processes = processesOf(pid);
      const each = processes.map(megabytes);
      seen.push(`${n + 1} entries: ${each.map(Math.round).join(' + ')}`);
      assert.is(processes.length, 3, 'terminal, session and type service');
      assert.ok(each.reduce((a, b) => a + b) <= (n < between ? idleMb : maxMb), seen.join('\n'));
    }
    await until(30_000, () => total(pid) <= quietMb, `${quietMb} MB after ${seen.at(-1)}`);
  }));

test('what the user starts has the environment that the user has', () =>
  withShell(async (shell) => {
    assert.is(process.env['MALLOC_ARENA_MAX'], undefined);
    await shell.entry('process.env.MALLOC_ARENA_MAX', /res0: .* = undefined\n/, 30_000);
  }));

test.run();
