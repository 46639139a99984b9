// How the tasks of a barrier stage wait for each other where the engine lets them exchange messages.
//
// In a round of the engine every task gives one message and gets all of them, so a task that has ended would be waited for in vain. It
// says in each round that it has left, until all have: the others are told instead of waiting for ever.
import { MillraceError } from '../base/errors';
import { decode, encode } from '../wire/codec';
import type { Meeting } from './rendezvous';

/** Gives a message to all tasks of the stage, and answers those of all, by partition. */
export type Gather = (message: Uint8Array) => readonly Uint8Array[];

/** What a task says in a round: what it called, and with what; nothing where it has left. */
type Said = readonly [operation: string, message: unknown] | readonly [];

export class EngineMeeting implements Meeting {
  readonly #gather: Gather;

  constructor(gather: Gather) {
    this.#gather = gather;
  }

  exchange(operation: string, message: unknown): unknown[] {
    return this.#round([operation, message]).map(([theirs, value], member) => {
      if (theirs === undefined)
        throw new MillraceError('BARRIER_FAILED', { operation, reason: `task ${member} has ended without calling it` });
      if (theirs !== operation)
        throw new MillraceError('BARRIER_FAILED', { operation, reason: `task ${member} called ${theirs} meanwhile` });
      return value;
    });
  }

  /** One that failed need not say so: the engine ends the others. */
  leave(isWell: boolean): void {
    while (isWell && this.#round([]).some(([theirs]) => theirs !== undefined));
  }

  #round(said: Said): Said[] {
    return this.#gather(encode(said)).map((bytes) => decode(bytes, 'executor') as Said);
  }
}
