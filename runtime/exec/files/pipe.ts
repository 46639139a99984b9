// The elements of a partition as lines through a command, both ways at once: what is not read yet bounds what is written and computed.
import { MillraceError } from '../../base/errors';
import { maxLineBytes, textChunkBytes } from '../../base/limits';
import { linesOf } from '../../formats/read-lines';
import type { Command } from '../../plan/program';
import { toText } from '../../wire/text-form';

/** What happened to a command. */
export type CommandNews =
  | { readonly kind: 'output'; readonly bytes: Uint8Array }
  /** It has taken a piece of its input. */
  | { readonly kind: 'room' }
  /** It reads no more. */
  | { readonly kind: 'deaf' }
  /** It has ended; `failure` says why, if it failed. */
  | { readonly kind: 'ended'; readonly failure?: string };

/** A command that runs while the task's thread goes on. */
export interface RunningCommand {
  /** The next news; waits for them so many milliseconds at most. */
  next(ms: number): CommandNews | undefined;
  write(bytes: Uint8Array): void;
  endInput(): void;
  /** So many bytes of output were used: it may write as many more. */
  taken(bytes: number): void;
  /** Ends it with all processes it started, and closes its input and output. */
  stop(): void;
}

export type StartCommand = (command: Command) => RunningCommand;

interface PipeHost {
  readonly startCommand: StartCommand;
  /** Throws if the task was cancelled. */
  tick(): void;
}

/** Pieces of input that a command may have before it. */
const piecesAhead = 4;
/** How long a wait for news is before the next look at whether the task was cancelled. */
const waitMs = 20;

/** One partition on its way through a command. */
export class Piping {
  readonly #command: Command;
  readonly #host: PipeHost;
  #running: RunningCommand | undefined;

  constructor(command: Command, host: PipeHost) {
    this.#command = command;
    this.#host = host;
  }

  /** The lines of the command's output as they come. Throws COMMAND_FAILED unless it ends with status 0. */
  *run(chunks: Iterable<unknown[]>): Generator<string[]> {
    const running = this.#host.startCommand(this.#command);
    this.#running = running;
    const input = pieces(chunks);
    const lines = new Lines(this.#command.args[0]);
    let room = piecesAhead;
    try {
      for (;;) {
        const news = running.next(room > 0 ? 0 : waitMs);
        this.#host.tick();
        switch (news?.kind) {
          case undefined: {
            if (room <= 0) break;
            const piece = input.next();
            if (piece.done) running.endInput();
            else running.write(piece.value);
            room = piece.done ? Number.NEGATIVE_INFINITY : room - 1;
            break;
          }
          case 'room':
            room++;
            break;
          case 'deaf':
            room = Number.NEGATIVE_INFINITY;
            break;
          case 'output':
            yield* lines.add(news.bytes);
            running.taken(news.bytes.length);
            break;
          case 'ended':
            this.#running = undefined;
            if (news.failure !== undefined)
              throw new MillraceError('COMMAND_FAILED', { command: this.#command.args.join(' '), reason: news.failure });
            return yield* lines.end();
        }
      }
    } finally {
      input.return(undefined);
      this.close();
    }
  }

  /** Nobody reads on: the command ends. */
  close(): void {
    this.#running?.stop();
    this.#running = undefined;
  }
}

/** Elements as lines, in pieces of some size. */
function* pieces(chunks: Iterable<unknown[]>): Generator<Buffer> {
  let text = '';
  for (const chunk of chunks) {
    for (const x of chunk) text += `${toText(x)}\n`;
    if (text.length <= textChunkBytes) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}

/** Cuts output into lines as it comes. */
class Lines {
  readonly #command: string;
  /** The beginning of a line whose end has not come. */
  #begun: Uint8Array[] = [];
  #bytes = 0;

  constructor(command: string) {
    this.#command = command;
  }

  *add(bytes: Uint8Array): Generator<string[]> {
    const end = bytes.lastIndexOf(10);
    if (end < 0) return this.#begin(bytes);
    const whole = Buffer.concat([...this.#begun, bytes.subarray(0, end)]);
    this.#begun = [];
    this.#bytes = 0;
    this.#begin(bytes.subarray(end + 1));
    yield linesOf(whole, 0, whole.length);
  }

  #begin(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#begun.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes <= maxLineBytes) return;
    const reason = `a line of its output is longer than ${maxLineBytes >> 20} MiB`;
    throw new MillraceError('COMMAND_FAILED', { command: this.#command, reason });
  }

  *end(): Generator<string[]> {
    if (this.#bytes === 0) return;
    const last = Buffer.concat(this.#begun);
    yield linesOf(last, 0, last.length);
  }
}
