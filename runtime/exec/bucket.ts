// Reads one bucket of a map output, and tells a task that could not read it from one that failed.
import { closeSync, fstatSync, openSync } from 'node:fs';
import { asError } from '../errors';
import { type PairFrame, readBucket, shufflePath } from '../storage/shuffle-file';
import type { BucketLocation } from './program';

/** A bucket that could not be read: its map task must run again. */
export class FetchFailure extends Error {
  constructor(
    readonly shuffleId: number,
    readonly location: BucketLocation | undefined,
    reason: string,
  ) {
    super(reason);
  }
}

/** The frames of one bucket of a map output. Throws FetchFailure. */
export function* readLocation(folder: string, shuffleId: number, location: BucketLocation, bucket: number): Generator<PairFrame> {
  const path = shufflePath(folder, shuffleId, location.mapIndex, location.attempt);
  let fd: number | undefined;
  const failed = (e: unknown): never => {
    throw new FetchFailure(shuffleId, location, asError(e).message);
  };
  try {
    fd = openSync(path, 'r');
  } catch (e) {
    failed(e);
  }
  try {
    const frames = readBucket(path, fd!, fstatSync(fd!).size, bucket);
    for (;;) {
      let step: IteratorResult<PairFrame>;
      try {
        step = frames.next();
      } catch (e) {
        failed(e);
      }
      if (step!.done) return;
      yield step!.value;
    }
  } finally {
    closeSync(fd!);
  }
}
