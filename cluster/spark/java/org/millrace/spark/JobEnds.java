// The ends of jobs, each told once the listener has heard of all that came before it: the session then knows what is persisted.
package org.millrace.spark;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

final class JobEnds {
  /** Spark drops events of listeners that are far behind: an end waits no longer for them. */
  private static final int PATIENCE_MS = 500;

  private final Events events;
  /** Ends that the listener has not heard of; null stands for a job that ended well. */
  private final Map<Integer, Throwable> waiting = new HashMap<>();
  private final Set<Integer> heard = new HashSet<>();
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread thread = new Thread(work, "millrace-job-ends");
            thread.setDaemon(true);
            return thread;
          });

  JobEnds(Events events) {
    this.events = events;
  }

  /** Spark has ended a job, or given it up. */
  synchronized void ended(int jobId, Throwable failure) {
    if (heard.remove(jobId)) events.jobEnded(jobId, failure);
    else {
      waiting.put(jobId, failure);
      timer.schedule(() -> heard(jobId, false), PATIENCE_MS, TimeUnit.MILLISECONDS);
    }
  }

  /** The listener has heard of the end of a job. */
  void heard(int jobId) {
    heard(jobId, true);
  }

  private synchronized void heard(int jobId, boolean isEarly) {
    if (waiting.containsKey(jobId)) events.jobEnded(jobId, waiting.remove(jobId));
    else if (isEarly) heard.add(jobId);
  }
}
