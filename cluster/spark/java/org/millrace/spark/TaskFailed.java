// How a task failed, as its message: the session finds there what it tells the user.
package org.millrace.spark;

import java.util.Base64;

final class TaskFailed extends RuntimeException {
  private static final long serialVersionUID = 1;
  private static final byte ENDED = 0;
  private static final byte LOST = 1;
  private static final byte UNUSABLE = 2;
  private static final byte UNWRITTEN = 3;

  private TaskFailed(byte[] record) {
    super("<millrace " + Base64.getEncoder().encodeToString(record) + ">");
  }

  /** A worker reported how its task ended. */
  static TaskFailed ended(Stage stage, int partition, int attempt, int sparkStage, byte[] end) {
    return new TaskFailed(record(ENDED, stage, partition, attempt, sparkStage, end));
  }

  /** An executor has no worker that can run tasks: its host, why, and what to do, a line each. */
  static TaskFailed unusable(Stage stage, int partition, int attempt, int sparkStage, String what) {
    byte[] text = what.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    return new TaskFailed(record(UNUSABLE, stage, partition, attempt, sparkStage, text));
  }

  /** A part that a task saves could not be written: the kind of the failure, the folder and the words of Hadoop, a line each. */
  static TaskFailed unwritten(Stage stage, int partition, int attempt, int sparkStage, String what) {
    byte[] text = what.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    return new TaskFailed(record(UNWRITTEN, stage, partition, attempt, sparkStage, text));
  }

  /** A worker ended in the middle of its task. */
  static TaskFailed lost(Stage stage, int partition, int attempt, int sparkStage, String reason) {
    byte[] text = reason.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    return new TaskFailed(record(LOST, stage, partition, attempt, sparkStage, text));
  }

  private static byte[] record(byte kind, Stage stage, int partition, int attempt, int sparkStage, byte[] what) {
    return Bytes.of(
        out -> {
          out.writeByte(kind);
          Bytes.writeText(out, stage.program.id);
          out.writeInt(sparkStage);
          out.writeInt(partition);
          out.writeInt(attempt);
          Bytes.write(out, what);
        });
  }
}
