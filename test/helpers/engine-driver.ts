// An engine in a process of its own: it reads datasets, jobs and blobs from a file, runs the jobs, and writes their answers to another.
import { readFileSync, writeFileSync } from 'node:fs';
import { startBackend } from '../../cluster/driver/start-backend';
import { makeConfig } from '../../runtime/base/config';
import { asError, MillraceError } from '../../runtime/base/errors';
import { systemClock } from '../../runtime/base/time';
import { decodeDatasets, decodeJob } from '../../runtime/plan/transfer';
import { ListenerBus } from '../../runtime/scheduler/listener-bus';
import { Scheduler } from '../../runtime/scheduler/loop';
import { decode, encode } from '../../runtime/wire/codec';

/** What goes over: each part as it was encoded. */
export interface Handover {
  readonly master: string;
  readonly datasets: Uint8Array;
  readonly jobs: readonly Uint8Array[];
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  /** For each job the blob that the session has lost by then, if any. */
  readonly missing: readonly (string | undefined)[];
  /** Datasets that the engine is told to forget before the jobs run. */
  readonly released: readonly number[];
}

/** What came of a job: the answer of each partition, or the code of its error. */
export interface Answer {
  readonly answers?: readonly unknown[];
  readonly failure?: { readonly code: string; readonly message: string };
  /** Persisted partitions of the datasets that are defined, once the job has ended. */
  readonly stored: number;
  /** Sources of the session's side that this process has loaded. */
  readonly loaded: readonly string[];
}

async function main(): Promise<void> {
  const [from, to] = process.argv.slice(2);
  const { master, datasets, jobs, blobs, missing, released } = decode(readFileSync(from)) as Handover;
  const { backend, slots } = await startBackend(master, { storageBytes: 1 << 24 });
  const bus = new ListenerBus(() => {});
  const hooks = { slots, bus, notice: () => {}, mergeAccumulators: () => {} };
  const engine = new Scheduler(backend, makeConfig(slots), systemClock, hooks);
  let lost: string | undefined;
  const blob = (id: string) => {
    const bytes = blobs.get(id);
    if (!bytes || id === lost) throw new MillraceError('MISSING_BLOB', { id });
    return bytes;
  };
  await engine.start({ blob });
  const results: Answer[] = [];
  const nodes = decodeDatasets(datasets);
  engine.define(nodes);
  for (const id of released) engine.release({ kind: 'dataset', id });
  for (const [i, bytes] of jobs.entries()) {
    lost = missing[i];
    let outcome: Pick<Answer, 'answers' | 'failure'>;
    try {
      const answers: unknown[] = [];
      const take = (partition: number, value: Uint8Array) => {
        answers[partition] = decode(value);
      };
      await engine.run(decodeJob(bytes), { take, blame: (error) => error }).done;
      outcome = { answers };
    } catch (e) {
      const { code } = e as MillraceError;
      outcome = { failure: { code, message: asError(e).message } };
    }
    const stored = nodes.reduce((sum, { id }) => sum + engine.status.stored(id).partitions, 0);
    const loaded = Object.keys(require.cache).filter((path) => /runtime\/(rdd|ops|context)/.test(path));
    results.push({ ...outcome, stored, loaded });
  }
  await engine.stop();
  writeFileSync(to, encode(results));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
