// Which partitions of a parent each partition reads. Only the driver asks.
package org.millrace.spark;

import org.apache.spark.NarrowDependency;
import org.apache.spark.rdd.RDD;
import scala.collection.immutable.List;

final class Reads<T> extends NarrowDependency<T> {
  private static final long serialVersionUID = 1;
  private final transient int[][] reads;

  Reads(RDD<T> parent, int[][] reads) {
    super(parent);
    this.reads = reads;
  }

  @Override
  public List<Object> getParents(int partition) {
    return Lists.of(reads[partition]);
  }
}
