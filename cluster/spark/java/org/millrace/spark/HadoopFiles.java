// Files of Hadoop's file systems: cut into splits by its input formats, and read as lines or bytes in pieces.
package org.millrace.spark;

import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.LongWritable;
import org.apache.hadoop.io.NullWritable;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapred.FileInputFormat;
import org.apache.hadoop.mapred.FileSplit;
import org.apache.hadoop.mapred.InputSplit;
import org.apache.hadoop.mapred.JobConf;
import org.apache.hadoop.mapred.RecordReader;
import org.apache.hadoop.mapred.Reporter;
import org.apache.hadoop.mapred.TextInputFormat;
import scala.collection.AbstractIterator;

final class HadoopFiles {
  static final byte LINES = 0;
  static final byte FILES = 1;

  /** A piece has about so many bytes. */
  private static final int PIECE_BYTES = 256 << 10;

  /** The settings of the session, as this executor has read them. */
  private static Configuration known;
  private static String knownId;

  private HadoopFiles() {}

  static Configuration configuration(Blob blob) {
    synchronized (HadoopFiles.class) {
      if (!blob.id.equals(knownId)) {
        Configuration read = new Configuration(false);
        try {
          read.readFields(new DataInputStream(new ByteArrayInputStream(blob.bytes())));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        known = read;
        knownId = blob.id;
      }
      return known;
    }
  }

  /** Line feeds alone end lines, as on every master; folders in a folder are passed over. */
  private static JobConf settings(Configuration base) {
    JobConf conf = new JobConf(base);
    conf.set("textinputformat.record.delimiter", "\n");
    conf.setBoolean("mapreduce.input.fileinputformat.input.dir.nonrecursive.ignore.subdirs", true);
    return conf;
  }

  /** Files that are not cut. */
  private static final class WholeFiles extends FileInputFormat<NullWritable, NullWritable> {
    @Override
    protected boolean isSplitable(FileSystem files, Path path) {
      return false;
    }

    @Override
    public RecordReader<NullWritable, NullWritable> getRecordReader(InputSplit split, JobConf conf, Reporter reporter) {
      throw new UnsupportedOperationException();
    }
  }

  private static TextInputFormat lines(JobConf conf) {
    TextInputFormat format = new TextInputFormat();
    format.configure(conf);
    return format;
  }

  /** What partitions read of some paths: at least `least` splits of lines, or each file whole. */
  static byte[] list(Configuration base, byte kind, int least, String[] paths) throws IOException {
    JobConf conf = settings(base);
    FileInputFormat<?, ?> format = kind == LINES ? lines(conf) : new WholeFiles();
    List<FileSplit> all = new ArrayList<>();
    for (String path : paths) {
      FileInputFormat.setInputPaths(conf, new Path(path));
      FileSplit[] splits = Arrays.stream(format.getSplits(conf, Math.max(1, least / paths.length))).toArray(FileSplit[]::new);
      // Not every file system lists its files in the order of their names.
      Arrays.sort(splits, Comparator.comparing((FileSplit split) -> split.getPath().toString()).thenComparing(FileSplit::getStart));
      all.addAll(List.of(splits));
    }
    return Bytes.of(
        out -> {
          out.writeInt(all.size());
          for (FileSplit split : all) {
            Bytes.writeText(out, split.getPath().toString());
            out.writeDouble(split.getStart());
            out.writeDouble(split.getLength());
            Bytes.writeTexts(out, Arrays.stream(split.getLocations()).filter(host -> !host.equals("localhost")).toArray(String[]::new));
          }
        });
  }

  static Pieces open(Configuration base, byte kind, String path, long start, long length) throws IOException {
    JobConf conf = settings(base);
    Path file = new Path(path);
    if (kind == FILES) return new BytesOfFile(file.getFileSystem(conf).open(file));
    return new Lines(lines(conf).getRecordReader(new FileSplit(file, start, length, new String[0]), conf, Reporter.NULL));
  }

  /** Pieces of what is read: their first byte is of the protocol. What fails is thrown unchecked. */
  abstract static class Pieces extends AbstractIterator<byte[]> implements Closeable {
    private byte[] next;
    private boolean isOver;

    /** The next piece; null at the end. */
    abstract byte[] read() throws IOException;

    @Override
    public boolean hasNext() {
      if (next != null || isOver) return !isOver;
      try {
        next = read();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      isOver = next == null;
      return !isOver;
    }

    @Override
    public byte[] next() {
      if (!hasNext()) throw new NoSuchElementException();
      byte[] piece = next;
      next = null;
      return piece;
    }
  }

  /** Whole lines, each with a line feed behind it. */
  private static final class Lines extends Pieces {
    private final RecordReader<LongWritable, Text> reader;
    private final LongWritable at;
    private final Text line;
    private byte[] buffer = new byte[PIECE_BYTES + (16 << 10)];

    Lines(RecordReader<LongWritable, Text> reader) {
      this.reader = reader;
      this.at = reader.createKey();
      this.line = reader.createValue();
    }

    @Override
    byte[] read() throws IOException {
      buffer[0] = Worker.ROWS;
      int length = 1;
      while (length < PIECE_BYTES && reader.next(at, line)) {
        int more = line.getLength();
        if (length + more + 1 > buffer.length) buffer = Arrays.copyOf(buffer, Math.max(length + more + 1, 2 * buffer.length));
        System.arraycopy(line.getBytes(), 0, buffer, length, more);
        length += more;
        buffer[length++] = '\n';
      }
      return length == 1 ? null : Arrays.copyOf(buffer, length);
    }

    @Override
    public void close() throws IOException {
      reader.close();
    }
  }

  private static final class BytesOfFile extends Pieces {
    private final FSDataInputStream in;

    BytesOfFile(FSDataInputStream in) {
      this.in = in;
    }

    @Override
    byte[] read() throws IOException {
      byte[] piece = new byte[PIECE_BYTES];
      piece[0] = Worker.ROWS;
      int length = 1;
      for (int n; length < piece.length && (n = in.read(piece, length, piece.length - length)) >= 0; ) length += n;
      return length == 1 ? null : length == piece.length ? piece : Arrays.copyOf(piece, length);
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}
