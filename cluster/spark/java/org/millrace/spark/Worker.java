// One Node process of an executor and the pipes to it: messages are a length, a kind and a body.
package org.millrace.spark;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

final class Worker {
  // To the worker.
  static final byte HELLO = 'H';
  static final byte BLOB = 'B';
  static final byte FORGET = 'F';
  static final byte TASK = 'T';
  static final byte PIECE = 'P';
  static final byte MORE = 'M';
  static final byte END = 'E';
  static final byte MET = 'A';
  /** A file cannot be read: the kind of the failure, and its words. */
  static final byte REFUSED = 'N';
  /** Before the pieces of a persisted partition: which computation of it they are of; nothing where no copy is wanted. */
  static final byte STORED = 'S';
  // From it.
  static final byte ROWS = 'R';
  static final byte FRAME = 'S';
  static final byte WANTS = 'W';
  static final byte MEETS = 'G';
  static final byte OPENS = 'O';
  /** A request as those of the session. */
  static final byte ASKS = 'Q';
  static final byte DONE = 'D';
  static final byte FAILED = 'X';
  /** Its first message: that it can run tasks, or why it cannot. */
  static final byte READY = 'Y';
  /** Among the rows of a persisted partition: what its tasks added to accumulators. */
  static final byte REPORT = 'U';
  /** The first of a persisted partition: the task that computed it, and what tells this computation from all others. */
  static final byte STAMP = 'K';

  private static final int PIPE_BYTES = 128 << 10;
  /** Blobs that a worker holds beyond those of its task. */
  private static final int KEPT_BLOBS = 64;
  private static final int KEPT_STAMPS = 1024;
  private static final Set<String> PASSED_ON =
      Set.of("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR");
  /** Protocol on descriptors of its own: what user code prints, and what its children print, goes to the log. */
  private static final String SHELL = "exec \"$0\" \"$@\" 3<&0 4>&1 0</dev/null 1>&2";

  /** What the shell answers where a program is not there, or cannot be run. */
  private static final int NOT_RUN = 126;
  private static final int NOT_FOUND = 127;

  private final String program;
  private final Process process;
  private final DataInputStream in;
  private final DataOutputStream out;
  /** By last use. */
  private final Map<String, Boolean> blobs = new LinkedHashMap<>(16, 0.75f, true);
  private volatile Object owner;
  private boolean isReady;
  /** Computations of persisted partitions that it has read, the newest ones. */
  private final Map<String, Boolean> read =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
          return size() > KEPT_STAMPS;
        }
      };
  /** How many tables of streams' states it holds. Guarded by the workers of the executor. */
  int tables;

  Worker(List<String> command, String settings) throws IOException {
    List<String> line = new ArrayList<>(List.of("/bin/sh", "-c", SHELL));
    line.addAll(command);
    program = command.get(0);
    ProcessBuilder builder = new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().keySet().retainAll(PASSED_ON);
    process = builder.start();
    in = new DataInputStream(new BufferedInputStream(process.getInputStream(), PIPE_BYTES));
    out = new DataOutputStream(new BufferedOutputStream(process.getOutputStream(), PIPE_BYTES));
    try {
      send(HELLO, settings.getBytes(java.nio.charset.StandardCharsets.UTF_8));
      flush();
    } catch (IOException e) {
      // It has ended already: `refusal` says why.
    }
  }

  /** Waits until it can run tasks. Answers why it cannot, and what to do, a line each; null where it can. */
  String refusal() throws IOException {
    if (isReady) return null;
    byte[] message;
    try {
      message = receive();
    } catch (EOFException e) {
      return unstarted();
    }
    if (message[0] != READY) throw new IOException("a message of kind " + message[0] + " before the first task");
    isReady = message.length == 1;
    return isReady ? null : new String(message, 1, message.length - 1, java.nio.charset.StandardCharsets.UTF_8);
  }

  /** Why it ended before its first task. */
  private String unstarted() {
    String why = reason();
    int code = process.isAlive() ? 0 : process.exitValue();
    if (code == NOT_FOUND) why = "there is no Node at " + program;
    if (code == NOT_RUN) why = "its user may not run " + program;
    return why + "\n";
  }

  /** It reads these persisted partitions. Guarded as `tables`. */
  void reads(List<String> stamps) {
    for (String stamp : stamps) read.put(stamp, true);
  }

  /** How many of these it has read before, and may have copies of. */
  int known(List<String> stamps) {
    int known = 0;
    for (String stamp : stamps) if (read.containsKey(stamp)) known++;
    return known;
  }

  void own(Object newOwner) {
    owner = newOwner;
  }

  boolean isOf(Object run) {
    return owner == run;
  }

  void send(byte kind, byte[] body) throws IOException {
    send(kind, body, 0);
  }

  /** Sends the body from `from` on. */
  void send(byte kind, byte[] body, int from) throws IOException {
    out.writeInt(body.length - from + 1);
    out.writeByte(kind);
    out.write(body, from, body.length - from);
  }

  void flush() throws IOException {
    out.flush();
  }

  /** The next message, its kind first. */
  byte[] receive() throws IOException {
    int length = in.readInt();
    if (length < 1) throw new EOFException();
    byte[] message = new byte[length];
    in.readFully(message);
    return message;
  }

  int readInt(byte[] message, int at) {
    return ByteBuffer.wrap(message).getInt(at);
  }

  /** Sends a blob unless the worker has it. */
  void provide(Blob blob) throws IOException {
    if (blobs.put(blob.id, true) != null) return;
    byte[] bytes = blob.bytes();
    byte[] id = blob.id.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    out.writeInt(1 + 4 + id.length + bytes.length);
    out.writeByte(BLOB);
    Bytes.write(out, id);
    out.write(bytes);
  }

  /** Between two tasks: drops the blobs that were not used for longest. */
  void forgetOld() throws IOException {
    Iterator<String> oldest = blobs.keySet().iterator();
    for (int over = blobs.size() - KEPT_BLOBS; over > 0; over--) {
      send(FORGET, oldest.next().getBytes(java.nio.charset.StandardCharsets.UTF_8));
      oldest.remove();
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  void kill() {
    owner = null;
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  /** Why it ended, in words. */
  String reason() {
    try {
      if (!process.waitFor(1, TimeUnit.SECONDS)) return "it stopped answering";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "it was stopped";
    }
    int code = process.exitValue();
    if (code == 134) return "it ran out of memory; raise executorMemory or use more partitions";
    if (code > 128) return "it was killed by signal " + (code - 128);
    return "it exited with code " + code + "; perhaps a function calls process.exit";
  }
}
