// Reports a source that sends nothing for long, and that it sends again.
import { msText } from '../../runtime/base/units';

/** Milliseconds between two looks at a source that may be silent for long. */
const mostCheckMs = 60_000;

/** Reports a source that sends nothing, once per silence. */
export class SilenceWatch {
  readonly #ms: number;
  readonly #report: (message: string) => void;
  readonly #timer: NodeJS.Timeout;
  #heardAt = performance.now();
  #isReported = false;

  constructor(ms: number, source: string, report: (message: string) => void) {
    this.#ms = ms;
    this.#report = (message) => report(`${source} ${message}`);
    this.#timer = setInterval(() => this.#check(), Math.min(mostCheckMs, Math.max(10, ms / 4)));
  }

  heard(): void {
    this.#heardAt = performance.now();
    if (this.#isReported) this.#report('is sending again');
    this.#isReported = false;
  }

  #check(): void {
    if (this.#isReported || performance.now() - this.#heardAt < this.#ms) return;
    this.#isReported = true;
    this.#report(`has sent nothing for ${msText(this.#ms)}`);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
