// Outputs: a name, and a function that runs in the session on the dataset of each batch.

import type { Time } from '../../base/duration';
import type { CallSite } from '../../base/flow';
import type { RDD } from '../../rdd/rdd';
import type { DStream } from './dstream';
import type { FailurePolicy } from './failure-policy';
import type { BatchInfo } from './listener';

/** The batch that an output is called for. */
export interface RunningBatch {
  readonly time: Time;
  /** Batches that wait behind this one. */
  readonly waiting: number;
  info(): BatchInfo;
}

export interface Output {
  /** `print of counts`, as errors and `.streams` name it. */
  readonly name: string;
  readonly stream: DStream<unknown>;
  /** The user's call that added it. */
  readonly callSite?: CallSite;
  /** What happens when it fails. Left out: the batch is reported, and later ones go on. */
  readonly policy?: FailurePolicy;
  /** Handles one batch; a promise that rejects fails this output of this batch only. */
  readonly run: (rdd: RDD<unknown>, batch: RunningBatch) => unknown;
  /** Called when it has failed for a batch. */
  readonly failed?: (time: Time, error: Error) => void;
  /** Called when no more batches will come. */
  readonly ended?: () => void;
}

/** An output that was added: `stop` ends it, and the sources that no other output reads. */
export class OutputHandle {
  /** What `.streams` and `.stop` call it. */
  readonly name: string;
  readonly #stop: () => void;

  /** @internal */ constructor(name: string, stop: () => void) {
    this.name = name;
    this.#stop = stop;
  }

  /** Ends the output. */
  stop(): void {
    this.#stop();
  }
}
