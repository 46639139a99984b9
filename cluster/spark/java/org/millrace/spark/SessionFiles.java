// Files of the session's folder that tasks of this executor read or write: brought here as blobs, once for all of its workers.
package org.millrace.spark;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.SparkEnv;
import org.apache.spark.SparkFiles;

final class SessionFiles {
  /** Files that no task reads stay here up to this number: the next task may read them again. */
  private static final int KEPT = 64;

  /** By last use, by their path below the folder. */
  private static final Map<String, Placed> PLACED = new LinkedHashMap<>(16, 0.75f, true);

  private static final class Placed {
    final String blob;
    int users;

    Placed(String blob) {
      this.blob = blob;
    }
  }

  private SessionFiles() {}

  /** The folder of this executor that stands for the session's; empty in the driver, which sees the session's own. */
  static String folder() {
    if (SparkEnv.get().executorId().equals("driver")) return "";
    return new File(SparkFiles.getRootDirectory(), "millrace").getAbsoluteFile().toPath().normalize().toString();
  }

  /** Puts the files of a partition in their places; they stay there until `release`. */
  static void place(NodePartition partition) throws IOException {
    if (partition.files.length == 0) return;
    synchronized (PLACED) {
      for (int i = 0; i < partition.files.length; i++) place(partition.files[i], partition.fileBlobs[i]);
    }
  }

  private static void place(String name, Blob blob) throws IOException {
    Placed there = PLACED.get(name);
    if (there == null || !there.blob.equals(blob.id)) {
      Path path = new File(folder(), name).toPath();
      Files.createDirectories(path.getParent());
      Path part = path.resolveSibling(path.getFileName() + ".part");
      Files.write(part, blob.bytes());
      Files.move(part, path, StandardCopyOption.REPLACE_EXISTING);
      Placed placed = new Placed(blob.id);
      if (there != null) placed.users = there.users;
      PLACED.put(name, there = placed);
    }
    there.users++;
  }

  /** The task has ended: files that were used longest ago go. */
  static void release(NodePartition partition) {
    if (partition.files.length == 0) return;
    synchronized (PLACED) {
      for (String name : partition.files) {
        Placed placed = PLACED.get(name);
        if (placed != null) placed.users--;
      }
      int over = PLACED.size() - KEPT;
      for (Iterator<Map.Entry<String, Placed>> oldest = PLACED.entrySet().iterator(); over > 0 && oldest.hasNext(); ) {
        Map.Entry<String, Placed> entry = oldest.next();
        if (entry.getValue().users > 0) continue;
        new File(folder(), entry.getKey()).delete();
        oldest.remove();
        over--;
      }
    }
  }

  /** The bytes of a file that a task of this executor has written for the session, which is removed here. */
  static byte[] take(String name) throws IOException {
    Path path = new File(folder(), name).toPath();
    byte[] bytes = Files.readAllBytes(path);
    Files.delete(path);
    return bytes;
  }
}
