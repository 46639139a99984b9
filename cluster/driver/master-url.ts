// Parses a master such as `local[2]`, which says where the tasks of a session run.
import { MillraceError } from '../../runtime/base/errors';
import { maxExecutors } from '../base/limits';
import { executorsOf, readMachine } from '../base/machine';

export type Master = { readonly kind: 'inProcess' } | { readonly kind: 'pool'; readonly executors: number };

/** Parses `local`, `local[N]` or `local[*]`. Throws BAD_OPTION for an N out of range and BAD_MASTER for anything else. */
export function parseMaster(master: string): Master {
  if (master === 'local') return { kind: 'inProcess' };
  if (master === 'local[*]') return { kind: 'pool', executors: Math.min(executorsOf(readMachine()), maxExecutors) };
  const count = /^local\[(\d{1,9})\]$/.exec(master)?.[1];
  if (count === undefined) throw new MillraceError('BAD_MASTER', { master });
  const executors = Number(count);
  if (executors < 1 || executors > maxExecutors) {
    throw new MillraceError('BAD_OPTION', { option: 'The N of local[N]', value: executors, rule: `from 1 to ${maxExecutors}` });
  }
  return { kind: 'pool', executors };
}
