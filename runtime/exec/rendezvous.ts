// How the tasks of a barrier stage wait for each other and exchange messages: by files in the folder that the executors share.
//
// A round is over when every member has put its message there. A member that has left (its task ended) will never come: the others
// are told instead of waiting for ever. One run of the stage has one folder, so that late members of an earlier run meet nobody.

import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MillraceError } from '../base/errors';
import { makeFolders } from '../base/files';
import { barrierPollMs } from '../base/limits';
import { decode, encode } from '../wire/codec';
import { TaskCancelled } from './task-runtime';

/** How one of the tasks meets the others. */
export interface Meeting {
  /** Gives a message and waits for those of all members, which it answers in their order. */
  exchange(operation: string, message: unknown): unknown[];
  /** The task of this member is over, well or not. */
  leave(isWell: boolean): void;
}

export interface BarrierMember {
  readonly folder: string;
  readonly stageId: number;
  readonly stageAttempt: number;
  readonly member: number;
  readonly members: number;
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

export class Rendezvous implements Meeting {
  readonly #of: BarrierMember;
  readonly #cancelled: () => boolean;
  readonly #folder: string;
  #round = 0;

  constructor(of: BarrierMember, cancelled: () => boolean) {
    this.#of = of;
    this.#cancelled = cancelled;
    this.#folder = join(of.folder, 'barrier', `${of.stageId}.${of.stageAttempt}`);
    makeFolders(this.#folder, 0o700);
    // Nobody comes back to the run before.
    rmSync(join(of.folder, 'barrier', `${of.stageId}.${of.stageAttempt - 1}`), { recursive: true, force: true });
  }

  exchange(operation: string, message: unknown): unknown[] {
    const round = this.#round++;
    this.#put(`${round}.${this.#of.member}`, encode([operation, message]));
    const met = this.#wait(operation, round);
    return met.map(([theirs, value], member) => {
      if (theirs !== operation)
        throw new MillraceError('BARRIER_FAILED', { operation, reason: `task ${member} called ${theirs} meanwhile` });
      return value;
    });
  }

  #wait(operation: string, round: number): [string, unknown][] {
    const met: [string, unknown][] = [];
    while (met.length < this.#of.members) {
      const next = met.length;
      // Looked at before the message: whoever left after giving it has given it.
      const left = existsSync(join(this.#folder, `left.${next}`));
      const path = join(this.#folder, `${round}.${next}`);
      if (existsSync(path)) met.push(decode(readFileSync(path), 'executor') as [string, unknown]);
      else if (left)
        throw new MillraceError('BARRIER_FAILED', { operation, reason: `task ${next} has ended without calling it` });
      else this.#sleep();
    }
    return met;
  }

  #sleep(): void {
    if (this.#cancelled()) throw new TaskCancelled();
    Atomics.wait(sleeper, 0, 0, barrierPollMs);
  }

  #put(name: string, bytes: Uint8Array): void {
    const part = join(this.#folder, `${name}.part`);
    writeFileSync(part, bytes, { mode: 0o600 });
    renameSync(part, join(this.#folder, name));
  }

  /** The task of this member is over; the last one takes the folder away. */
  leave(): void {
    if (!existsSync(this.#folder)) return;
    this.#put(`left.${this.#of.member}`, new Uint8Array(0));
    const left = readdirSync(this.#folder).filter((name) => /^left\.\d+$/.test(name));
    if (left.length === this.#of.members) rmSync(this.#folder, { recursive: true, force: true });
  }
}
