// What a session may use of its machine, read from control groups of both versions, and what executors get of it.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { executorHeapMb, executorsOf, type Machine, machineText, readMachine, shortageOf } from '../../../cluster/base/machine';

const test = suite('machine');
const gib = 2 ** 30;

function found(files: Record<string, string>, constrainedBytes: number | undefined = 0): Machine {
  return readMachine({ totalBytes: 16 * gib, constrainedBytes, processors: 8, read: (path) => files[path] });
}

const whole = { memoryBytes: 16 * gib, isMemoryLimited: false, processors: 8, areProcessorsLimited: false };
const limited = (memory: number, processors: number) => ({
  memoryBytes: memory,
  isMemoryLimited: memory < 16 * gib,
  processors,
  areProcessorsLimited: processors < 8,
});

const root = '/sys/fs/cgroup';
const groups = '/proc/self/cgroup';

const cases: Record<string, [expected: Machine, files: Record<string, string>, constrained?: number]> = {
  'no control groups': [whole, {}],
  'no limit, as Node tells it': [whole, {}, 2 ** 64],
  'a limit that Node knows': [limited(2 * gib, 8), {}, 2 * gib],
  'a limit above what there is': [
    whole,
    { [groups]: '0::/a\n', [`${root}/a/memory.max`]: `${64 * gib}\n`, [`${root}/a/cpu.max`]: '1600000 100000\n' },
  ],
  'version 2 without limits': [
    whole,
    { [groups]: '0::/a\n', [`${root}/a/memory.max`]: 'max\n', [`${root}/a/cpu.max`]: 'max 100000\n' },
  ],
  'version 2, the namespace of a container': [
    limited(gib, 1.5),
    { [groups]: '0::/\n', [`${root}/memory.max`]: `${gib}\n`, [`${root}/cpu.max`]: '150000 100000\n' },
  ],
  'version 2, limits of groups around its own': [
    limited(2 * gib, 2),
    {
      [groups]: '0::/slice/scope\n',
      [`${root}/slice/scope/memory.max`]: 'max\n',
      [`${root}/slice/memory.max`]: `${4 * gib}\n`,
      [`${root}/slice/memory.high`]: `${2 * gib}\n`,
      [`${root}/slice/cpu.max`]: '200000 100000\n',
    },
  ],
  'version 1': [
    limited(3 * gib, 0.5),
    {
      [groups]: '4:memory:/docker/x\n2:cpu,cpuacct:/docker/x\n1:name=systemd:/\n0::/\n',
      [`${root}/memory/docker/x/memory.limit_in_bytes`]: `${3 * gib}\n`,
      [`${root}/cpu,cpuacct/docker/x/cpu.cfs_quota_us`]: '50000\n',
      [`${root}/cpu,cpuacct/docker/x/cpu.cfs_period_us`]: '100000\n',
    },
  ],
  'version 1, the paths of the host in a container': [
    limited(gib, 8),
    { [groups]: '4:memory:/docker/x\n', [`${root}/memory/memory.limit_in_bytes`]: `${gib}\n` },
  ],
  'version 1 without limits': [
    whole,
    {
      [groups]: '4:memory:/\n2:cpu:/\n',
      [`${root}/memory/memory.limit_in_bytes`]: '9223372036854771712\n',
      [`${root}/cpu/cpu.cfs_quota_us`]: '-1\n',
      [`${root}/cpu/cpu.cfs_period_us`]: '100000\n',
    },
  ],
  'files that hold something else': [
    whole,
    { [groups]: 'x\n0::\n0::/\n', [`${root}/memory.max`]: '', [`${root}/cpu.max`]: 'x y' },
  ],
};

for (const [name, [expected, files, constrained]] of Object.entries(cases))
  test(name, () => assert.equal(found(files, constrained), expected));

test('session, type service and executors together stay within the memory', () => {
  for (const memory of [gib, 1.5 * gib, 2 * gib, 4 * gib, 16 * gib, 64 * gib]) {
    for (const executors of [1, 2, 4, 16]) {
      const machine = limited(memory, 2);
      const heap = executorHeapMb(machine, executors);
      // Three young half-spaces of a sixteenth of the heap, and what a process has without its heap.
      const all = 256 + 384 + executors * (heap * (1 + 3 / 16) + 64);
      assert.ok(heap === 64 || all <= memory / 2 ** 20, `${executors} executors with ${heap} MiB in ${memory}`);
      assert.is(shortageOf(machine, executors) !== undefined, heap === 64, `${executors} in ${memory}`);
    }
  }
  assert.is(executorHeapMb(whole, 4), 2904);
});

test('executors of local[*] are as many as the processors that may be used', () => {
  for (const [processors, executors] of [
    [0.1, 1],
    [1, 1],
    [1.5, 2],
    [2, 2],
    [8, 8],
  ])
    assert.is(executorsOf(limited(gib, processors)), executors);
});

test('what was found is said', () => {
  assert.is(machineText(whole), '8 processors, 16.0 GiB of memory');
  assert.is(
    machineText(limited(gib, 1.5)),
    '1.5 processors (limited by its control group), 1.0 GiB of memory (limited by its control group)',
  );
  assert.match(
    shortageOf(limited(gib / 2, 2), 4)!,
    /^This session may run out of memory: 4 executors need 1\.2 GiB with the session, of 512 MiB that its control group allows\. Use fewer executors/,
  );
});

test.run();
