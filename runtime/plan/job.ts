// A job as plain data: what is to become of some partitions of a dataset.
import type { CallSite } from '../base/flow';
import type { FunctionNode } from './node';
import type { Sink } from './program';

export interface Job {
  /** The dataset that it runs on, by id. */
  readonly root: number;
  /** What becomes of its rows; functions refer to `functions` by index. */
  readonly sink: Sink;
  readonly functions: readonly FunctionNode[];
  /** The partitions that are asked for. The tasks of a barrier stage wait for each other, so that one runs all of its. */
  readonly partitions: readonly number[];
  /** For `.jobs` and progress: `count of textFile`. */
  readonly title: string;
  /** The local properties at the time of the call: job group, description, tags, pool, and the user's own. */
  readonly properties: Readonly<Record<string, string>>;
  /** Added files by name, with the blobs that hold them. */
  readonly files: Readonly<Record<string, string>>;
  /** The user's text that started it. */
  readonly callSite?: CallSite;
}
