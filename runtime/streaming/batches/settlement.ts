// Up to which batch everything is done: its outputs have ended, and its states and windows are whole.
import { type Time, timeText } from '../../base/duration';
import { asError } from '../../base/errors';
import type { StreamDisplay } from '../graph/display';
import type { StatefulDStream } from '../graph/stateful';

export class Settlement {
  readonly #of: { readonly stateful: readonly StatefulDStream<unknown>[]; readonly display: StreamDisplay };
  readonly #ended: Time[] = [];
  #isFailing = false;

  constructor(of: { readonly stateful: readonly StatefulDStream<unknown>[]; readonly display: StreamDisplay }) {
    this.#of = of;
  }

  /**
   * The outputs of the batch of `time` have ended, the batches before it included. Answers the last batch that is done with all before it,
   * if there is a new one. What a disk or an executor did to a state is tried again with each batch.
   */
  async ended(time: Time): Promise<Time | undefined> {
    this.#ended.push(time);
    let last: Time | undefined;
    while (this.#ended.length > 0 && (await this.#settle(this.#ended[0]))) last = this.#ended.shift();
    return last;
  }

  async #settle(time: Time): Promise<boolean> {
    for (const stream of this.#of.stateful) {
      try {
        await stream.settle(time);
      } catch (e) {
        const message = `the state of ${stream.name} could not be computed for ${timeText(time)}; each batch tries it again`;
        if (!this.#isFailing) this.#of.display.notice(message, asError(e));
        this.#isFailing = true;
        return false;
      }
    }
    if (this.#isFailing) this.#of.display.notice(`the states of ${timeText(time)} are whole again`);
    this.#isFailing = false;
    return true;
  }
}
