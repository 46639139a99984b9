// The Node workers of one executor: idle ones run the next task, and those of cancelled tasks are ended.
package org.millrace.spark;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkFiles;
import org.apache.spark.TaskContext;

final class Workers {
  /** Between two looks at tasks that may have been cancelled. */
  private static final int WATCH_MS = 50;

  private static final Deque<Worker> IDLE = new ArrayDeque<>();
  private static final Map<Worker, TaskContext> BUSY = new ConcurrentHashMap<>();
  /** The worker that has the newest table of a stream's state in memory, by state and partition. */
  private static final Map<Long, Worker> HOLDERS = new HashMap<>();
  private static Thread watch;

  private Workers() {}

  /**
   * A worker for a task, an idle one where there is any: at best the one that has the table of a stream's state in memory, or else that
   * has read the same persisted partitions before.
   */
  static Worker take(TaskContext context, long table, List<String> stamps) {
    Worker worker = idle(table, stamps);
    if (worker == null) worker = launch();
    synchronized (IDLE) {
      worker.reads(stamps);
      if (watch == null) {
        watch = new Thread(Workers::watch, "millrace-workers");
        watch.setDaemon(true);
        watch.start();
      }
    }
    if (table >= 0) hold(table, worker);
    BUSY.put(worker, context);
    return worker;
  }

  /** The table of a state goes to a worker: the one that had it has an old version now. */
  private static void hold(long table, Worker worker) {
    synchronized (IDLE) {
      Worker before = HOLDERS.put(table, worker);
      if (before != null) before.tables--;
      worker.tables++;
    }
  }

  /** Starts workers before the first task asks for them. */
  static void prepare(int count) {
    for (int i = 0; i < count; i++) {
      Worker worker = launch();
      synchronized (IDLE) {
        IDLE.push(worker);
      }
    }
  }

  private static Worker idle(long table, List<String> stamps) {
    synchronized (IDLE) {
      IDLE.removeIf(worker -> !worker.isAlive());
      HOLDERS.values().removeIf(worker -> !worker.isAlive());
      Worker best = IDLE.peek();
      // Tables spread over the workers, and tasks without one leave those with tables to others.
      for (Worker worker : IDLE) {
        int more = worker.known(stamps) - best.known(stamps);
        if (more > 0 || more == 0 && worker.tables < best.tables) best = worker;
      }
      Worker holder = table < 0 ? null : HOLDERS.get(table);
      if (IDLE.contains(holder)) best = holder;
      if (best != null) IDLE.remove(best);
      return best;
    }
  }

  /** A worker has ended its task, and waits for another. */
  static void give(Worker worker) {
    BUSY.remove(worker);
    worker.own(null);
    try {
      worker.forgetOld();
    } catch (IOException e) {
      worker.kill();
      return;
    }
    synchronized (IDLE) {
      IDLE.push(worker);
    }
  }

  static String host() {
    return SparkEnv.get().blockManager().blockManagerId().host();
  }

  private static Worker launch() {
    SparkConf conf = SparkEnv.get().conf();
    List<String> command = new ArrayList<>();
    String shipped = conf.get("spark.millrace.shippedNode", "");
    command.add(shipped.isEmpty() ? conf.get("spark.millrace.node", "node") : SparkFiles.get(shipped));
    for (String flag : conf.get("spark.millrace.nodeFlags", "").split(" ")) if (!flag.isEmpty()) command.add(flag);
    command.add(SparkFiles.get("spark-worker.js"));
    try {
      return new Worker(command, SparkEnv.get().executorId() + "\n" + SessionFiles.folder() + "\n" + conf.get("spark.millrace.settings"));
    } catch (IOException e) {
      throw new IllegalStateException("The worker could not be started: " + e.getMessage(), e);
    }
  }

  private static void watch() {
    try {
      for (; ; ) {
        Thread.sleep(WATCH_MS);
        BUSY.forEach(
            (worker, context) -> {
              if (!context.isInterrupted() && !context.isCompleted()) return;
              if (BUSY.remove(worker, context)) worker.kill();
            });
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
