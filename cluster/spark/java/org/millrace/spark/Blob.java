// Bytes that workers need by name: small ones go with the task, large ones as a broadcast of Spark.
package org.millrace.spark;

import java.io.Serializable;
import org.apache.spark.SparkContext;
import org.apache.spark.broadcast.Broadcast;
import scala.reflect.ClassTag$;

final class Blob implements Serializable {
  private static final long serialVersionUID = 1;
  /** A broadcast costs several round trips, a task carries this much unnoticed. */
  private static final int SMALL = 16 << 10;

  final String id;
  private final byte[] small;
  private final Broadcast<byte[]> large;

  Blob(SparkContext sc, String id, byte[] bytes) {
    this.id = id;
    boolean isSmall = bytes.length <= SMALL;
    this.small = isSmall ? bytes : null;
    this.large = isSmall ? null : sc.broadcast(bytes, ClassTag$.MODULE$.apply(byte[].class));
  }

  byte[] bytes() {
    return small != null ? small : large.value();
  }

  /** Drops it everywhere, once no dataset names it any more. */
  void drop() {
    if (large != null) large.destroy();
  }
}
