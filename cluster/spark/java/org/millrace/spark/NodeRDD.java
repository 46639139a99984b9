// A dataset whose partitions are computed by Node: rows of a persisted dataset, frames for reducers, or the answer of a job.
package org.millrace.spark;

import org.apache.spark.Dependency;
import org.apache.spark.Partition;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.rdd.DeterministicLevel;
import org.apache.spark.rdd.RDD;
import scala.Enumeration;
import scala.collection.Iterator;
import scala.collection.immutable.List;
import scala.reflect.ClassTag;

final class NodeRDD<T> extends RDD<T> {
  private static final long serialVersionUID = 1;

  final Stage stage;
  final RDD<?>[] parents;
  private final transient NodePartition[] own;
  private final transient Dependency<?>[] reads;

  NodeRDD(SparkContext sc, ClassTag<T> tag, Stage stage, RDD<?>[] parents, Dependency<?>[] reads, NodePartition[] own) {
    super(sc, Lists.of(reads), tag);
    this.stage = stage;
    this.parents = parents;
    this.reads = reads;
    this.own = own;
  }

  @Override
  public Partition[] getPartitions() {
    return own.clone();
  }

  @Override
  public List<Dependency<?>> getDependencies() {
    return Lists.of(reads);
  }

  @Override
  public List<String> getPreferredLocations(Partition partition) {
    return Lists.of(((NodePartition) partition).locations);
  }

  /** The session knows which rows may differ in another run; frames are sorted, so that no shuffle makes them differ. */
  @Override
  public Enumeration.Value getOutputDeterministicLevel() {
    return stage.isIndeterminate ? DeterministicLevel.INDETERMINATE() : DeterministicLevel.DETERMINATE();
  }

  @Override
  @SuppressWarnings("unchecked")
  public Iterator<T> compute(Partition partition, TaskContext context) {
    return (Iterator<T>) new TaskRun(this, (NodePartition) partition, context);
  }
}
