// The name of who writes: what was written under it is looked up after a restart.
import { randomUUID } from 'node:crypto';
import { refuseArgument } from '../../runtime/base/arguments';

/** That of the options, else another one each time; streams with a checkpoint must have one. Throws BAD_ARGUMENT. */
export function checkedId(operation: string, id: string | undefined, isRestarted: boolean): string {
  const remedy = `Write ${operation}(…, { id: 'totals-of-orders' }).`;
  const refuse = (rule: string) => refuseArgument({ operation, argument: 'id', value: id, rule, remedy });
  if (id !== undefined) return /^[\w.-]{1,100}$/.test(id) ? id : refuse('letters, digits, dots and dashes, at most 100');
  return isRestarted ? refuse('a name that no other program has, since the streams have a checkpoint') : randomUUID();
}
