// The name of who writes: what was written under it is looked up after a restart.
import { randomUUID } from 'node:crypto';
import { refuseArgument } from '../../runtime/base/arguments';
import type { StreamingContext } from '../../runtime/index';

/** That of the options, else another one each time; streams with a checkpoint must have one. Throws BAD_ARGUMENT. */
export function checkedId(operation: string, id: string | undefined, isRestarted: boolean): string {
  const remedy = `Write ${operation}(…, { id: 'totals-of-orders' }).`;
  const refuse = (rule: string) => refuseArgument({ operation, argument: 'id', value: id, rule, remedy });
  if (id !== undefined) return /^[\w.-]{1,100}$/.test(id) ? id : refuse('letters, digits, dots and dashes, at most 100');
  return isRestarted ? refuse('a name that no other program has, since the streams have a checkpoint') : randomUUID();
}

const outputs = new WeakMap<StreamingContext, Set<string>>();

/** Refuses a second output with one `id` to one place: its batches would be taken for those of the first. Throws BAD_ARGUMENT. */
export function checkOnlyWriter(operation: string, streaming: StreamingContext, id: string | undefined, place: string): void {
  if (id === undefined) return;
  const known = outputs.get(streaming) ?? new Set();
  outputs.set(streaming, known);
  const output = JSON.stringify([operation, id, place]);
  if (known.has(output))
    refuseArgument({
      operation,
      argument: 'id',
      value: id,
      rule: `a name that no other output to ${place} has`,
      remedy: `Write ${operation}(…, { id: '${id}-2' }).`,
    });
  known.add(output);
}
