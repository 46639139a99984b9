// What the models refuse, in the same terms as the operators do.
import { MillraceError, RDD } from '../index';

interface Place {
  readonly operation: string;
  readonly argument: string;
  readonly remedy: string;
}

const shown = (value: unknown) =>
  typeof value === 'function' ? 'a function' : typeof value === 'object' && value !== null ? 'an object' : String(value);

/** Throws BAD_ARGUMENT. */
export function refuse(place: Place, value: unknown, rule: string): never {
  throw new MillraceError('BAD_ARGUMENT', { ...place, value: shown(value), rule });
}

/** Throws BAD_ARGUMENT unless `value` is a whole number from `least` on, or undefined. */
export function checkCount(value: unknown, least: number, place: Place): void {
  if (value === undefined || (Number.isInteger(value) && (value as number) >= least)) return;
  refuse(place, value, `a whole number from ${least} on`);
}

/** Throws BAD_ARGUMENT unless `value` is a function, or undefined where it may be left out. */
export function checkFunction(value: unknown, place: Place, mayBeLeftOut = false): void {
  if (typeof value === 'function' || (mayBeLeftOut && value === undefined)) return;
  refuse(place, value, 'a function');
}

/** Throws BAD_ARGUMENT unless `value` is a dataset, and of the same context as `other` if that is given. */
export function checkDataset(value: unknown, place: Place, other?: RDD<unknown>): void {
  if (!(value instanceof RDD)) refuse(place, value, 'an RDD');
  if (other && value.context !== other.context) refuse(place, `${value} of another context`, 'an RDD of the same context');
}

/**
 * How often a loop cuts its lineage where nothing else is asked for: the plan of a round holds all rounds since the last cut, and
 * ten of them cost about what the writing of one does.
 */
const defaultCheckpointEvery = 10;

/** Throws BAD_ARGUMENT or NO_CHECKPOINT_DIR unless `every` is an interval that this context can keep. */
export function checkCheckpointEvery(every: unknown, rdd: RDD<unknown>, operation: string): void {
  const remedy = `Leave it out for every ${defaultCheckpointEvery}, in the session's own folder.`;
  checkCount(every, 1, { operation, argument: 'checkpointEvery', remedy });
  if (every !== undefined && rdd.context.getCheckpointDir() === undefined)
    throw new MillraceError('NO_CHECKPOINT_DIR', { name: `The state of ${operation}` });
}

/** Marks the state of a round, counted from 1, for a checkpoint where one is due: in the chosen folder, or in the session's own. */
export function cutLineage(state: RDD<unknown>, round: number, every: number | undefined): void {
  if (round % (every ?? defaultCheckpointEvery) !== 0) return;
  if (state.context.getCheckpointDir() === undefined) state.localCheckpoint();
  else state.checkpoint();
}
