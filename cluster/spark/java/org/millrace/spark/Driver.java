// The driver inside Spark: it does what the session says over its standard input, and answers over its standard output.
package org.millrace.spark;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.Dependency;
import org.apache.spark.Partition;
import org.apache.spark.SimpleFutureAction;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.rdd.ShuffledRDD;
import org.apache.spark.storage.StorageLevel;
import scala.Tuple2;
import scala.concurrent.ExecutionContext$;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction0;
import scala.runtime.AbstractFunction1;
import scala.runtime.AbstractFunction2;
import scala.runtime.BoxedUnit;
import scala.util.Try;

public final class Driver {
  private static final byte BLOB = 1;
  private static final byte DROP_BLOB = 2;
  private static final byte DEFINE = 3;
  private static final byte RUN = 4;
  private static final byte CANCEL = 5;
  private static final byte DROP = 6;
  private static final byte HADOOP = 7;

  static final String JOB = "millrace.job";
  private static final String LISTENERS = "spark.extraListeners";
  /** The exit code of Spark's own processes that have run out of memory. */
  private static final int OUT_OF_MEMORY = 52;

  private final SparkContext sc;
  private final Events events;
  private final Reports reports;
  private final Map<String, Blob> blobs = new HashMap<>();
  private final Map<Integer, RDD<?>> rdds = new HashMap<>();
  /** The definitions of those that are persisted, and the newest definition of all. */
  private final Set<Integer> persisted = new TreeSet<>();
  private int newest;
  /** The session's numbers of datasets by Spark's, for events. */
  private final Map<Integer, Integer> keys;
  private final Map<Integer, SimpleFutureAction<BoxedUnit>> jobs = new ConcurrentHashMap<>();
  private final JobEnds ends;
  /** The settings of Hadoop, for tasks. */
  private final Blob hadoop;

  private Driver(SparkContext sc, Events events, Map<Integer, Integer> keys, JobEnds ends) {
    this.sc = sc;
    this.ends = ends;
    this.keys = keys;
    this.events = events;
    this.reports = new Reports(events::report);
    sc.register(reports);
    this.hadoop = new Blob(sc, "hadoop", Bytes.of(sc.hadoopConfiguration()::write));
  }

  /** Begins by the word that the session gives it, so that nothing printed before is taken for a message. */
  public static void main(String[] args) throws IOException {
    OutputStream out = System.out;
    System.setOut(System.err);
    // Without what a thread would have done, the session would wait for ever.
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> endOutOfMemory(e));
    Events events = new Events(out, args[0]);
    Map<Integer, Integer> keys = new ConcurrentHashMap<>();
    JobEnds ends = new JobEnds(events);
    SparkContext sc;
    try {
      SparkConf conf = new SparkConf();
      // Listeners that are there from the start hear of the first executors.
      Listener.begin(events, keys, ends);
      conf.set(LISTENERS, conf.contains(LISTENERS) ? conf.get(LISTENERS) + "," + Listener.class.getName() : Listener.class.getName());
      sc = new SparkContext(conf);
    } catch (Throwable e) {
      events.startFailed(e);
      events.close();
      System.exit(1);
      return;
    }
    try {
      Driver driver = new Driver(sc, events, keys, ends);
      events.ready(sc);
      if (sc.isLocal()) Workers.prepare(sc.defaultParallelism());
      driver.serve(new DataInputStream(new BufferedInputStream(System.in, 1 << 16)));
    } catch (OutOfMemoryError e) {
      endOutOfMemory(e);
    } finally {
      sc.stop();
      events.close();
      System.exit(0);
    }
  }

  /** Nothing can be counted on any more, not even an orderly end. */
  private static void endOutOfMemory(Throwable e) {
    if (e instanceof OutOfMemoryError) Runtime.getRuntime().halt(OUT_OF_MEMORY);
  }

  private void serve(DataInputStream in) throws IOException {
    for (; ; ) {
      int length;
      try {
        length = in.readInt();
      } catch (EOFException e) {
        return;
      }
      byte[] body = new byte[length];
      in.readFully(body);
      DataInputStream message = new DataInputStream(new ByteArrayInputStream(body));
      obey(message.readByte(), message);
    }
  }

  private void obey(byte kind, DataInputStream in) throws IOException {
    switch (kind) {
      case BLOB:
        {
          String id = Bytes.readText(in);
          blobs.put(id, new Blob(sc, id, Bytes.read(in)));
          return;
        }
      case DROP_BLOB:
        {
          Blob blob = blobs.remove(Bytes.readText(in));
          if (blob != null) blob.drop();
          return;
        }
      case DEFINE:
        define(in);
        return;
      case RUN:
        run(in);
        return;
      case CANCEL:
        {
          SimpleFutureAction<BoxedUnit> job = jobs.get(in.readInt());
          if (job != null) job.cancel();
          return;
        }
      case DROP:
        {
          int key = in.readInt();
          persisted.remove(key);
          RDD<?> rdd = rdds.remove(key);
          if (rdd != null && rdd.getStorageLevel().useMemory() | rdd.getStorageLevel().useDisk()) rdd.unpersist(false);
          return;
        }
      case HADOOP:
        {
          int id = in.readInt();
          String file = Bytes.readText(in);
          byte[] request = Bytes.read(in);
          // File systems may be slow: nothing else waits for them.
          new Thread(() -> ask(id, file, request), "millrace-hadoop").start();
          return;
        }
      default:
        throw new IOException("a message of kind " + kind);
    }
  }

  /** Answers a request into a file where the session waits for one, else by an event. */
  private void ask(int id, String file, byte[] request) {
    byte[] answer = HadoopRequests.answer(sc.hadoopConfiguration(), request);
    try {
      if (file.isEmpty()) events.hadoop(id, answer);
      else HadoopRequests.leave(java.nio.file.Path.of(file), answer);
    } catch (IOException e) {
      // The session's folder is gone, and so is the session.
    }
  }

  private void define(DataInputStream in) throws IOException {
    int key = in.readInt();
    Stage stage = new Stage();
    stage.key = newest = key;
    stage.kind = in.readByte();
    stage.name = Bytes.readText(in);
    stage.within = Bytes.readText(in);
    stage.dataset = in.readInt();
    stage.isIndeterminate = in.readBoolean();
    stage.isBarrier = in.readBoolean();
    stage.state = in.readInt();
    stage.leaves = Bytes.readText(in);
    stage.hadoop = hadoop;
    stage.save = in.readBoolean() ? new Stage.Save(Bytes.readText(in), Bytes.readText(in), Bytes.readText(in)) : null;
    int reducers = in.readInt();
    boolean useDisk = in.readBoolean();
    boolean useMemory = in.readBoolean();
    boolean deserialized = in.readBoolean();
    int replication = in.readInt();
    stage.program = new Blob(sc, Bytes.readText(in), Bytes.read(in));
    String[] needs = Bytes.readTexts(in);
    stage.needs = named(needs);
    stage.reports = reports;
    int[] parentKeys = Bytes.readInts(in);
    RDD<?>[] parents = new RDD<?>[parentKeys.length];
    for (int i = 0; i < parents.length; i++) parents[i] = rdds.get(parentKeys[i]);
    NodePartition[] partitions = readPartitions(in, parents);
    Dependency<?>[] reads = new Dependency<?>[parents.length];
    for (int i = 0; i < parents.length; i++) reads[i] = new Reads<>(parents[i], readsOf(partitions, i));
    if (stage.kind == Stage.SHUFFLE) rdds.put(key, shuffled(key, stage, parents, reads, partitions, reducers));
    else {
      ClassTag<byte[]> tag = ClassTag$.MODULE$.apply(byte[].class);
      RDD<byte[]> rdd = together(new NodeRDD<>(sc, tag, stage, parents, reads, partitions), stage, tag);
      rdd.setName(stage.name);
      if (stage.kind == Stage.STORE) persisted.add(key);
      if (stage.kind == Stage.STORE) rdd.persist(StorageLevel.apply(useDisk, useMemory, false, deserialized, replication));
      keys.put(rdd.id(), key);
      rdds.put(key, rdd);
    }
  }

  private Blob[] named(String[] ids) {
    Blob[] found = new Blob[ids.length];
    for (int i = 0; i < ids.length; i++) found[i] = blobs.get(ids[i]);
    return found;
  }

  /** A dataset whose tasks run at the same time, where its stage is one of a barrier: Spark knows it by the dataset that such a step makes. */
  private static <T> RDD<T> together(NodeRDD<T> rdd, Stage stage, ClassTag<T> tag) {
    return stage.isBarrier ? rdd.barrier().mapPartitions(new Same<T>(), false, tag) : rdd;
  }

  private static final class Same<T> extends AbstractFunction1<scala.collection.Iterator<T>, scala.collection.Iterator<T>>
      implements java.io.Serializable {
    private static final long serialVersionUID = 1;

    @Override
    public scala.collection.Iterator<T> apply(scala.collection.Iterator<T> rows) {
      return rows;
    }
  }

  private NodePartition[] readPartitions(DataInputStream in, RDD<?>[] parents) throws IOException {
    NodePartition[] partitions = new NodePartition[in.readInt()];
    Partition[][] of = new Partition[parents.length][];
    for (int i = 0; i < parents.length; i++) of[i] = parents[i].partitions();
    for (int i = 0; i < partitions.length; i++) {
      int number = in.readInt();
      byte[] split = Bytes.read(in);
      int[] slots = Bytes.readInts(in);
      int[] read = Bytes.readInts(in);
      Partition[] feeds = new Partition[slots.length];
      for (int j = 0; j < slots.length; j++) feeds[j] = of[slots[j]][read[j]];
      String[] files = Bytes.readTexts(in);
      Blob[] fileBlobs = named(Bytes.readTexts(in));
      partitions[i] = new NodePartition(i, number, split, slots, feeds, files, fileBlobs, Bytes.readTexts(in));
    }
    return partitions;
  }

  /** For each partition those of one parent that it reads. */
  private static int[][] readsOf(NodePartition[] partitions, int parent) {
    int[][] reads = new int[partitions.length][];
    for (int i = 0; i < reads.length; i++) {
      NodePartition partition = partitions[i];
      java.util.stream.IntStream.Builder found = java.util.stream.IntStream.builder();
      for (int j = 0; j < partition.feeds.length; j++)
        if (partition.parents[j] == parent) found.add(partition.feeds[j].index());
      reads[i] = found.build().distinct().toArray();
    }
    return reads;
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private RDD<?> shuffled(
      int key, Stage stage, RDD<?>[] parents, Dependency<?>[] reads, NodePartition[] partitions, int reducers) {
    ClassTag<Tuple2<Object, byte[]>> pairs = (ClassTag) ClassTag$.MODULE$.apply(Tuple2.class);
    RDD<Tuple2<Object, byte[]>> map = together(new NodeRDD<>(sc, pairs, stage, parents, reads, partitions), stage, pairs);
    map.setName(stage.name);
    keys.put(map.id(), key);
    ClassTag frames = ClassTag$.MODULE$.apply(byte[].class);
    ShuffledRDD shuffled = new ShuffledRDD(map, new ByReducer(reducers), (ClassTag) ClassTag$.MODULE$.Long(), frames, frames);
    shuffled.setKeyOrdering((scala.math.Ordering) scala.math.Ordering.Long$.MODULE$);
    return shuffled;
  }

  private void run(DataInputStream in) throws IOException {
    int jobId = in.readInt();
    int tries = in.readInt();
    int key = in.readInt();
    String title = Bytes.readText(in);
    String[] properties = Bytes.readTexts(in);
    String environmentId = Bytes.readText(in);
    String[] ids = Bytes.readTexts(in);
    int[] partitions = Bytes.readInts(in);
    Blob[] seen = named(ids);
    int[] living = persisted.stream().mapToInt(Integer::intValue).toArray();
    try {
      sc.setLocalProperty(JOB, String.valueOf(jobId));
      sc.setLocalProperty(Environment.PROPERTY, new Environment(jobId, tries, newest, living, environmentId, seen).text());
      sc.setLocalProperty("spark.job.interruptOnCancel", "true");
      sc.setCallSite(title);
      for (int i = 0; i < properties.length; i += 2) sc.setLocalProperty(properties[i], properties[i + 1]);
      @SuppressWarnings("unchecked")
      RDD<byte[]> rdd = (RDD<byte[]>) rdds.get(key);
      SimpleFutureAction<BoxedUnit> action =
          sc.submitJob(rdd, new Only(), Lists.of(partitions), new Answers(events, jobId), new Nothing());
      jobs.put(jobId, action);
      action.onComplete(new Ended(jobId), ExecutionContext$.MODULE$.global());
    } catch (RuntimeException e) {
      events.jobEnded(jobId, e);
    } finally {
      for (int i = 0; i < properties.length; i += 2) sc.setLocalProperty(properties[i], null);
      sc.clearCallSite();
    }
  }

  /** The only row of a partition: its answer. */
  private static final class Only extends AbstractFunction1<scala.collection.Iterator<byte[]>, byte[]>
      implements java.io.Serializable {
    private static final long serialVersionUID = 1;

    @Override
    public byte[] apply(scala.collection.Iterator<byte[]> rows) {
      return rows.next();
    }
  }

  private static final class Answers extends AbstractFunction2<Object, byte[], BoxedUnit> {
    private final Events events;
    private final int jobId;

    Answers(Events events, int jobId) {
      this.events = events;
      this.jobId = jobId;
    }

    @Override
    public BoxedUnit apply(Object index, byte[] answer) {
      events.answer(jobId, (Integer) index, answer);
      return BoxedUnit.UNIT;
    }
  }

  private static final class Nothing extends AbstractFunction0<BoxedUnit> {
    @Override
    public BoxedUnit apply() {
      return BoxedUnit.UNIT;
    }
  }

  private final class Ended extends AbstractFunction1<Try<BoxedUnit>, BoxedUnit> {
    private final int jobId;

    Ended(int jobId) {
      this.jobId = jobId;
    }

    @Override
    public BoxedUnit apply(Try<BoxedUnit> end) {
      jobs.remove(jobId);
      ends.ended(jobId, end.isFailure() ? end.failed().get() : null);
      return BoxedUnit.UNIT;
    }
  }
}
