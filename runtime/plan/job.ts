// A job as plain data: what is to become of some partitions of a dataset.
import type { CallSite } from '../base/flow';
import type { FunctionNode } from './node';
import type { Sink } from './program';

/** The user's code that tasks need beside their programs: names of blobs. */
export interface JobCode {
  /** The user's modules. */
  readonly modules: string;
  /** The classes that rows may be instances of, with what these need. */
  readonly classes: readonly string[];
}

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
  /** Set where the engine is another process than the session: it cannot ask this process for the user's code. */
  readonly code?: JobCode;
}
