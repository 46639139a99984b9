// What the tasks of one dataset run: its program, the blobs that it needs, and what it is for.
package org.millrace.spark;

import java.io.Serializable;

final class Stage implements Serializable {
  private static final long serialVersionUID = 1;

  /** What becomes of the rows. */
  static final byte ANSWER = 0;
  static final byte SHUFFLE = 1;
  static final byte STORE = 2;

  byte kind;
  /** The dataset that is persisted, where it is one. */
  int dataset;
  /** What the accumulators of its tasks count once in: a shuffle, or a job. */
  String within;
  String name;
  boolean isIndeterminate;
  Blob program;
  Blob[] needs;
  Reports reports;
}
