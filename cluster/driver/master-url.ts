// Parses a master such as `local[2]`, which says where the tasks of a session run.
import { MillraceError } from '../../runtime/base/errors';
import { maxExecutors } from '../base/limits';
import { executorsOf, readMachine } from '../base/machine';

/** Where the tasks of a session run. */
export type Master =
  /** A server of `millrace serve` runs the jobs: the one of this user, or the one at a socket. */
  | { readonly kind: 'served'; readonly socket?: string; readonly url?: string }
  | { readonly kind: 'inProcess' }
  | { readonly kind: 'pool'; readonly executors: number }
  /** Apache Spark runs the jobs; `url` is its own name for the master, `slots` the tasks that run at once as far as it is known. */
  | { readonly kind: 'spark'; readonly url: string; readonly slots?: number };

/** Masters of clusters of Apache Spark by their own names. */
const clusters = /^(spark:\/\/[\w.-]+:\d{1,5}(,[\w.-]+:\d{1,5})*|yarn|k8s:\/\/(https?:\/\/)?[\w.-]+(:\d{1,5})?)$/;

/**
 * Parses `serve`, `serve:SOCKET`, `millrace://host:port`, `local`, `local[N]`, `local[*]`, `spark-local[N]`, `spark-local[*]`, `spark://host:port`, `yarn` or
 * `k8s://host:port`. Throws BAD_OPTION for an N out of range and BAD_MASTER for anything else.
 */
export function parseMaster(master: string): Master {
  if (master === 'local') return { kind: 'inProcess' };
  if (master === 'serve') return { kind: 'served' };
  if (master.startsWith('serve:') && master.length > 'serve:'.length)
    return { kind: 'served', socket: master.slice('serve:'.length) };
  if (clusters.test(master)) return { kind: 'spark', url: master };
  if (/^millrace(\+tls)?:\/\/./.test(master)) return { kind: 'served', url: master };
  const local = /^(spark-)?local\[(\d{1,9}|\*)\]$/.exec(master);
  if (!local) throw badMaster(master);
  const [, spark = '', count] = local;
  const executors = count === '*' ? Math.min(executorsOf(readMachine()), maxExecutors) : Number(count);
  if (executors < 1 || executors > maxExecutors) {
    const option = `The N of ${spark}local[N]`;
    throw new MillraceError('BAD_OPTION', { option, value: executors, rule: `from 1 to ${maxExecutors}` });
  }
  return spark ? { kind: 'spark', url: `local[${executors}]`, slots: executors } : { kind: 'pool', executors };
}

const usual =
  'Use local, local[N] or local[*]; serve or millrace://host:port with a server of millrace serve; or where Spark runs the jobs, spark-local[N], spark://host:port, yarn or k8s://host:port.';

/** The error about a text that is no master here, with what was probably meant. */
export function badMaster(master: string): MillraceError {
  const meant = meantBy(master.trim());
  return new MillraceError('BAD_MASTER', { master, remedy: meant === undefined ? usual : `Did you mean ${meant}? ${usual}` });
}

function meantBy(text: string): string | undefined {
  const local = /^(spark[-_ :/]*)?local(.*)$/i.exec(text);
  if (local) {
    const [, spark, rest] = local;
    const count = /[1-9]\d{0,2}|\*/.exec(rest)?.[0];
    const name = spark ? 'spark-local' : 'local';
    return count === undefined && !spark && !/^\W/.test(rest) ? name : `${name}[${count ?? '*'}]`;
  }
  const host = /^(spark[:/]*[:/])?([\w.-]+)(?::(\d{1,5}))?\/?$/i.exec(text);
  if (!host) return undefined;
  const [, scheme, name, port = '7077'] = host;
  return scheme !== undefined || host[3] !== undefined ? `spark://${name}:${port}` : undefined;
}
