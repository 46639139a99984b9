// The Node workers of one executor: idle ones run the next task, and those of cancelled tasks are ended.
package org.millrace.spark;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
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
  private static Thread watch;

  private Workers() {}

  /** A worker for a task, an idle one where there is any. */
  static Worker take(TaskContext context) {
    Worker worker = idle();
    if (worker == null) worker = launch();
    synchronized (IDLE) {
      if (watch == null) {
        watch = new Thread(Workers::watch, "millrace-workers");
        watch.setDaemon(true);
        watch.start();
      }
    }
    BUSY.put(worker, context);
    return worker;
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

  private static Worker idle() {
    synchronized (IDLE) {
      while (!IDLE.isEmpty()) {
        Worker worker = IDLE.pop();
        if (worker.isAlive()) return worker;
      }
      return null;
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

  private static Worker launch() {
    SparkConf conf = SparkEnv.get().conf();
    List<String> command = new ArrayList<>();
    command.add(conf.get("spark.millrace.node", "node"));
    for (String flag : conf.get("spark.millrace.nodeFlags", "").split(" ")) if (!flag.isEmpty()) command.add(flag);
    command.add(SparkFiles.get("spark-worker.js"));
    try {
      return new Worker(command, SparkEnv.get().executorId() + "\n" + conf.get("spark.millrace.settings"));
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
