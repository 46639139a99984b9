// Tells the session what Spark's listeners hear of jobs, stages, tasks, executors and persisted partitions.
package org.millrace.spark;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.Success$;
import org.apache.spark.TaskFailedReason;
import org.apache.spark.executor.TaskMetrics;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.apache.spark.scheduler.SparkListenerBlockUpdated;
import org.apache.spark.scheduler.SparkListenerExecutorAdded;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.scheduler.StageInfo;
import org.apache.spark.scheduler.TaskInfo;
import org.apache.spark.storage.BlockUpdatedInfo;
import org.apache.spark.storage.RDDBlockId;
import org.apache.spark.storage.RDDInfo;

public final class Listener extends SparkListener {
  private static Events toTell;
  private static Map<Integer, Integer> known;
  private static JobEnds toHear;

  private final Events events = toTell;
  private final Map<Integer, Integer> keys = known;
  private final JobEnds ends = toHear;
  /** The session's numbers of running jobs by Spark's. */
  private final Map<Integer, Integer> jobs = new ConcurrentHashMap<>();

  /** What the listener that Spark is about to make tells, and the session's numbers of datasets by Spark's. */
  static void begin(Events events, Map<Integer, Integer> keys, JobEnds ends) {
    toTell = events;
    known = keys;
    toHear = ends;
  }

  @Override
  public void onJobStart(SparkListenerJobStart start) {
    String job = start.properties().getProperty(Driver.JOB);
    if (job == null) return;
    jobs.put(start.jobId(), Integer.parseInt(job));
    events.tell(
        Events.JOB_STARTED,
        out -> {
          out.writeInt(Integer.parseInt(job));
          out.writeInt(start.stageInfos().size());
          for (int i = 0; i < start.stageInfos().size(); i++) {
            StageInfo stage = start.stageInfos().apply(i);
            out.writeInt(stage.stageId());
            out.writeInt(keyOf(stage));
            out.writeInt(stage.numTasks());
            out.writeInt(stage.parentIds().size());
            for (int j = 0; j < stage.parentIds().size(); j++) out.writeInt((Integer) stage.parentIds().apply(j));
          }
        });
  }

  @Override
  public void onJobEnd(SparkListenerJobEnd end) {
    Integer job = jobs.remove(end.jobId());
    if (job != null) ends.heard(job);
  }

  @Override
  public void onApplicationEnd(SparkListenerApplicationEnd ended) {
    events.tell(Events.APPLICATION_ENDED, out -> {});
  }

  /** The dataset that ends a stage: of those that the session knows, Spark has made it last. */
  private int keyOf(StageInfo stage) {
    int last = -1;
    for (int i = 0; i < stage.rddInfos().size(); i++) {
      RDDInfo rdd = stage.rddInfos().apply(i);
      if (rdd.id() > last && keys.containsKey(rdd.id())) last = rdd.id();
    }
    return last < 0 ? -1 : keys.get(last);
  }

  @Override
  public void onStageSubmitted(SparkListenerStageSubmitted submitted) {
    StageInfo stage = submitted.stageInfo();
    events.tell(
        Events.STAGE_SUBMITTED,
        out -> {
          out.writeInt(stage.stageId());
          out.writeInt(stage.attemptNumber());
          out.writeInt(stage.numTasks());
        });
  }

  @Override
  public void onStageCompleted(SparkListenerStageCompleted completed) {
    StageInfo stage = completed.stageInfo();
    events.tell(
        Events.STAGE_COMPLETED,
        out -> {
          out.writeInt(stage.stageId());
          out.writeInt(stage.attemptNumber());
          Bytes.writeText(out, stage.failureReason().isDefined() ? stage.failureReason().get() : "");
        });
  }

  @Override
  public void onTaskStart(SparkListenerTaskStart start) {
    TaskInfo task = start.taskInfo();
    events.tell(
        Events.TASK_STARTED,
        out -> {
          out.writeDouble(task.taskId());
          out.writeInt(start.stageId());
          out.writeInt(start.stageAttemptId());
          out.writeInt(task.partitionId());
          out.writeInt(task.attemptNumber());
          Bytes.writeText(out, task.executorId());
          out.writeBoolean(task.speculative());
        });
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd end) {
    TaskMetrics metrics = end.taskMetrics();
    boolean isWell = end.reason() == Success$.MODULE$;
    events.tell(
        Events.TASK_ENDED,
        out -> {
          out.writeDouble(end.taskInfo().taskId());
          out.writeInt(end.stageId());
          Bytes.writeText(out, isWell ? "" : reasonOf(end));
          out.writeDouble(metrics == null ? 0 : metrics.executorRunTime());
          out.writeDouble(metrics == null ? 0 : metrics.shuffleWriteMetrics().bytesWritten());
          out.writeDouble(metrics == null ? 0 : metrics.shuffleReadMetrics().totalBytesRead());
        });
  }

  private static String reasonOf(SparkListenerTaskEnd end) {
    if (end.reason() instanceof ExceptionFailure) return ((ExceptionFailure) end.reason()).description();
    return ((TaskFailedReason) end.reason()).toErrorString();
  }

  @Override
  public void onExecutorAdded(SparkListenerExecutorAdded added) {
    events.tell(
        Events.EXECUTOR_ADDED,
        out -> {
          Bytes.writeText(out, added.executorId());
          Bytes.writeText(out, added.executorInfo().executorHost());
          out.writeInt(added.executorInfo().totalCores());
        });
  }

  @Override
  public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
    events.tell(
        Events.EXECUTOR_REMOVED,
        out -> {
          Bytes.writeText(out, removed.executorId());
          Bytes.writeText(out, removed.reason());
        });
  }

  @Override
  public void onBlockUpdated(SparkListenerBlockUpdated updated) {
    BlockUpdatedInfo info = updated.blockUpdatedInfo();
    if (!(info.blockId() instanceof RDDBlockId)) return;
    RDDBlockId block = (RDDBlockId) info.blockId();
    Integer key = keys.get(block.rddId());
    if (key == null) return;
    boolean isValid = info.storageLevel().isValid();
    events.tell(
        Events.BLOCK,
        out -> {
          out.writeInt(key);
          out.writeInt(block.splitIndex());
          Bytes.writeText(out, info.blockManagerId().executorId());
          out.writeDouble(isValid ? info.memSize() : 0);
          out.writeDouble(isValid ? info.diskSize() : 0);
        });
  }
}
