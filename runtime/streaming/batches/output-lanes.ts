// Outputs that try a failed batch again: their later batches wait behind it, the other outputs go on.
import type { Clock } from '../../base/time';
import type { Output } from '../graph/output';
import type { OutputRun } from './output-run';

/** One output on one batch, and how it is tried. */
interface Entry {
  readonly run: OutputRun;
  readonly attempt: () => Promise<void>;
}

interface Lane {
  readonly entries: Entry[];
  /** Cancels the rest until the next try. */
  rest: (() => void) | undefined;
  working: Promise<void> | undefined;
}

export class Lanes {
  readonly #clock: Clock;
  readonly #ended: () => void;
  readonly #lanes = new Map<Output, Lane>();
  /** The context stops: each is tried once more, and no more. */
  #isLast = false;

  /** Calls `ended` when an output has ended its work on a batch. */
  constructor(clock: Clock, ended: () => void) {
    this.#clock = clock;
    this.#ended = ended;
  }

  /** Whether the output is still at an earlier batch. */
  isBehind(output: Output): boolean {
    return this.#lanes.has(output);
  }

  /** Adds a batch: one that has failed and is to be tried again, or one that waits behind it. */
  add(run: OutputRun, attempt: () => Promise<void>): void {
    const { output } = run.work;
    const known = this.#lanes.get(output);
    known?.entries.push({ run, attempt });
    if (known) return;
    const lane: Lane = { entries: [{ run, attempt }], rest: undefined, working: undefined };
    this.#lanes.set(output, lane);
    if (this.#isLast) this.#start(output, lane);
    else this.#rest(output, lane);
  }

  #rest(output: Output, lane: Lane): void {
    lane.rest = this.#clock.after(lane.entries[0].run.restMs, () => this.#start(output, lane));
  }

  #start(output: Output, lane: Lane): void {
    lane.rest?.();
    lane.rest = undefined;
    lane.working ??= this.#work(output, lane).finally(() => {
      lane.working = undefined;
    });
  }

  async #work(output: Output, lane: Lane): Promise<void> {
    for (let [next] = lane.entries; next; [next] = lane.entries) {
      if (!next.run.isOver) await next.attempt();
      if (!next.run.isOver) {
        if (!this.#isLast) return this.#rest(output, lane);
        break;
      }
      lane.entries.shift();
      this.#ended();
    }
    this.#lanes.delete(output);
  }

  /** The output was stopped: what it has not done it does no more. */
  wake(output: Output): void {
    const lane = this.#lanes.get(output);
    if (lane) this.#start(output, lane);
  }

  /** Resolves when no output is at work: those that rest until their next try may remain. */
  async idle(): Promise<void> {
    for (let working = this.#working; working.length > 0; working = this.#working) await Promise.all(working);
  }

  get #working(): Promise<void>[] {
    return [...this.#lanes.values()].flatMap(({ working }) => working ?? []);
  }

  /** Tries each once more, at once. */
  async last(): Promise<void> {
    this.#isLast = true;
    for (const [output, lane] of this.#lanes) this.#start(output, lane);
    await this.idle();
  }

  /** Tries none any more. */
  clear(): void {
    for (const lane of this.#lanes.values()) lane.rest?.();
    this.#lanes.clear();
  }
}
