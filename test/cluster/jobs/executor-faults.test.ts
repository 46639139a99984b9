// File system calls fail inside real executors: jobs of all kinds are exact or end with one clear error.
// time limit: 900 s
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, stop } from 'esbuild';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBackend } from '../../../cluster/index';
import { Random } from '../../../runtime/base/time';
import { Context, MillraceError } from '../../../runtime/index';
import type { Fault, FaultCode } from '../../helpers/disk-faults';
import { diskJobs, temporaryFiles, writeInput } from '../../helpers/disk-jobs';
import { watchLeaks } from '../../helpers/leaks';
import { engineExecutor } from '../../helpers/pool';
import { size } from '../../helpers/sizes';
import { until, within } from '../../helpers/within';

const test = suite('executor faults');
const seed = Number(process.env.MILLRACE_SEED ?? Date.now() % 1e6);
const codes: readonly FaultCode[] = ['ENOSPC', 'EIO', 'EMFILE'];
const clear = ['DISK', 'UNREADABLE_FILE', 'CHECKPOINT_LOST', 'SHUFFLE_LOST'];
let leaks: ReturnType<typeof watchLeaks>;
let program: string;
let folder: string;
let outputs = 0;

test.before(async () => {
  console.log(`seed ${seed}`);
  program = await engineExecutor();
  leaks = watchLeaks();
  folder = mkdtempSync(join(tmpdir(), 'executor-faults-'));
  writeInput(join(folder, 'input'));
  mkdirSync(join(folder, 'program'));
  const entry = join(__dirname, '../..', 'helpers', 'disk-faults.ts');
  await build({ entryPoints: [entry], outdir: join(folder, 'program'), bundle: true, platform: 'node', format: 'cjs' });
  await stop();
});

/** The program of an executor whose calls below the session's folder fail this way; it records each failed call. */
function faultyProgram(fault: Fault): string {
  const path = join(folder, 'program', 'executor.js');
  const text = `
    const { DiskFaults } = require('./disk-faults.js');
    const faults = new DiskFaults();
    faults.below(${JSON.stringify(join(tmpdir(), 'millrace-'))});
    faults.begin(${JSON.stringify(fault)});
    Object.defineProperty(faults, 'fired', { get: () => 0, set: () => require('node:fs').appendFileSync(__dirname + '/fired', faults.calls.at(-1) + ' ') });
    require(${JSON.stringify(program)});`;
  writeFileSync(path, text);
  return path;
}

/** The calls that have failed in the executors so far. */
function firedCalls(): string {
  const path = join(folder, 'program', 'fired');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

async function runAll(executor: string, expected: Map<string, unknown> | undefined): Promise<Map<string, unknown>> {
  const options = { storageBytes: 3000, executionBytes: 6000, program: executor };
  const { folder: own, ...started } = await startBackend('local[2]', options);
  const sc = new Context({ ...started, folder: own, master: 'local[2]' });
  await sc.start();
  const answers = new Map<string, unknown>();
  try {
    for (const [name, job] of Object.entries(diskJobs)) {
      const output = join(folder, `output-${outputs++}`);
      try {
        answers.set(name, await within(60_000, job(sc, join(folder, 'input'), output), name));
        if (expected) assert.equal(answers.get(name), expected.get(name), name);
      } catch (e) {
        if (!(e instanceof MillraceError)) throw e;
        assert.ok(expected && clear.includes(e.code), `${name}: ${e.stack}`);
      }
      // What the disk refuses to remove is removed with the session.
      const gone = () => firedCalls().includes('rmSync') || temporaryFiles(own, output).length === 0;
      await until(5000, gone, `${name}: the removal of temporary files`);
    }
  } finally {
    await sc.stop();
  }
  assert.not(existsSync(own));
  return answers;
}

test('in each session executors fail at another call', async () => {
  const expected = await runAll(program, undefined);
  const random = new Random(seed);
  const sessions = size(4, 60);
  let firedIn = 0;
  for (let i = 0; i < sessions; i++) {
    rmSync(join(folder, 'program', 'fired'), { force: true });
    // An executor makes some 400 calls in all jobs.
    const fault = { call: 1 + random.below(300), code: codes[i % 3], lasting: codes[i % 3] === 'ENOSPC' };
    await runAll(faultyProgram(fault), expected).catch((e) => {
      throw new Error(`${JSON.stringify(fault)}: ${e.stack}`);
    });
    if (firedCalls() !== '') firedIn++;
  }
  console.log(`${firedIn} of ${sessions} sessions met their fault`);
  assert.ok(firedIn >= sessions / 2);
});

test('leaves nothing behind', async () => {
  rmSync(folder, { recursive: true });
  await leaks.check();
});

test.run();
