// What Spark says in its log alone: why a master does not take the session, how it ended, executors that end before they join.
import { existsSync, readFileSync } from 'node:fs';
import { MillraceError } from '../../runtime/base/errors';
import { isFull, reasonOf } from './task-failure';

/** What is wrong by the words of a failed connection, and what to do: no later try can go well. */
const refusals: readonly (readonly [says: RegExp, reason: string, remedy: string])[] = [
  [
    /SaslMessage|SaslException|AuthenticationException/,
    'the secrets of the two differ, or only one of them asks for one',
    'Set spark.authenticate, and spark.authenticate.secret where it is true, to what the cluster has: in spark-defaults.conf, which only you can read, or by --spark-conf.',
  ],
  [
    /InvalidClassException|class incompatible/,
    'its Spark is of another version than the one here',
    'Give the Spark of its version by --spark-home or SPARK_HOME.',
  ],
  [
    /Too large frame/,
    'what answers there is no master of Spark',
    'Check the port: the log of the master shows its address, and its pages have another port.',
  ],
];

const mend =
  'Mend what it names: settings come from spark-defaults.conf and --spark-conf. .master NAME, or a new session, begins again.';

/** What can be done about a Spark that ended, by its words. */
function remedyOf(words: string): string {
  if (isFull(words))
    return 'Make room on the disk of spark.local.dir, name another one by --spark-conf spark.local.dir=FOLDER, or send smaller files and archives.';
  if (/out of memory|OutOfMemory|heap space/.test(words))
    return 'Give it more by --spark-conf spark.driver.memory=4g, or send and collect less: write values to files, and save results.';
  return mend;
}

/** No job can run on Spark any more. */
export const sparkEnded = (reason: string): MillraceError =>
  new MillraceError('NO_EXECUTORS', { reason, remedy: remedyOf(reason) });

export class DriverLog {
  readonly #file: string;
  readonly #masters: number;

  /** The log is a file of the session's folder; `url` is Spark's own name of the master. */
  constructor(file: string, url: string) {
    this.#file = file;
    this.#masters = url.split(',').length;
  }

  #text(): string {
    return existsSync(this.#file) ? readFileSync(this.#file, 'utf8') : '';
  }

  /** Why none of the masters takes the session, once that is certain: each was asked, and one has said what no later try changes. */
  refusal(): MillraceError | undefined {
    const text = this.#text();
    const failed = new Set([...text.matchAll(/Failed to connect to master (\S+)/g)].map(([, master]) => master));
    // On a busy machine the words are not in the trace of the connection, but in one before it.
    const refusal = refusals.find(([says]) => says.test(text));
    if (failed.size < this.#masters || !refusal) return undefined;
    const [, reason, remedy] = refusal;
    const where = [...failed].join(', ');
    return new MillraceError('NO_EXECUTORS', { reason: `the master at ${where} does not take this session: ${reason}`, remedy });
  }

  /** Why Spark stopped by itself; `hadExecutors`: some have joined. */
  end(hadExecutors: boolean): MillraceError {
    const ended = hadExecutors ? undefined : this.endedExecutors();
    if (ended !== undefined) return new MillraceError('NO_EXECUTORS', { ...ended });
    const said = [...this.#text().matchAll(/Application has been killed\. Reason: (.*)/g)].at(-1)?.[1];
    return this.refusal() ?? sparkEnded(said === undefined ? 'Spark has stopped' : `Spark has stopped: ${reasonOf(said)}`);
  }

  /** Executors that a master has started and that ended by themselves, where none has joined. */
  endedExecutors(): { readonly reason: string; readonly remedy: string } | undefined {
    const ended = [...this.#text().matchAll(/Executor updated: \S+ is now (?:EXITED|FAILED)(?: \((.*)\))?/g)];
    if (ended.length === 0) return undefined;
    const words = ended.at(-1)?.[1];
    const count = ended.length === 1 ? 'an executor, which' : `${ended.length} executors, and each`;
    return {
      reason: `the master has started ${count} ended before it joined${words === undefined ? '' : ` (${words})`}`,
      remedy:
        'Executors must reach this machine: set spark.driver.host to a name or an address of it that they know, and let its ports through. The page of the master has their logs.',
    };
  }
}
