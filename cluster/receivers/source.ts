// What the sources of a receiver process share: where their lines go, when they may read, and how they report.
import { bytesText } from '../../runtime/base/units';
import type { BlockWriter } from './block-writer';
import { LineCutter } from './cut-lines';
import { ThrottledReport } from './limited-notices';
import type { ReadGate } from './read-gate';

export interface SourceHost {
  readonly blocks: BlockWriter;
  readonly gate: ReadGate;
  readonly maxLineBytes: number;
  /** Milliseconds. */
  readonly silence: number;
  report(event: 'started' | 'error' | 'notice', message: string): void;
}

/** A source that is being read. */
export interface Source {
  /** Bytes of incomplete lines; undefined if the source has no lines. */
  readonly pending?: number;
  /** Adds what it still holds to the block that is about to be cut. */
  flush?(): void;
  /** How far it has read is to be written down: the block gets its name after this, and the next one has this number. */
  save?(next: number): void;
  /** The driver knows this block. */
  known?(block: number): void;
  /** The elements of a block are lost. */
  blockLost?(block: number, reason: string): void;
  /** Stops reading. */
  close(graceful: boolean): void | Promise<void>;
}

/** Takes the lines of all connections of one stream. */
export class LineSink {
  readonly #host: SourceHost;
  readonly #long: ThrottledReport;

  constructor(host: SourceHost) {
    this.#host = host;
    this.#long = new ThrottledReport((count) =>
      host.report('error', `dropped ${count === 1 ? 'a line' : `${count} lines`} longer than ${bytesText(host.maxLineBytes)}`),
    );
  }

  /** Makes the cutter for one connection. */
  cutter(): LineCutter {
    const { blocks, gate, maxLineBytes } = this.#host;
    return new LineCutter(
      {
        lines: (bytes, records) => {
          // First: what cannot be written is given back at once.
          gate.received(bytes.length, records);
          blocks.lines(bytes, records);
        },
        tooLong: () => this.#long.happened(),
      },
      maxLineBytes,
    );
  }

  close(): void {
    this.#long.close();
  }
}
