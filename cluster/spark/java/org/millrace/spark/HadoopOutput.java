// A folder of files that a job writes through Hadoop's committer: begun, committed or aborted in the driver, its parts written by tasks.
package org.millrace.spark;

import java.io.IOException;
import java.io.OutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.mapred.SparkHadoopMapRedUtil;
import org.apache.hadoop.mapreduce.JobID;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.hadoop.mapreduce.TaskAttemptID;
import org.apache.hadoop.mapreduce.TaskID;
import org.apache.hadoop.mapreduce.TaskType;
import org.apache.hadoop.mapreduce.lib.output.FileOutputFormat;
import org.apache.hadoop.mapreduce.lib.output.PathOutputCommitter;
import org.apache.hadoop.mapreduce.lib.output.TextOutputFormat;
import org.apache.hadoop.mapreduce.task.TaskAttemptContextImpl;
import org.apache.spark.TaskContext;

final class HadoopOutput {
  private final Path folder;
  private final TaskAttemptContext context;
  private final PathOutputCommitter committer;

  private HadoopOutput(Configuration base, String folder, String tag, TaskType type, int partition, int attempt) throws IOException {
    this.folder = new Path(folder);
    Configuration conf = new Configuration(base);
    conf.set(FileOutputFormat.OUTDIR, folder);
    context = new TaskAttemptContextImpl(conf, new TaskAttemptID(new TaskID(new JobID(tag, 0), type, partition), attempt));
    committer = (PathOutputCommitter) new TextOutputFormat<Object, Object>().getOutputCommitter(context);
  }

  static HadoopOutput ofJob(Configuration base, String folder, String tag) throws IOException {
    return new HadoopOutput(base, folder, tag, TaskType.JOB_SETUP, 0, 0);
  }

  private FileSystem files() throws IOException {
    return folder.getFileSystem(context.getConfiguration());
  }

  /** What is to be replaced is no earlier save. */
  static final class NoSave extends IOException {
    private static final long serialVersionUID = 1;

    NoSave(String reason) {
      super(reason);
    }
  }

  /** Fails where the folder is there, or where what it is to replace is no earlier save. */
  void begin(String replaced) throws IOException {
    if (files().exists(folder)) throw new FileAlreadyExistsException(folder.toString());
    if (!replaced.isEmpty()) checkSaved(new Path(replaced));
    committer.setupJob(context);
  }

  /** Nobody asked to remove what else is in a folder. */
  private void checkSaved(Path earlier) throws IOException {
    if (!files().exists(earlier)) return;
    if (!files().getFileStatus(earlier).isDirectory()) throw new NoSave("it is no folder");
    FileStatus[] all = files().listStatus(earlier);
    boolean isWhole = all.length == 0;
    for (FileStatus one : all) {
      String name = one.getPath().getName();
      if (!name.matches("part-[\\w.-]+|_SUCCESS")) throw new NoSave(name + " in it is of no save");
      isWhole |= name.equals("_SUCCESS");
    }
    if (!isWhole) throw new NoSave("no save in it is whole: _SUCCESS is missing");
  }

  /** The folder is whole, and takes the place of an earlier save if it is to. */
  void commit(String replaced) throws IOException {
    committer.commitJob(context);
    if (replaced.isEmpty()) return;
    Path to = new Path(replaced);
    checkSaved(to);
    Path old = folder.suffix(".replaced");
    boolean isThere = files().exists(to);
    if (isThere && !files().rename(to, old)) throw new IOException("the earlier save could not be renamed");
    if (!files().rename(folder, to)) {
      if (isThere) files().rename(old, to);
      throw new IOException("the new folder could not be renamed");
    }
    if (isThere) files().delete(old, true);
  }

  /** Nothing is left of the folder. */
  void abort() throws IOException {
    committer.abortJob(context, org.apache.hadoop.mapreduce.JobStatus.State.FAILED);
    files().delete(folder, true);
  }

  /** What one try of a task writes. */
  static final class Part {
    private final HadoopOutput output;
    private final OutputStream out;
    private boolean isOver;

    Part(Configuration base, String folder, String tag, String suffix, int partition) throws IOException {
      TaskContext task = TaskContext.get();
      output = new HadoopOutput(base, folder, tag, TaskType.MAP, partition, (int) (task.taskAttemptId() & Integer.MAX_VALUE));
      output.committer.setupTask(output.context);
      Path path = new Path(output.committer.getWorkPath(), String.format("part-%05d%s", partition, suffix));
      out = output.files().create(path, true);
    }

    void write(byte[] bytes, int from) throws IOException {
      out.write(bytes, from, bytes.length - from);
    }

    /** One try of a partition commits, whichever Spark lets. */
    void commit(int index) throws IOException {
      out.close();
      isOver = true;
      SparkHadoopMapRedUtil.commitTask(output.committer, output.context, 0, index);
    }

    /** Leaves nothing of a part that was not committed. */
    void close() {
      if (isOver) return;
      isOver = true;
      try {
        out.close();
      } catch (IOException e) {
        // It goes anyway.
      }
      try {
        output.committer.abortTask(output.context);
      } catch (IOException e) {
        // The job removes it.
      }
    }
  }
}
