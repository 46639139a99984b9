// Reads one bucket of a map output, and tells a task that could not read it from one that failed.
import { fstatSync, openSync } from 'node:fs';
import { asError, MillraceError } from '../../base/errors';
import { closeQuietly } from '../../base/files';
import type { BucketLocation, Split } from '../../plan/program';
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

/** The frames of a reduce partition, in the order of the map tasks. Throws FetchFailure. */
export function* readBuckets(folder: string, split: Split, onBytes: (bytes: number) => void): Generator<PairFrame> {
  if (split.kind !== 'buckets') throw new MillraceError('INTERNAL', { reason: `a ${split.kind} split for a shuffle` });
  for (const location of split.buckets) {
    if (location.size === 0) continue;
    yield* readLocation(folder, split.shuffleId, location, split.index);
    onBytes(location.size);
  }
  if (split.missing) throw new FetchFailure(split.shuffleId, undefined, 'its map output is not there');
}

/** The frames of one bucket of a map output. Throws FetchFailure. */
function* readLocation(folder: string, shuffleId: number, location: BucketLocation, bucket: number): Generator<PairFrame> {
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
