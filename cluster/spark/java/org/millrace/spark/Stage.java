// What the tasks of one dataset run: its program, the blobs that it needs, and what it is for.
package org.millrace.spark;

import java.io.Serializable;

final class Stage implements Serializable {
  private static final long serialVersionUID = 1;

  /** What becomes of the rows. */
  static final byte ANSWER = 0;
  static final byte SHUFFLE = 1;
  static final byte STORE = 2;

  /** The number of its definition. */
  int key;
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
  /** All of its tasks run at the same time. */
  boolean isBarrier;
  /** The state of a stream of which its tasks hold tables; -1 where there is none. */
  int state;
  /** The folder, below the session's, where each task leaves a file that is part of its answer; empty where none does. */
  String leaves;
  /** The settings of Hadoop. */
  Blob hadoop;
  /** Where the files lie that its tasks save through Hadoop; null where they save none. */
  Save save;

  /** A folder that a job writes. */
  static final class Save implements Serializable {
    private static final long serialVersionUID = 1;

    final String folder;
    private final String tag;
    private final String suffix;

    Save(String folder, String tag, String suffix) {
      this.folder = folder;
      this.tag = tag;
      this.suffix = suffix;
    }

    HadoopOutput.Part part(org.apache.hadoop.conf.Configuration conf, int partition) throws java.io.IOException {
      return new HadoopOutput.Part(conf, folder, tag, suffix, partition);
    }
  }
}
