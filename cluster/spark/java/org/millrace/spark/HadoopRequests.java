// What the session asks of Hadoop's file systems: splits of inputs, folders to write. Answered by the driver, or by a process before there is one.
package org.millrace.spark;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
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

  private HadoopRequests() {}

  /** Answers one request, a file, into another file. */
  public static void main(String[] args) throws IOException {
    Configuration conf = SparkHadoopUtil.get().newConfiguration(new SparkConf());
    leave(Path.of(args[1]), answer(conf, Files.readAllBytes(Path.of(args[0]))));
  }

  /** The file has its name once it is whole. */
  static void leave(Path file, byte[] answer) throws IOException {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    Files.write(part, answer);
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /** The answer: an empty text and what was asked for, or the kind of a failure and its words. */
  static byte[] answer(Configuration conf, byte[] request) {
    try {
      byte[] body = obey(conf, new DataInputStream(new ByteArrayInputStream(request)));
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

  private static byte[] obey(Configuration conf, DataInputStream in) throws IOException {
    byte kind = in.readByte();
    if (kind == LIST) return HadoopFiles.list(conf, in.readByte(), in.readInt(), Bytes.readTexts(in));
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
      if (at instanceof InvalidInputException) return String.valueOf(at.getMessage()).contains("matches 0 files") ? "unmatched" : "missing";
      if (at instanceof FileNotFoundException) return "missing";
      if (at instanceof UnsupportedFileSystemException || at instanceof ClassNotFoundException || at instanceof LinkageError)
        return "unknown";
      if (at instanceof java.net.ConnectException || at instanceof java.net.UnknownHostException) return "unreachable";
      if (String.valueOf(at.getMessage()).contains("no host")) return "unnamed";
    }
    return "failed";
  }

  /** The first line of the innermost cause that says something; of a folder that exists the reason why it is not replaced. */
  static String wordsOf(Throwable e) {
    if (e instanceof FileAlreadyExistsException) return "";
    String words = e.toString();
    for (Throwable at = e; at != null; at = at.getCause()) if (at.getMessage() != null) words = at.getMessage();
    return words.split("\n", 2)[0];
  }
}
