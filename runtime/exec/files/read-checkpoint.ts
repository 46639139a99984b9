// Reads a partition of a checkpoint, for which there is no lineage to fall back on.
import { asError, MillraceError } from '../../base/errors';
import { FrameFile } from '../../storage/frame-file';

/** The rows of the file; it is closed by what is added to `cleanups`. Throws CHECKPOINT_LOST. */
export function* readCheckpoint(path: string, cleanups: (() => void)[]): Generator<unknown[]> {
  try {
    const file = FrameFile.open(path);
    cleanups.push(() => file.close());
    yield* file.rows();
  } catch (e) {
    // What a consumer of the rows throws does not pass here.
    throw new MillraceError('CHECKPOINT_LOST', { path, reason: asError(e).message });
  }
}
