// Parses a master such as `local[2]`, which says where the tasks of a session run.
import { MillraceError } from '../../runtime/base/errors';
import { maxExecutors } from '../base/limits';
import { executorsOf, readMachine } from '../base/machine';

export type Master =
  | { readonly kind: 'inProcess' }
  | { readonly kind: 'pool'; readonly executors: number }
  /** Apache Spark runs the jobs; `url` is its own name for the master, `slots` the tasks that run at once as far as it is known. */
  | { readonly kind: 'spark'; readonly url: string; readonly slots?: number };

/** Parses `local`, `local[N]`, `local[*]`, `spark-local[N]`, `spark-local[*]` or `spark://host:port`. Throws BAD_OPTION for an N out of range and BAD_MASTER for anything else. */
export function parseMaster(master: string): Master {
  if (master === 'local') return { kind: 'inProcess' };
  if (/^spark:\/\/[\w.-]+:\d{1,5}(,[\w.-]+:\d{1,5})*$/.test(master)) return { kind: 'spark', url: master };
  const local = /^(spark-)?local\[(\d{1,9}|\*)\]$/.exec(master);
  if (!local) throw new MillraceError('BAD_MASTER', { master });
  const [, spark = '', count] = local;
  const executors = count === '*' ? Math.min(executorsOf(readMachine()), maxExecutors) : Number(count);
  if (executors < 1 || executors > maxExecutors) {
    const option = `The N of ${spark}local[N]`;
    throw new MillraceError('BAD_OPTION', { option, value: executors, rule: `from 1 to ${maxExecutors}` });
  }
  return spark ? { kind: 'spark', url: `local[${executors}]`, slots: executors } : { kind: 'pool', executors };
}
