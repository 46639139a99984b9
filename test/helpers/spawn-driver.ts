// A driver of its own for the test of spawns that fail: uses up its descriptors, starts one executor, and prints how it ended.
import { openSync } from 'node:fs';
import { ExecutorProcess } from '../../cluster/driver/executor-process';

try {
  for (;;) openSync('/dev/null', 'r');
} catch {
  // No descriptor is left.
}
const handover = { executorId: 'e1', socket: '', token: '', folder: '', storageBytes: 0, executionBytes: 0, stores: '' };
const onExit = (end: object) => process.stdout.write(JSON.stringify(end));
new ExecutorProcess({ program: 'any.js', handover, holds: true, onOutput: () => {}, onExit });
