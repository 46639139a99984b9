// What the driver tells the session: each event is a length, a kind and a body, written by a thread of its own in the order of the events.
package org.millrace.spark;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.spark.SparkContext;

final class Events {
  private static final byte READY = 1;
  private static final byte START_FAILED = 2;
  private static final byte ANSWER = 3;
  private static final byte JOB_ENDED = 4;
  private static final byte REPORT = 5;
  static final byte JOB_STARTED = 6;
  static final byte STAGE_SUBMITTED = 7;
  static final byte STAGE_COMPLETED = 8;
  static final byte TASK_STARTED = 9;
  static final byte TASK_ENDED = 10;
  static final byte EXECUTOR_ADDED = 11;
  static final byte EXECUTOR_REMOVED = 12;
  static final byte BLOCK = 13;
  static final byte APPLICATION_ENDED = 14;
  private static final byte HADOOP = 15;

  private static final byte[] LAST = new byte[0];

  private final BlockingQueue<byte[]> waiting = new LinkedBlockingQueue<>();
  private final Thread writer;

  Events(OutputStream out, String word) throws IOException {
    out.write(word.getBytes(StandardCharsets.US_ASCII));
    DataOutputStream to = new DataOutputStream(new BufferedOutputStream(out, 1 << 16));
    writer = new Thread(() -> write(to), "millrace-events");
    writer.setDaemon(true);
    writer.start();
  }

  private void write(DataOutputStream out) {
    try {
      for (byte[] event = waiting.take(); event != LAST; event = waiting.take()) {
        Bytes.write(out, event);
        if (waiting.isEmpty()) out.flush();
      }
      out.flush();
    } catch (IOException e) {
      // The session is gone: so is the need for this process.
      System.exit(0);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits until all events are written. */
  void close() {
    waiting.add(LAST);
    try {
      writer.join(5000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  void tell(byte kind, Bytes.Writing body) {
    waiting.add(
        Bytes.of(
            out -> {
              out.writeByte(kind);
              body.to(out);
            }));
  }

  void ready(SparkContext sc) {
    tell(
        READY,
        out -> {
          Bytes.writeText(out, sc.version());
          Bytes.writeText(out, sc.applicationId());
          Bytes.writeText(out, sc.uiWebUrl().isDefined() ? sc.uiWebUrl().get() : "");
          out.writeDouble(Runtime.getRuntime().maxMemory());
        });
  }

  void startFailed(Throwable e) {
    tell(START_FAILED, out -> Bytes.writeText(out, textOf(e)));
  }

  void answer(int jobId, int index, byte[] value) {
    tell(
        ANSWER,
        out -> {
          out.writeInt(jobId);
          out.writeInt(index);
          Bytes.write(out, value);
        });
  }

  void hadoop(int id, byte[] answer) {
    tell(
        HADOOP,
        out -> {
          out.writeInt(id);
          out.write(answer);
        });
  }

  void jobEnded(int jobId, Throwable failure) {
    tell(
        JOB_ENDED,
        out -> {
          out.writeInt(jobId);
          Bytes.writeText(out, failure == null ? "" : textOf(failure));
        });
  }

  void report(byte[] report) {
    tell(REPORT, out -> out.write(report, 1, report.length - 1));
  }

  private static String textOf(Throwable e) {
    StringBuilder text = new StringBuilder();
    for (Throwable at = e; at != null && text.length() < (1 << 20); at = at.getCause()) {
      if (text.length() > 0) text.append("\ncaused by ");
      text.append(at);
    }
    return text.toString();
  }
}
