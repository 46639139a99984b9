// A context on real executors, built from the sources as they are, with their process ids and a folder for what its closures note.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBackend } from '../../cluster/index';
import { type Config, Context } from '../../runtime/index';
import { engineExecutor } from './pool';
import { processesOf } from './processes';
import { until } from './within';

export interface Session {
  readonly sc: Context;
  /** An empty folder: closures note there what they did, a file each. */
  readonly notes: string;
  /** The names of the notes that begin with `prefix`. */
  noted(prefix: string): string[];
  /** Ids of the executors' processes. */
  pids(): number[];
  /** Waits until all executors are there, new ones for those that were lost included. */
  allThere(): Promise<void>;
  stop(): Promise<void>;
}

export async function openSession(executors: number, config: Partial<Config> = {}): Promise<Session> {
  const program = await engineExecutor();
  const master = `local[${executors}]`;
  const { backend, slots } = await startBackend(master, { storageBytes: 64 << 20, program });
  const sc = new Context({ backend, slots, master, config });
  await sc.start();
  const notes = mkdtempSync(join(tmpdir(), 'notes-'));
  const allThere = async () => {
    await until(10_000, () => sc.executors().length === executors, 'the executors');
  };
  await allThere();
  return {
    sc,
    notes,
    noted: (prefix) => readdirSync(notes).filter((name) => name.startsWith(prefix)),
    pids: () => processesOf(program).filter((pid) => pid !== process.pid),
    allThere,
    async stop() {
      await sc.stop();
      rmSync(notes, { recursive: true, force: true });
    },
  };
}
