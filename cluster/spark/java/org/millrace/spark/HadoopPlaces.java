// Files of Hadoop's file systems as readers of tables see them: found with their sizes, and read from any place on.
package org.millrace.spark;

import java.io.Closeable;
import java.io.DataInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Those that one task, or one request of the session, has open. */
final class HadoopPlaces implements Closeable {
  /** As many first bytes as tell how a text is written. */
  private static final int HEAD_BYTES = 4096;

  /** A file is not what it was when it was found. */
  static final class Changed extends IOException {
    private static final long serialVersionUID = 1;

    Changed(String reason) {
      super(reason);
    }
  }

  private final Configuration conf;
  private final Map<String, FSDataInputStream> open = new HashMap<>();

  HadoopPlaces(Configuration conf) {
    this.conf = conf;
  }

  /** The files of a path: itself, those of a folder, or what a pattern matches; with their first bytes where they are wanted. */
  static byte[] find(Configuration conf, DataInputStream in) throws IOException {
    String path = Bytes.readText(in);
    boolean heads = in.readBoolean();
    Path asked = new Path(path);
    FileSystem files = asked.getFileSystem(conf);
    FileStatus[] found = files.globStatus(asked);
    if (found == null) throw new FileNotFoundException(path);
    if (found.length == 0) throw new org.apache.hadoop.mapred.InvalidInputException(List.of(new IOException(path + " matches 0 files")));
    Arrays.sort(found);
    List<FileStatus> all = new ArrayList<>();
    for (FileStatus one : found) {
      if (one.isFile()) all.add(one);
      else Arrays.stream(files.listStatus(one.getPath())).filter(FileStatus::isFile).filter(HadoopPlaces::isData).sorted().forEach(all::add);
    }
    byte[][] first = all.parallelStream().map(one -> heads ? head(files, one) : new byte[0]).toArray(byte[][]::new);
    return Bytes.of(
        out -> {
          out.writeInt(all.size());
          for (int i = 0; i < first.length; i++) {
            Bytes.writeText(out, all.get(i).getPath().toString());
            out.writeDouble(all.get(i).getLen());
            Bytes.writeText(out, tagOf(all.get(i)));
            Bytes.write(out, first[i]);
          }
        });
  }

  private static boolean isData(FileStatus file) {
    return !file.getPath().getName().matches("[._].*");
  }

  private static String tagOf(FileStatus file) {
    return String.valueOf(file.getModificationTime());
  }

  private static byte[] head(FileSystem files, FileStatus file) {
    byte[] bytes = new byte[(int) Math.min(HEAD_BYTES, file.getLen())];
    try (FSDataInputStream in = files.open(file.getPath())) {
      in.readFully(0, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes;
  }

  /** Bytes of a file from a place on. */
  byte[] read(DataInputStream in) throws IOException {
    String path = Bytes.readText(in);
    long size = (long) in.readDouble();
    String tag = Bytes.readText(in);
    long position = (long) in.readDouble();
    byte[] bytes = new byte[(int) Math.max(0, Math.min(in.readInt(), size - position))];
    FSDataInputStream file = open.get(path);
    if (file == null) open.put(path, file = opened(new Path(path), size, tag));
    file.readFully(position, bytes);
    return bytes;
  }

  private FSDataInputStream opened(Path path, long size, String tag) throws IOException {
    FileSystem files = path.getFileSystem(conf);
    FileStatus now = files.getFileStatus(path);
    if (now.getLen() != size) throw new Changed("it had " + size + " bytes, and has " + now.getLen());
    if (!tag.isEmpty() && !tag.equals(tagOf(now))) throw new Changed("it was written to");
    return files.open(path);
  }

  @Override
  public void close() {
    for (FSDataInputStream file : open.values()) {
      try {
        file.close();
      } catch (IOException e) {
        // It was read as far as it was needed.
      }
    }
    open.clear();
  }
}
