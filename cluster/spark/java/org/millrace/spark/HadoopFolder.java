// Small files of folders on Hadoop's file systems, as checkpoints of streams need them: listed, read, written whole, removed.
package org.millrace.spark;

import java.io.DataInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Set;
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
  private static final byte THERE = 0;
  private static final byte MADE = 1;
  private static final byte UNSURE = 2;
  /** Stores of objects: a file of theirs is there once it is whole, and they rename by copying. */
  private static final Set<String> STORES = Set.of("s3a", "gs", "oss", "cosn", "obs");
  /** Such a store writes a file only where there is none. */
  private static final String CONDITIONAL = "fs.option.create.conditional.overwrite";
  /** How exactly file systems hold times. */
  private static final long TIMES_MS = 2000;

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
    return read(path.getFileSystem(conf), path);
  }

  private static byte[] read(FileSystem files, Path path) throws IOException {
    try (FSDataInputStream file = files.open(path)) {
      return file.readAllBytes();
    }
  }

  /** Writes a file whole or not at all. */
  static byte[] write(Configuration conf, DataInputStream in) throws IOException {
    Path path = new Path(Bytes.readText(in));
    byte[] bytes = Bytes.read(in);
    FileSystem files = path.getFileSystem(conf);
    // A store has a file once it is whole.
    if (isStore(path)) {
      write(files.create(path, true), bytes);
      return NOTHING;
    }
    Path part = path.suffix("." + java.util.UUID.randomUUID() + ".tmp");
    try {
      try (FSDataOutputStream out = files.create(part, true)) {
        out.write(bytes);
        out.hsync();
      }
      replace(conf, files, part, path);
    } catch (IOException e) {
      removeQuietly(files, part);
      throw e;
    }
    return NOTHING;
  }

  /** Writes a file where there is none: answers `MADE`, `THERE`, or `UNSURE` where another program may have written it at the same time. */
  static byte[] create(Configuration conf, DataInputStream in) throws IOException {
    Path path = new Path(Bytes.readText(in));
    byte[] bytes = Bytes.read(in);
    FileSystem files = path.getFileSystem(conf);
    boolean isConditional = isStore(path) && files.hasPathCapability(path, CONDITIONAL);
    FSDataOutputStream out;
    try {
      out = isConditional ? conditional(files, path) : files.create(path, false);
    } catch (IOException e) {
      if (isThere(files, path, e)) return new byte[] {THERE};
      throw e;
    }
    try {
      write(out, bytes);
    } catch (IOException e) {
      if (!isStore(path)) removeQuietly(files, path);
      else if (isThere(files, path, e)) {
        // Or its own first try had come through.
        if (!Arrays.equals(bytes, read(files, path))) return new byte[] {THERE};
        return new byte[] {MADE};
      }
      throw e;
    }
    return new byte[] {isStore(path) && !isConditional ? UNSURE : MADE};
  }

  private static FSDataOutputStream conditional(FileSystem files, Path path) throws IOException {
    return (FSDataOutputStream) files.createFile(path).overwrite(true).must(CONDITIONAL, true).build();
  }

  private static void write(FSDataOutputStream file, byte[] bytes) throws IOException {
    try (FSDataOutputStream out = file) {
      out.write(bytes);
    }
  }

  private static void rewrite(FileSystem files, Path path) throws IOException {
    byte[] bytes = read(files, path);
    write(files.create(path, true), bytes);
  }

  /** Whether a file was not made because there is one. */
  private static boolean isThere(FileSystem files, Path path, IOException e) throws IOException {
    if (e instanceof FileAlreadyExistsException) return true;
    String kind = HadoopRequests.kindOf(e);
    // Name nodes and stores say so each in its own words.
    return !kind.equals("denied") && !kind.equals("unreachable") && files.exists(path);
  }

  private static boolean isStore(Path path) {
    return STORES.contains(String.valueOf(path.toUri().getScheme()));
  }

  private static void removeQuietly(FileSystem files, Path path) {
    try {
      files.delete(path, false);
    } catch (IOException e) {
      // Why it could not be written is reported.
    }
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
    FileSystem files = path.getFileSystem(conf);
    long now = System.currentTimeMillis();
    files.setTimes(path, now, -1);
    // Stores set no times: there the file is written again. One that was removed meanwhile comes back, below the number of who removed it.
    if (Math.abs(files.getFileStatus(path).getModificationTime() - now) > TIMES_MS) rewrite(files, path);
    return NOTHING;
  }
}
