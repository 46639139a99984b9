// One partition of a dataset: the split that its worker reads, and the partitions of parents that it is fed.
package org.millrace.spark;

import org.apache.spark.Partition;

final class NodePartition implements Partition {
  private static final long serialVersionUID = 1;

  private final int index;
  /** Its number among the partitions of the dataset: a job may run some of them only. */
  final int number;
  final byte[] split;
  /** For each feed its parent. */
  final int[] parents;
  /** For each feed the partition of that parent. */
  final Partition[] feeds;
  /** Files of the session's folder that it reads, by their names there, and what they hold. */
  final String[] files;
  final Blob[] fileBlobs;
  final transient String[] locations;

  NodePartition(
      int index,
      int number,
      byte[] split,
      int[] parents,
      Partition[] feeds,
      String[] files,
      Blob[] fileBlobs,
      String[] locations) {
    this.index = index;
    this.number = number;
    this.split = split;
    this.parents = parents;
    this.feeds = feeds;
    this.files = files;
    this.fileBlobs = fileBlobs;
    this.locations = locations;
  }

  @Override
  public int index() {
    return index;
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return index;
  }
}
