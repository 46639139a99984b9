// What a task sees of the job that runs it: it travels as a local property, since a dataset may be computed by several jobs.
package org.millrace.spark;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Base64;
import org.apache.spark.TaskContext;

final class Environment implements Serializable {
  private static final long serialVersionUID = 1;
  static final String PROPERTY = "millrace.environment";

  final int jobId;
  /** How often the session has had Spark run this job before. */
  final int tries;
  /** The blob with properties and files; empty where there is nothing to see. */
  final String id;
  /** That blob, and those of the files. */
  final Blob[] blobs;

  /** Of the definitions up to the newest one, those that are persisted. */
  final int newest;
  final int[] living;

  Environment(int jobId, int tries, int newest, int[] living, String id, Blob[] blobs) {
    this.newest = newest;
    this.living = living;
    this.jobId = jobId;
    this.tries = tries;
    this.id = id;
    this.blobs = blobs;
  }

  String text() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(this);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Base64.getEncoder().encodeToString(bytes.toByteArray());
  }

  static Environment of(TaskContext context) {
    byte[] bytes = Base64.getDecoder().decode(context.getLocalProperty(PROPERTY));
    try (ObjectInputStream in = new OwnClasses(bytes)) {
      return (Environment) in.readObject();
    } catch (IOException | ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Finds the classes of this jar, which executors load after their own. */
  private static final class OwnClasses extends ObjectInputStream {
    OwnClasses(byte[] bytes) throws IOException {
      super(new ByteArrayInputStream(bytes));
    }

    @Override
    protected Class<?> resolveClass(ObjectStreamClass of) throws ClassNotFoundException {
      return Class.forName(of.getName(), false, Environment.class.getClassLoader());
    }
  }
}
