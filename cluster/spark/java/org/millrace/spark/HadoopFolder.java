// Small files of folders on Hadoop's file systems, as checkpoints of streams need them: listed, read, written whole, removed.
package org.millrace.spark;

import java.io.DataInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Arrays;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;

final class HadoopFolder {
  private static final byte[] NOTHING = new byte[0];

  private HadoopFolder() {}

  /** Makes a folder that its owner alone enters, unless it is there. */
  static byte[] make(Configuration conf, DataInputStream in) throws IOException {
    Path folder = new Path(Bytes.readText(in));
    FileSystem files = folder.getFileSystem(conf);
    if (files.exists(folder) && !files.getFileStatus(folder).isDirectory()) throw new FileAlreadyExistsException("it is a file");
    files.mkdirs(folder);
    files.setPermission(folder, new FsPermission((short) 0700));
    return NOTHING;
  }

  /** What is in a folder: names, bytes, and when each was changed; nothing where there is no such folder. */
  static byte[] list(Configuration conf, DataInputStream in) throws IOException {
    Path folder = new Path(Bytes.readText(in));
    FileStatus[] found = statuses(folder, conf);
    Arrays.sort(found);
    long now = System.currentTimeMillis();
    return Bytes.of(
        out -> {
          out.writeInt(found.length);
          for (FileStatus one : found) {
            Bytes.writeText(out, one.getPath().getName());
            out.writeBoolean(one.isDirectory());
            out.writeDouble(one.getLen());
            out.writeDouble(now - one.getModificationTime());
            out.writeDouble(one.getModificationTime());
          }
        });
  }

  private static FileStatus[] statuses(Path folder, Configuration conf) throws IOException {
    try {
      return folder.getFileSystem(conf).listStatus(folder);
    } catch (FileNotFoundException e) {
      return new FileStatus[0];
    }
  }

  static byte[] read(Configuration conf, DataInputStream in) throws IOException {
    Path path = new Path(Bytes.readText(in));
    try (FSDataInputStream file = path.getFileSystem(conf).open(path)) {
      return file.readAllBytes();
    }
  }

  /** Writes a file whole or not at all. With `isNew` one that is there stays as it is; answers whether it was written. */
  static byte[] write(Configuration conf, DataInputStream in) throws IOException {
    Path path = new Path(Bytes.readText(in));
    boolean isNew = in.readBoolean();
    byte[] bytes = Bytes.read(in);
    FileSystem files = path.getFileSystem(conf);
    if (isNew) {
      try (FSDataOutputStream out = files.create(path, false)) {
        out.write(bytes);
        return new byte[] {1};
      } catch (FileAlreadyExistsException e) {
        return new byte[] {0};
      } catch (IOException e) {
        // A name node says so in its own words.
        if (files.exists(path)) return new byte[] {0};
        throw e;
      }
    }
    Path part = path.suffix("." + java.util.UUID.randomUUID() + ".tmp");
    try (FSDataOutputStream out = files.create(part, true)) {
      out.write(bytes);
      out.hsync();
    }
    replace(conf, files, part, path);
    return new byte[] {1};
  }

  /** One step where the file system has one for it; else the file is away for a moment. */
  private static void replace(Configuration conf, FileSystem files, Path part, Path path) throws IOException {
    try {
      FileContext.getFileContext(path.toUri(), conf).rename(part, path, Options.Rename.OVERWRITE);
    } catch (org.apache.hadoop.fs.UnsupportedFileSystemException e) {
      files.delete(path, false);
      if (!files.rename(part, path)) throw new IOException(path + " could not be renamed");
    }
  }

  static byte[] remove(Configuration conf, DataInputStream in) throws IOException {
    for (String text : Bytes.readTexts(in)) {
      Path path = new Path(text);
      path.getFileSystem(conf).delete(path, true);
    }
    return NOTHING;
  }

  /** The file counts as changed now. */
  static byte[] touch(Configuration conf, DataInputStream in) throws IOException {
    Path path = new Path(Bytes.readText(in));
    path.getFileSystem(conf).setTimes(path, System.currentTimeMillis(), -1);
    return NOTHING;
  }
}
