// What the session asks of Hadoop's file systems: splits of inputs, folders to write. Answered by the driver, or by a process before there is one.
package org.millrace.spark;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.mapred.InvalidInputException;
import org.apache.hadoop.security.AccessControlException;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.SparkHadoopUtil;

public final class HadoopRequests {
  private static final byte LIST = 1;
  private static final byte BEGIN = 2;
  private static final byte COMMIT = 3;
  private static final byte ABORT = 4;
  private static final byte FIND = 5;
  private static final byte READ = 6;
  private static final byte MAKE = 7;
  private static final byte NAMES = 8;
  private static final byte TAKE = 9;
  private static final byte PUT = 10;
  private static final byte REMOVE = 11;
  private static final byte TOUCH = 12;
  private static final byte CREATE = 13;
  /** Between two looks for a request. */
  private static final int LOOK_MS = 3;

  private HadoopRequests() {}

  /** Answers requests, files `hadoop-request-N` of a folder, into files `hadoop-answer-N`, until its standard input ends. */
  public static void main(String[] args) throws IOException, InterruptedException {
    Thread end = new Thread(HadoopRequests::awaitEnd);
    end.setDaemon(true);
    end.start();
    Configuration conf = SparkHadoopUtil.get().newConfiguration(new SparkConf());
    Path folder = Path.of(args[0]);
    while (end.isAlive()) {
      try (DirectoryStream<Path> requests = Files.newDirectoryStream(folder, "hadoop-request-*")) {
        for (Path request : requests) {
          byte[] bytes = Files.readAllBytes(request);
          Files.delete(request);
          String number = request.getFileName().toString().substring("hadoop-request-".length());
          leave(folder.resolve("hadoop-answer-" + number), answer(conf, bytes));
        }
      }
      Thread.sleep(LOOK_MS);
    }
    System.exit(0);
  }

  private static void awaitEnd() {
    try {
      while (System.in.read() >= 0) {}
    } catch (IOException e) {
      // Who asks is gone.
    }
  }

  /** The answer to one request of the session. */
  static byte[] answer(Configuration conf, byte[] request) {
    try (HadoopPlaces places = new HadoopPlaces(conf)) {
      return answer(conf, places, request, 0);
    }
  }

  /** The file has its name once it is whole. */
  static void leave(Path file, byte[] answer) throws IOException {
    Path part = file.resolveSibling("." + file.getFileName());
    Files.write(part, answer);
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /** The answer: an empty text and what was asked for, or the kind of a failure and its words. The request begins at `from`. */
  static byte[] answer(Configuration conf, HadoopPlaces places, byte[] request, int from) {
    try {
      byte[] body = obey(conf, places, new DataInputStream(new ByteArrayInputStream(request, from, request.length - from)));
      return Bytes.of(
          out -> {
            Bytes.writeText(out, "");
            out.write(body);
          });
    } catch (Exception | LinkageError e) {
      return Bytes.of(
          out -> {
            Bytes.writeText(out, kindOf(e));
            Bytes.writeText(out, wordsOf(e));
          });
    }
  }

  private static byte[] obey(Configuration conf, HadoopPlaces places, DataInputStream in) throws IOException {
    byte kind = in.readByte();
    switch (kind) {
      case LIST:
        return HadoopFiles.list(conf, in.readByte(), in.readInt(), Bytes.readTexts(in));
      case FIND:
        return HadoopPlaces.find(conf, in);
      case READ:
        return places.read(in);
      case MAKE:
        return HadoopFolder.make(conf, in);
      case NAMES:
        return HadoopFolder.list(conf, in);
      case TAKE:
        return HadoopFolder.read(conf, in);
      case PUT:
        return HadoopFolder.write(conf, in);
      case REMOVE:
        return HadoopFolder.remove(conf, in);
      case TOUCH:
        return HadoopFolder.touch(conf, in);
      case CREATE:
        return HadoopFolder.create(conf, in);
      default:
        return save(conf, kind, in);
    }
  }

  private static byte[] save(Configuration conf, byte kind, DataInputStream in) throws IOException {
    HadoopOutput output = HadoopOutput.ofJob(conf, Bytes.readText(in), Bytes.readText(in));
    String replaced = Bytes.readText(in);
    switch (kind) {
      case BEGIN:
        output.begin(replaced);
        break;
      case COMMIT:
        output.commit(replaced);
        break;
      case ABORT:
        output.abort();
        break;
      default:
        throw new IOException("a request of kind " + kind);
    }
    return new byte[0];
  }

  static String kindOf(Throwable e) {
    for (Throwable at = e; at != null; at = at.getCause()) {
      if (at instanceof AccessControlException || at instanceof java.nio.file.AccessDeniedException) return "denied";
      if (at instanceof FileAlreadyExistsException || at instanceof HadoopOutput.NoSave) return "exists";
      if (at instanceof HadoopPlaces.Changed) return "changed";
      if (at instanceof InvalidInputException) return String.valueOf(at.getMessage()).contains("matches 0 files") ? "unmatched" : "missing";
      if (at instanceof FileNotFoundException) return "missing";
      if (at instanceof UnsupportedFileSystemException || at instanceof ClassNotFoundException || at instanceof LinkageError)
        return "unknown";
      if (at instanceof java.net.ConnectException || at instanceof java.net.UnknownHostException) return "unreachable";
      if (isFull(at)) return "full";
      if (String.valueOf(at.getMessage()).contains("no host")) return "unnamed";
    }
    return "failed";
  }

  /** No room: a quota, a disk, or no data node that takes a block. */
  private static boolean isFull(Throwable e) {
    String words = String.valueOf(e.getMessage());
    return e.getClass().getSimpleName().contains("QuotaExceeded")
        || words.contains("QuotaExceededException")
        || words.contains("No space left")
        || words.contains("could only be written to 0 of");
  }

  /** The first line of the innermost cause that says something; of a folder that exists the reason why it is not replaced. */
  static String wordsOf(Throwable e) {
    if (e instanceof FileAlreadyExistsException) return "";
    String words = e.toString();
    for (Throwable at = e; at != null; at = at.getCause()) if (at.getMessage() != null) words = at.getMessage();
    return words.split("\n", 2)[0];
  }
}
