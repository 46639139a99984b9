// The engine's own objects that closures may name: they are shipped by name, and each executor has its own.
import { MillraceError } from '../base/errors';
import { SparkFiles } from './spark-files';
import { BarrierTaskContext, TaskContext } from './task-context';

const named = { TaskContext, BarrierTaskContext, SparkFiles };
/** Together they are what closures see of the package. */
const objects = new Map<string, unknown>(Object.entries({ ...named, millrace: named }));

export function engineObject(id: string): unknown {
  const object = objects.get(id);
  if (!object) throw new MillraceError('PROTOCOL', { reason: `the engine has no ${id}` });
  return object;
}
