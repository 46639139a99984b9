// What the sources of a receiver process have in common: where their lines go, when they may read, and what they tell.
import { bytesText } from '../../runtime/base/units';
import type { BlockWriter } from './blocks';
import { LineCutter } from './lines';
import { ThrottledReport } from './notices';
import type { ReadGate } from './read-gate';

export interface SourceHost {
  readonly blocks: BlockWriter;
  readonly gate: ReadGate;
  readonly maxLineBytes: number;
  /** Milliseconds. */
  readonly silence: number;
  told(event: 'started' | 'error' | 'notice', message: string): void;
}

/** A source that is being read. */
export interface Source {
  /** Bytes of lines that have begun and not ended; none where elements come whole. */
  readonly pending?: number;
  /** Reads no more. */
  close(graceful: boolean): void | Promise<void>;
}

/** The lines of all connections of one stream. */
export class LineSink {
  readonly #host: SourceHost;
  readonly #long: ThrottledReport;

  constructor(host: SourceHost) {
    this.#host = host;
    this.#long = new ThrottledReport((count) =>
      host.told('error', `${dropped(count)} longer than ${bytesText(host.maxLineBytes)}`),
    );
  }

  /** Cuts the bytes of one connection. */
  cutter(): LineCutter {
    const { blocks, gate, maxLineBytes } = this.#host;
    return new LineCutter(
      {
        lines: (bytes, records) => {
          blocks.lines(bytes, records);
          gate.received(bytes.length, records);
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

const dropped = (count: number) => (count === 1 ? 'a line was left out: it is' : `${count} lines were left out: they are`);
