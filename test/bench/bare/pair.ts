// Two processes that share a work by halves: this one and a partner, with one message each way for a step.
import { type ChildProcess, fork } from 'node:child_process';

/** Which half of the input a process works on. */
export type Half = 0 | 1;

/** A work as a program of two processes would be written for it alone, by typed arrays and loops over bytes. */
export interface BareWork {
  readonly name: string;
  /** Runs once in both processes before the clock starts: what the other side holds in memory by then too. */
  readonly prepare?: (half: Half, data: string) => void;
  readonly steps: Readonly<Record<string, Step>>;
  /** Runs in the first process; `both` runs a step on both halves at a time. */
  readonly run: (both: Both) => Promise<number>;
}

/** The steps of a work know what they send each other. */
export type Step = (half: Half, input: any, data: string) => any;

export type Both = (step: string, first?: any, second?: any) => Promise<[any, any]>;

interface Asked {
  readonly work: string;
  readonly step: string;
  readonly input: unknown;
  readonly data: string;
}

interface Answer {
  readonly value: unknown;
}

/** The step in which `prepare` runs. */
const preparing = '';

function perform(works: readonly BareWork[], half: Half, { work: name, step, input, data }: Asked): unknown {
  const work = works.find((work) => work.name === name)!;
  return step === preparing ? work.prepare?.(half, data) : work.steps[step](half, input, data);
}

export class Pair {
  readonly #works: readonly BareWork[];
  readonly #partner: ChildProcess;

  /** `program` is the file that calls `servePartner`. */
  constructor(works: readonly BareWork[], program: string, execArgv: readonly string[]) {
    this.#works = works;
    this.#partner = fork(program, { serialization: 'advanced', execArgv: [...execArgv] });
  }

  async prepare(work: BareWork, data: string): Promise<void> {
    await this.#both(work, data)(preparing);
  }

  run(work: BareWork, data: string): Promise<number> {
    return work.run(this.#both(work, data));
  }

  end(): void {
    this.#partner.disconnect();
  }

  #both(work: BareWork, data: string): Both {
    return async (step, first, second) => {
      const answer = new Promise<unknown>((resolve) =>
        this.#partner.once('message', (message) => resolve((message as Answer).value)),
      );
      const ask = (input: unknown): Asked => ({ work: work.name, step, input, data });
      // The message must have left before this process is busy itself.
      await new Promise((resolve) => this.#partner.send(ask(second), resolve));
      const own = perform(this.#works, 0, ask(first));
      return [own, await answer];
    };
  }
}

/** The partner's side: performs what it is asked, until the first process is gone. */
export function servePartner(works: readonly BareWork[]): void {
  process.on('message', (asked) => process.send!({ value: perform(works, 1, asked as Asked) } satisfies Answer));
}
