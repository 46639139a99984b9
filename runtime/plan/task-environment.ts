// What a task sees of its job beside its program: local properties, added files, and the other members of its barrier stage.
import { hash } from 'node:crypto';
import { encode } from '../wire/codec';

/** The local property that names the zone of the session, by Spark's name. */
export const timeZoneProperty = 'spark.sql.session.timeZone';

export interface TaskEnvironment {
  readonly properties: readonly (readonly [string, string])[];
  /** Added files by name, with the blobs that hold them. */
  readonly files: readonly (readonly [string, string])[];
  /** The executors of all tasks of a barrier stage, by partition. */
  readonly members?: readonly string[];
}

/** The environment as a blob, by content: tasks of jobs with the same one share it. */
export function environmentBlob(environment: TaskEnvironment): { id: string; bytes: Uint8Array } {
  const bytes = encode(environment);
  return { id: `environment-${hash('sha1', bytes)}`, bytes };
}
