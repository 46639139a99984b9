// Sends the user's output on stdout and stderr to the session's screen, in order with printed values.

export type Stream = 'out' | 'err';

type Write = typeof process.stdout.write;

/**
 * Replaces `write` of both streams. Writes made by `print` itself pass through, so that a session without a terminal can print to
 * the real streams. Returns a function that undoes it.
 */
export function captureOutput(print: (text: string, stream: Stream) => void): () => void {
  const undoOut = capture(process.stdout, 'out', print);
  const undoErr = capture(process.stderr, 'err', print);
  return () => {
    undoOut();
    undoErr();
  };
}

let printing = false;

/** Call this when SIGINT has broken code: none of its `finally` blocks ran. */
export function outputBroken(): void {
  printing = false;
}

function capture(stream: NodeJS.WriteStream, name: Stream, print: (text: string, stream: Stream) => void): () => void {
  const original = stream.write;
  const write = (chunk: unknown, encoding?: unknown, done?: unknown): boolean => {
    const forward = original as (...args: unknown[]) => boolean;
    if (printing) return forward.call(stream, chunk, encoding, done);
    printing = true;
    try {
      print(textOf(chunk, encoding), name);
    } finally {
      printing = false;
    }
    const callback = typeof encoding === 'function' ? encoding : done;
    if (typeof callback === 'function') process.nextTick(callback as () => void);
    return true;
  };
  stream.write = write as Write;
  return () => {
    if (stream.write === write) stream.write = original;
  };
}

function textOf(chunk: unknown, encoding: unknown): string {
  if (typeof chunk === 'string')
    return typeof encoding === 'string' ? Buffer.from(chunk, encoding as BufferEncoding).toString('utf8') : chunk;
  return Buffer.from(chunk as Uint8Array).toString('utf8');
}
