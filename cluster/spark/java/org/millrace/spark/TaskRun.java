// One partition being computed: a worker runs its program, is fed what it asks for, and hands on what it makes.
package org.millrace.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.BarrierTaskInfo;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.rdd.RDD;
import org.apache.spark.util.TaskCompletionListener;
import scala.Tuple2;
import scala.collection.AbstractIterator;
import scala.collection.BufferedIterator;
import scala.collection.Iterator;

final class TaskRun extends AbstractIterator<Object> {
  /** Pieces of a feed are sent together up to so many bytes. */
  private static final int FEED_BYTES = 256 << 10;
  /** What the accumulators of the running task count once in; set by the dataset that ends the stage, for those below it. */
  private static final ThreadLocal<String> WITHIN = new ThreadLocal<>();

  private final NodeRDD<?> rdd;
  private final Stage stage;
  private final NodePartition partition;
  private final TaskContext context;
  /** What the worker reads, in the order in which it began. */
  private final List<Iterator<?>> readers = new ArrayList<>();
  /** What persisted partitions below have carried in their last pieces. */
  private final List<byte[]> carried = new ArrayList<>();
  /** By feed, until its first reader begins. */
  private final BufferedIterator<?>[] stored;
  private final Worker worker;
  private int frames;
  private int jobId;
  private boolean isPlaced;
  /** What the task saves, from its first bytes on. */
  private HadoopOutput.Part part;
  /** Files that it reads by place, from the first one on. */
  private HadoopPlaces places;
  private int tries;
  private Object next;
  /** Reports that follow the rows of a persisted partition. */
  private java.util.Iterator<byte[]> last;

  TaskRun(NodeRDD<?> rdd, NodePartition partition, TaskContext context) {
    this.rdd = rdd;
    this.stage = rdd.stage;
    this.partition = partition;
    this.context = context;
    if (stage.kind != Stage.STORE) WITHIN.set(stage.within);
    this.stored = storedFeeds();
    long table = stage.state < 0 ? -1 : ((long) stage.state << 32) | partition.number;
    this.worker = Workers.take(context, table, stamps());
    if (stage.kind == Stage.STORE) next = Stamp.of(stage.key, partition.number, context.taskAttemptId());
    worker.own(this);
    context.addTaskCompletionListener((TaskCompletionListener) ended -> close());
    try {
      start();
    } catch (IOException e) {
      throw failed();
    }
  }

  /** Persisted partitions that it reads: each is computed before the task has a worker, so that one worker is enough for both. */
  private BufferedIterator<?>[] storedFeeds() {
    BufferedIterator<?>[] found = new BufferedIterator<?>[partition.feeds.length];
    for (int i = 0; i < found.length; i++) {
      RDD<?> parent = rdd.parents[partition.parents[i]];
      if (parent.getStorageLevel().isValid()) found[i] = parent.iterator(partition.feeds[i], context).buffered();
    }
    return found;
  }

  /** What tells the persisted partitions that it reads from other computations of them. */
  private List<String> stamps() {
    List<String> found = new ArrayList<>();
    for (BufferedIterator<?> feed : stored) {
      byte[] stamp = feed == null ? null : Stamp.computation((byte[]) feed.head(), context.taskAttemptId());
      if (stamp != null) found.add(new String(stamp, java.nio.charset.StandardCharsets.ISO_8859_1));
    }
    return found;
  }

  /** What a new reader of a feed reads. */
  private Iterator<?> feedOf(int number) {
    Iterator<?> first = stored[number];
    stored[number] = null;
    return first != null ? first : rdd.parents[partition.parents[number]].iterator(partition.feeds[number], context);
  }

  private void start() throws IOException {
    String refusal = worker.refusal();
    if (refusal != null) {
      worker.kill();
      throw TaskFailed.unusable(stage, partition.number, attempt(), context.stageId(), Workers.host() + "\n" + refusal);
    }
    SessionFiles.place(partition);
    isPlaced = true;
    worker.provide(stage.program);
    for (Blob blob : stage.needs) worker.provide(blob);
    Environment environment = Environment.of(context);
    jobId = environment.jobId;
    tries = environment.tries;
    for (Blob blob : environment.blobs) worker.provide(blob);
    String[] needs = new String[1 + stage.needs.length + environment.blobs.length];
    needs[0] = stage.program.id;
    for (int i = 0; i < stage.needs.length; i++) needs[1 + i] = stage.needs[i].id;
    for (int i = 0; i < environment.blobs.length; i++) needs[1 + stage.needs.length + i] = environment.blobs[i].id;
    byte[] task =
        Bytes.of(
            out -> {
              out.writeDouble(context.taskAttemptId());
              out.writeInt(environment.jobId);
              out.writeInt(context.stageId());
              out.writeInt(context.stageAttemptNumber() + environment.tries);
              out.writeInt(partition.number);
              out.writeInt(attempt());
              out.writeInt(environment.newest);
              Bytes.writeInts(out, environment.living);
              Bytes.writeText(out, environment.id);
              Bytes.write(out, partition.split);
              Bytes.writeTexts(out, partition.files);
              Bytes.writeTexts(out, members());
              Bytes.writeTexts(out, needs);
            });
    worker.send(Worker.TASK, task);
    worker.flush();
  }

  @Override
  public boolean hasNext() {
    if (next != null) return true;
    if (last == null) next = read();
    if (next == null && last != null && last.hasNext()) next = last.next();
    return next != null;
  }

  @Override
  public Object next() {
    if (!hasNext()) throw new NoSuchElementException();
    Object element = next;
    next = null;
    return element;
  }

  /** What the worker hands on next; null at its end. */
  private Object read() {
    try {
      for (; ; ) {
        byte[] message = worker.receive();
        switch (message[0]) {
          case Worker.ROWS:
            if (stage.kind != Stage.ANSWER) return message;
            write(message);
            break;
          case Worker.FRAME:
            int reducer = worker.readInt(message, 1);
            long key = ByReducer.key(reducer, partition.number, frames++);
            return new Tuple2<Object, byte[]>(key, java.util.Arrays.copyOfRange(message, 5, message.length));
          case Worker.WANTS:
            feed(worker.readInt(message, 1), worker.readInt(message, 5));
            break;
          case Worker.MEETS:
            meet(message);
            break;
          case Worker.OPENS:
            open(message);
            break;
          case Worker.ASKS:
            worker.send(Worker.PIECE, HadoopRequests.answer(HadoopFiles.configuration(stage.hadoop), places(), message, 1));
            worker.flush();
            break;
          case Worker.DONE:
            return done(message);
          case Worker.FAILED:
            Workers.give(worker);
            byte[] end = java.util.Arrays.copyOfRange(message, 1, message.length);
            throw TaskFailed.ended(stage, partition.number, attempt(), context.stageId(), end);
          default:
            throw new IOException("a message of kind " + message[0]);
        }
      }
    } catch (IOException e) {
      throw failed();
    }
  }

  /** Which try of the partition this is: the tasks of a barrier stage are tried together. */
  private int attempt() {
    return stage.isBarrier ? context.stageAttemptNumber() + tries : context.attemptNumber();
  }

  /** The addresses of the tasks of a barrier stage. */
  private String[] members() {
    if (!(context instanceof BarrierTaskContext)) return new String[0];
    BarrierTaskInfo[] infos = ((BarrierTaskContext) context).getTaskInfos();
    String[] addresses = new String[infos.length];
    for (int i = 0; i < infos.length; i++) addresses[i] = infos[i].address();
    return addresses;
  }

  /** The worker has a message for all tasks of its barrier stage, and waits for theirs. */
  private void meet(byte[] message) throws IOException {
    String own = Base64.getEncoder().encodeToString(java.util.Arrays.copyOfRange(message, 1, message.length));
    String[] all = ((BarrierTaskContext) context).allGather(own);
    worker.send(
        Worker.MET,
        Bytes.of(
            out -> {
              out.writeInt(all.length);
              for (String other : all) Bytes.write(out, Base64.getDecoder().decode(other));
            }));
    worker.flush();
  }

  /** The next reader is of a file of Hadoop. */
  private void open(byte[] message) throws IOException {
    java.io.DataInputStream in = new java.io.DataInputStream(new java.io.ByteArrayInputStream(message, 1, message.length - 1));
    byte kind = in.readByte();
    String path = Bytes.readText(in);
    long start = (long) in.readDouble();
    long length = (long) in.readDouble();
    try {
      readers.add(HadoopFiles.open(HadoopFiles.configuration(stage.hadoop), kind, path, start, length));
    } catch (IOException | RuntimeException e) {
      readers.add(null);
      refuse(e);
      return;
    }
    worker.send(Worker.END, new byte[0]);
    worker.flush();
  }

  private HadoopPlaces places() {
    if (places == null) places = new HadoopPlaces(HadoopFiles.configuration(stage.hadoop));
    return places;
  }

  /** The worker learns why a file cannot be read: its task fails with that. */
  private void refuse(Exception e) throws IOException {
    worker.send(
        Worker.REFUSED,
        Bytes.of(
            out -> {
              Bytes.writeText(out, HadoopRequests.kindOf(e));
              Bytes.writeText(out, HadoopRequests.wordsOf(e));
            }));
    worker.flush();
  }

  /** Bytes of the part that the task saves. */
  private void write(byte[] message) {
    try {
      if (part == null) part = stage.save.part(HadoopFiles.configuration(stage.hadoop), partition.number);
      part.write(message, 1);
    } catch (IOException e) {
      throw unwritten(e);
    }
  }

  private TaskFailed unwritten(Exception e) {
    String what = HadoopRequests.kindOf(e) + "\n" + stage.save.folder + "\n" + HadoopRequests.wordsOf(e);
    return TaskFailed.unwritten(stage, partition.number, attempt(), context.stageId(), what);
  }

  /** Sends what a reader of a feed gets next: stored rows, frames of a shuffle, or pieces of a file. */
  private void feed(int reader, int number) throws IOException {
    if (reader == readers.size()) readers.add(feedOf(number));
    Iterator<?> feed = readers.get(reader);
    int sent = 0;
    while (sent < FEED_BYTES) {
      boolean hasNext;
      try {
        hasNext = feed.hasNext();
      } catch (UncheckedIOException e) {
        refuse(e);
        return;
      }
      if (!hasNext) {
        worker.send(Worker.END, new byte[0]);
        worker.flush();
        return;
      }
      Object piece = feed.next();
      if (Stamp.is(piece)) {
        byte[] computation = Stamp.computation((byte[]) piece, context.taskAttemptId());
        worker.send(Worker.STORED, computation == null ? new byte[0] : computation);
        worker.flush();
        return;
      }
      sent += sendPiece(piece);
    }
    worker.send(Worker.MORE, new byte[0]);
    worker.flush();
  }

  private int sendPiece(Object piece) throws IOException {
    if (piece instanceof Tuple2) {
      byte[] frame = (byte[]) ((Tuple2<?, ?>) piece)._2();
      worker.send(Worker.PIECE, frame);
      return frame.length;
    }
    byte[] rows = (byte[]) piece;
    if (rows[0] == Worker.REPORT) carried.add(rows);
    else worker.send(Worker.PIECE, rows, 1);
    return rows.length;
  }

  /** The worker has ended its task well. */
  private Object done(byte[] message) throws IOException {
    Workers.give(worker);
    java.io.DataInputStream in = new java.io.DataInputStream(new java.io.ByteArrayInputStream(message, 1, message.length - 1));
    double records = in.readDouble();
    byte[] updates = Bytes.read(in);
    byte[] value = Bytes.read(in);
    byte[] left = stage.leaves.isEmpty() ? null : SessionFiles.take(stage.leaves + "/" + partition.number);
    drain();
    if (part != null) commit();
    int dataset = stage.kind == Stage.STORE ? stage.dataset : -1;
    byte[] report =
        Bytes.of(
            out -> {
              out.writeByte(Worker.REPORT);
              Bytes.writeText(out, WITHIN.get());
              out.writeInt(jobId);
              out.writeDouble(context.taskAttemptId());
              out.writeInt(dataset);
              out.writeInt(partition.number);
              out.writeDouble(records);
              Bytes.write(out, updates);
            });
    if (stage.kind == Stage.STORE) {
      if (updates.length > 0) carried.add(report);
      last = carried.iterator();
      return null;
    }
    last = java.util.Collections.emptyIterator();
    stage.reports.add(report);
    for (byte[] other : carried) stage.reports.add(other);
    if (stage.kind != Stage.ANSWER || left == null) return stage.kind == Stage.ANSWER ? value : null;
    return Bytes.of(
        out -> {
          Bytes.write(out, value);
          out.write(left);
        });
  }

  private void commit() {
    try {
      part.commit(partition.index());
    } catch (IOException e) {
      throw unwritten(e);
    }
  }

  /** What a persisted partition carries comes after its rows, which the worker may not have read to their end. */
  private void drain() {
    for (Iterator<?> reader : readers) {
      if (reader == null || reader instanceof HadoopFiles.Pieces) continue;
      while (reader.hasNext()) {
        Object piece = reader.next();
        if (!(piece instanceof byte[])) break;
        if (((byte[]) piece)[0] == Worker.REPORT) carried.add((byte[]) piece);
      }
    }
  }

  /** The worker is gone: it was stopped with its task, or it ended by itself. */
  private RuntimeException failed() {
    worker.kill();
    if (context.isInterrupted()) return new TaskKilledException("cancelled");
    return TaskFailed.lost(stage, partition.number, attempt(), context.stageId(), worker.reason());
  }

  /** The task has ended: a worker that is still at work has nobody to work for. */
  private void close() {
    if (worker.isOf(this)) worker.kill();
    if (part != null) part.close();
    if (places != null) places.close();
    for (Iterator<?> reader : readers) {
      if (!(reader instanceof HadoopFiles.Pieces)) continue;
      try {
        ((HadoopFiles.Pieces) reader).close();
      } catch (IOException e) {
        // It was read as far as it was needed.
      }
    }
    if (isPlaced) SessionFiles.release(partition);
  }
}
