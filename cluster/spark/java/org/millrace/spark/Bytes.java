// Texts and byte arrays in messages: a length and what follows.
package org.millrace.spark;

import java.io.ByteArrayOutputStream;
import java.io.DataInput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

final class Bytes {
  /** Writes one message. */
  interface Writing {
    void to(DataOutputStream out) throws IOException;
  }

  private Bytes() {}

  static byte[] read(DataInput in) throws IOException {
    byte[] bytes = new byte[in.readInt()];
    in.readFully(bytes);
    return bytes;
  }

  static String readText(DataInput in) throws IOException {
    return new String(read(in), StandardCharsets.UTF_8);
  }

  static String[] readTexts(DataInput in) throws IOException {
    String[] texts = new String[in.readInt()];
    for (int i = 0; i < texts.length; i++) texts[i] = readText(in);
    return texts;
  }

  static int[] readInts(DataInput in) throws IOException {
    int[] ints = new int[in.readInt()];
    for (int i = 0; i < ints.length; i++) ints[i] = in.readInt();
    return ints;
  }

  static void write(DataOutputStream out, byte[] bytes) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  static void writeText(DataOutputStream out, String text) throws IOException {
    write(out, (text == null ? "" : text).getBytes(StandardCharsets.UTF_8));
  }

  static void writeTexts(DataOutputStream out, String[] texts) throws IOException {
    out.writeInt(texts.length);
    for (String text : texts) writeText(out, text);
  }

  static void writeInts(DataOutputStream out, int[] ints) throws IOException {
    out.writeInt(ints.length);
    for (int value : ints) out.writeInt(value);
  }

  /** A message as bytes. */
  static byte[] of(Writing writing) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      writing.to(new DataOutputStream(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}
