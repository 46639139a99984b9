// Each call to the file system fails in turn, in jobs of all kinds: the answer is exact or one clear error, and nothing stays behind.
// time limit: 900 s
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { startBackend } from '../../../cluster/index';
import { Random } from '../../../runtime/base/time';
import { Context, MillraceError } from '../../../runtime/index';
import { DiskFaults, type Fault, type FaultCode } from '../../helpers/disk-faults';
import { diskJobs, temporaryFiles, writeInput } from '../../helpers/disk-jobs';
import { size } from '../../helpers/sizes';
import { within } from '../../helpers/within';

const test = suite('disk faults');
const codes: readonly FaultCode[] = ['ENOSPC', 'EIO', 'EMFILE'];
/** What a job may end with: errors that name the file and say what the system said. */
const clear = ['DISK', 'UNREADABLE_FILE', 'CHECKPOINT_LOST', 'SHUFFLE_LOST'];
const seed = Number(process.env.MILLRACE_SEED ?? Date.now() % 1e6);

let faults: DiskFaults;
let folder: string;
let own: string;
let sc: Context;
let outputs = 0;
const ends = { fired: 0, exact: 0, failed: 0 };

test.before(async () => {
  console.log(`seed ${seed}`);
  faults = new DiskFaults();
  folder = mkdtempSync(join(tmpdir(), 'disk-faults-'));
  writeInput(join(folder, 'input'));
  // Little of a persisted dataset fits into memory, and every table and sort spills.
  const started = await startBackend('local', { storageBytes: 3000, executionBytes: 6000 });
  own = started.folder;
  for (const path of [folder, own]) faults.below(path);
  sc = new Context({ ...started, master: 'local' });
  await sc.start();
});

const nextOutput = () => join(folder, `output-${outputs++}`);

/** Files that this process holds open below the folders of the test. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(own) || path.startsWith(folder) ? [path] : [];
    } catch {
      return [];
    }
  });
}

/** Runs a job while a call fails, and the same job after it. */
async function runWith(name: string, fault: Fault, expected: unknown): Promise<void> {
  const job = diskJobs[name];
  const output = nextOutput();
  const what = `${name}, call ${fault.call}: ${fault.code}${fault.lasting ? ' from then on' : ''}`;
  faults.begin(fault);
  let answer: unknown;
  let error: unknown;
  try {
    answer = await within(30_000, job(sc, join(folder, 'input'), output), what);
  } catch (e) {
    error = e;
  } finally {
    faults.end();
  }
  const failing = `${what} (${faults.calls[fault.call - 1]})`;
  ends.fired += faults.fired > 0 ? 1 : 0;
  if (error === undefined) {
    ends.exact++;
    assert.equal(answer, expected, failing);
  } else {
    ends.failed++;
    const { code, message, stack } = error as MillraceError;
    assert.ok(error instanceof MillraceError && clear.includes(code), `${failing}: ${code} ${stack}`);
    assert.match(message, fault.code, `${failing}: ${message}`);
    const half = /^save|objects/.test(name) && existsSync(output) && !existsSync(join(output, '_SUCCESS'));
    assert.not(half, `${failing}: a failed save leaves nothing that could be taken for a part of its output`);
  }
  assert.equal(openFiles(), [], failing);
  // What the disk refuses to remove goes with the session.
  if (faults.calls[fault.call - 1] === 'rmSync')
    for (const name of temporaryFiles(own, output)) rmSync(join(own, name), { recursive: true, force: true });
  assert.equal(temporaryFiles(own, output), [], failing);
  const again = nextOutput();
  assert.equal(await within(30_000, job(sc, join(folder, 'input'), again), 'the next job'), expected, `after ${failing}`);
  for (const path of [output, again]) rmSync(path, { recursive: true, force: true });
}

for (const name of Object.keys(diskJobs)) {
  test(name, async () => {
    const expected = await diskJobs[name](sc, join(folder, 'input'), nextOutput());
    faults.begin();
    assert.equal(await diskJobs[name](sc, join(folder, 'input'), nextOutput()), expected);
    faults.end();
    const calls = faults.calls.length;
    assert.ok(calls > 5, 'its calls are seen');
    const all = codes.flatMap((code) => Array.from({ length: calls }, (_, i): Fault => ({ call: i + 1, code })));
    for (let call = 1; call <= calls; call++) all.push({ call, code: 'ENOSPC', lasting: true });
    const random = new Random(seed);
    const tried = size(12, all.length);
    // A spread over all calls that is another one for each seed.
    for (let i = 0; i < Math.min(tried, all.length); i++) {
      const at = Math.floor(((i + random.next()) * all.length) / tried);
      await runWith(name, tried < all.length ? all[at] : all[i], expected);
    }
  });
}

test('faults were raised, and jobs ended both ways', () => {
  console.log(JSON.stringify(ends));
  assert.ok(ends.fired > 120 && ends.exact > 0 && ends.failed > 0, JSON.stringify(ends));
});

test.after(async () => {
  faults.remove();
  await sc.stop();
  rmSync(folder, { recursive: true, force: true });
  assert.not(existsSync(own));
});

test.run();
