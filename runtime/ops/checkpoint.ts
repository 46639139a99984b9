// Checkpointing: cuts the lineage of a dataset off by writing its partitions to files.
import { MillraceError } from '../base/errors';
import { markForCheckpoint } from '../rdd/checkpoint';
import { RDD } from '../rdd/rdd';

declare module '../rdd/rdd' {
  interface RDD<T> {
    /**
     * Has the first job that needs this dataset write its partitions into the folder of `sc.setCheckpointDir` before all else; later
     * jobs read them there, and what it was made of is not needed any more. Throws NO_CHECKPOINT_DIR. As Spark's, but computed once.
     * @example const safe = (rdd) => { sc.setCheckpointDir('checkpoints'); rdd.checkpoint(); }
     */
    checkpoint(): void;
    /**
     * As `checkpoint`, but the files lie in the session's own folder: they outlive executors, and go with the session.
     * @example await sc.range(3).map(x => x + 1).localCheckpoint().collect() // [1, 2, 3]
     */
    localCheckpoint(): this;
    /**
     * Whether its partitions are read from a checkpoint now.
     * @example sc.range(3).isCheckpointed
     */
    readonly isCheckpointed: boolean;
    /**
     * The folder of its checkpoint, once it is written.
     * @example sc.range(3).getCheckpointFile()
     */
    getCheckpointFile(): string | undefined;
  }
}

RDD.prototype.checkpoint = function () {
  const folder = this.context.getCheckpointDir();
  if (folder === undefined) throw new MillraceError('NO_CHECKPOINT_DIR', { name: this.toString() });
  markForCheckpoint(this.context, this, folder);
};

RDD.prototype.localCheckpoint = function () {
  markForCheckpoint(this.context, this, undefined);
  return this;
};

Object.defineProperty(RDD.prototype, 'isCheckpointed', {
  get(this: RDD<unknown>) {
    return this.checkpointed?.isWritten === true;
  },
});

RDD.prototype.getCheckpointFile = function () {
  return this.checkpointed?.path;
};
