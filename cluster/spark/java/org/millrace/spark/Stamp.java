// The first element of a persisted partition: it tells this computation of it from all others, so that copies of its rows are known by it.
package org.millrace.spark;

import java.nio.ByteBuffer;
import java.util.UUID;

final class Stamp {
  private static final int TASK_AT = 1;
  private static final int COMPUTATION_AT = 9;

  private Stamp() {}

  /** One for rows that a task begins to compute. */
  static byte[] of(int definition, int partition, long task) {
    UUID id = UUID.randomUUID();
    return ByteBuffer.allocate(COMPUTATION_AT + 24)
        .put(Worker.STAMP)
        .putLong(task)
        .putInt(definition)
        .putInt(partition)
        .putLong(id.getMostSignificantBits())
        .putLong(id.getLeastSignificantBits())
        .array();
  }

  static boolean is(Object piece) {
    return piece instanceof byte[] && ((byte[]) piece)[0] == Worker.STAMP;
  }

  /** Definition, partition and number of the computation; null where the reading task made it itself: it may be stored nowhere. */
  static byte[] computation(byte[] stamp, long reader) {
    if (ByteBuffer.wrap(stamp).getLong(TASK_AT) == reader) return null;
    return java.util.Arrays.copyOfRange(stamp, COMPUTATION_AT, stamp.length);
  }
}
