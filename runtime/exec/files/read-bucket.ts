// Reads one bucket of a map output, and tells a task that could not read it from one that failed.
import { fstatSync, openSync } from 'node:fs';
import { asError } from '../../base/errors';
import { closeQuietly } from '../../base/files';
import type { BucketLocation } from '../../plan/program';
import { type PairFrame, readBucket, shufflePath } from '../../storage/shuffle-file';

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
  const path = shufflePath(folder, shuffleId, location.mapIndex, location.writer);
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    yield* readBucket(path, fd, fstatSync(fd).size, bucket);
  } catch (e) {
    // What a consumer of the frames throws does not pass here.
    throw new FetchFailure(shuffleId, location, asError(e).message);
  } finally {
    if (fd !== undefined) closeQuietly(fd);
  }
}
