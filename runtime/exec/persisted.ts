// A persisted partition inside a task: read if it is present, else computed, passed on and persisted at its end.
import type { Plan, Split } from '../plan/program';
import type { TaskSpec } from '../plan/task';
import type { BlockStore } from '../storage/block-store';
import type { TaskUpdates } from './task-updates';

export interface PersistedHost {
  readonly store: BlockStore;
  readonly updates: TaskUpdates;
  /** What counts the accumulators of the task once: its stage, or the shuffle that this writes. */
  readonly within: string;
  /** Runs whether the task succeeds or fails. */
  readonly cleanups: (() => void)[];
  compute(): Generator<unknown[]>;
  /** Whether the rows hold something that ends with the task. */
  endsWithTask(): boolean;
}

export function* persisted(
  { rddId, level, priority }: Plan & { op: 'cached' },
  { index: partition }: Split,
  { taskId, handsOver }: TaskSpec,
  { store, updates, within, cleanups, compute, endsWithTask }: PersistedHost,
): Generator<unknown[]> {
  const request = { rddId, partition, level, priority, taskId, handsOver };
  const { current: reader } = updates;
  const known = store.read(request, (file) => cleanups.push(() => file.close()));
  if (known) {
    reader.read(known.updates);
    return yield* known.rows as Iterable<unknown[]>;
  }
  const writer = store.writer(request);
  // The loop below may end early: a consumer stops reading, or user code throws.
  cleanups.push(() => writer.abandon());
  const work = reader.begin();
  for (const chunk of updates.during(work, compute())) {
    writer.add(chunk);
    yield chunk;
  }
  const added = work.end({ rddId, partition, within });
  reader.read(added);
  writer.commit(endsWithTask(), added);
}
