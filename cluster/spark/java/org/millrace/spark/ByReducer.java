// Sends a frame to its reducer. The key of a frame has, from the top: reducer, map partition, and its number among the frames of that task.
package org.millrace.spark;

import org.apache.spark.Partitioner;

final class ByReducer extends Partitioner {
  private static final long serialVersionUID = 1;
  private static final int MAP_BITS = 20;
  private static final int FRAME_BITS = 23;

  private final int reducers;

  ByReducer(int reducers) {
    this.reducers = reducers;
  }

  /** Readers sort by it: they see the frames in the order of the map partitions, whatever came first. */
  static long key(int reducer, int map, int frame) {
    return ((long) reducer << (MAP_BITS + FRAME_BITS)) | ((long) map << FRAME_BITS) | (frame & ((1 << FRAME_BITS) - 1));
  }

  @Override
  public int numPartitions() {
    return reducers;
  }

  @Override
  public int getPartition(Object key) {
    return (int) ((Long) key >>> (MAP_BITS + FRAME_BITS));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ByReducer && ((ByReducer) other).reducers == reducers;
  }

  @Override
  public int hashCode() {
    return reducers;
  }
}
