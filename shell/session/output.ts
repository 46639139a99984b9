// Sends what the user's code writes to stdout and stderr to the session's screen, in order with its values.

export type Stream = 'out' | 'err';

type Write = typeof process.stdout.write;

/**
 * Takes the place of both streams' `write`. What `print` itself writes to them goes through as it is, so that a session without
 * a terminal can print to the real streams. Answers how to undo it.
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

/** To be called when SIGINT has broken some code: nothing of it ran after that, no `finally` either. */
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
