// The recovery of a streaming context: checkpoints each batch before its jobs run and when it is done, and resumes from a checkpoint.

import { dirname } from 'node:path';
import { durationText, type Time, timeText } from '../../base/duration';
import { asError, MillraceError } from '../../base/errors';
import { UnfitData } from '../../base/plain-data';
import { isElsewhere, type RemoteFolders } from '../../base/remote/remote-folders';
import { aheadOf, type Clock } from '../../base/time';
import type { EngineFiles } from '../../plan/engine';
import { notify, type StreamDisplay } from '../graph/display';
import type { BatchInput, InputDStream } from '../graph/input';
import type { StatefulDStream } from '../graph/stateful';
import { oldestRemembered } from '../graph/stream-lineage';
import type { SavedInput, SavedState, StreamCheckpoint } from './checkpoint';
import { CheckpointFiles, type FoundCheckpoint } from './checkpoint-files';
import { Lease } from './lease';
import { match, matchIfClear, savedText } from './matching';
import { Saver } from './saver';

/** Where batches resume. */
export interface Resumption {
  readonly zeroTime: Time;
  /** The last batch that an earlier run finished. */
  readonly done: Time;
  /** Batches that an earlier run did not finish; they read what they read then. */
  readonly unfinished: readonly Time[];
  /** The first new batch. */
  readonly next: Time;
}

/** The greatest number of catch-up batches. Older missed batches are skipped; the catch-up batches read what their sources still have. */
const mostCatchUp = 600;

type Input = InputDStream<unknown>;

/** What recovery needs of the streaming context that it checkpoints. */
export interface RecoverySubject {
  readonly sc: { readonly engineFiles: EngineFiles | undefined };
  readonly interval: number;
  readonly zeroTime: Time | undefined;
  /** Replaced where batch times must run ahead of the clock. */
  clock: Clock;
  readonly display: StreamDisplay;
  readonly inputs: readonly Input[];
  readonly stateful: readonly StatefulDStream<unknown>[];
  stop(): Promise<void>;
}

/** The progress of an earlier run, in the times of this one. */
interface Standing {
  readonly zeroTime: Time;
  readonly lastDone: Time;
  readonly lastMade: Time;
  /** The time in this run of each unfinished batch of the earlier one. */
  readonly unfinished: ReadonlyMap<Time, Time>;
  readonly keepsPast: boolean;
}

export class Recovery {
  readonly #streaming: RecoverySubject;
  readonly #files: CheckpointFiles;
  readonly #saver: Saver;
  readonly #mayResume: boolean;
  readonly #folder: string;
  readonly #folders: RemoteFolders | undefined;
  #lease: Lease | undefined;
  #lastDone: Time | undefined;
  #lastMade: Time | undefined;
  readonly #unfinished: Time[] = [];
  /** The last completed batch in each of the two files. */
  #older: Time | undefined;
  #newer: Time | undefined;
  #isFailing = false;

  /** With `mayResume` it resumes from a checkpoint in the folder; without, there must not be one. */
  constructor(streaming: RecoverySubject, folder: string, mayResume: boolean) {
    const folders = isElsewhere(folder) ? streaming.sc.engineFiles?.folders : undefined;
    this.#folders = folders;
    this.#streaming = streaming;
    this.#mayResume = mayResume;
    this.#folder = folder;
    this.#files = new CheckpointFiles(folder, folders);
    this.#saver = new Saver(() => this.#write());
  }

  // While it runs.

  /** A batch was made. */
  made(time: Time): void {
    this.#lastMade = Math.max(time, this.#lastMade ?? time);
    this.#unfinished.push(time);
    void this.#saver.save();
  }

  /**
   * Resolves when the checkpoint has what the batch reads, so that its jobs may run. A failed write is reported and resolves too. The
   * folder may have been taken over after that write, while the batch waited: then the streams end, and its jobs do not run.
   */
  async saved(): Promise<void> {
    await this.#saver.idle();
    try {
      this.#lease?.check();
    } catch (e) {
      if (e instanceof MillraceError && e.code === 'CHECKPOINT_TAKEN_OVER') this.#takenOver(e);
    }
  }

  /** All batches until `time` are done; returns the batch up to which everything may be forgotten, if there is one. */
  done(time: Time | undefined): Time | undefined {
    if (time === undefined) return this.#older;
    while (this.#unfinished.length > 0 && this.#unfinished[0] <= time) this.#unfinished.shift();
    this.#lastDone = time;
    void this.#saver.save();
    return this.#older;
  }

  /** Waits for the last write, and leaves the folder to the next program. */
  async stop(): Promise<void> {
    await this.#saver.idle();
    this.#lease?.release();
  }

  #inputs(): Input[] {
    return [...this.#streaming.inputs].sort((a, b) => a.id - b.id);
  }

  #snapshot(): StreamCheckpoint {
    const { interval, zeroTime = 0 } = this.#streaming;
    const lastDone = this.#lastDone ?? zeroTime;
    const named = ({ name, isNamed, operation }: Input | StatefulDStream<unknown>) => ({ name, isNamed, operation });
    return {
      interval,
      zeroTime,
      lastDone,
      lastMade: this.#lastMade ?? zeroTime,
      unfinished: [...this.#unfinished],
      inputs: this.#inputs().map((input) => ({
        ...named(input),
        kind: input.kind,
        position: input.position(),
        batches: input.remembered.map(([time, batch]) => [time, { ...batch, reads: savedReads(input, batch) }] as const),
      })),
      states: this.#streaming.stateful.flatMap((stream) => {
        const saved = stream.stateVersion(lastDone);
        return saved ? [{ ...named(stream), ...saved }] : [];
      }),
    };
  }

  async #write(): Promise<void> {
    try {
      const snapshot = this.#snapshot();
      this.#lease?.check();
      await this.#files.write(snapshot);
      this.#older = this.#newer;
      this.#newer = snapshot.lastDone;
      this.#isFailing = false;
    } catch (e) {
      if (e instanceof MillraceError && e.code === 'CHECKPOINT_TAKEN_OVER') return this.#takenOver(e);
      if (!this.#isFailing) this.#notice('the checkpoint cannot be written; batches go on without it', asError(e));
      this.#isFailing = true;
    }
  }

  /** The other program runs the same batches. */
  #takenOver(error: Error): void {
    if (!this.#isFailing) this.#notice('the streams end', error);
    this.#isFailing = true;
    void this.#streaming.stop();
  }

  #notice(message: string, error?: Error): void {
    notify(this.#streaming.display, message, error);
  }

  // At the start.

  /**
   * Puts streams where the checkpoint says, if there is one. Throws CHECKPOINT_EXISTS where it is not to be gone on with,
   * CHECKPOINT_UNREADABLE where no file of some is whole, STREAMS_AMBIGUOUS and STATE_PARTITIONS where it does not fit.
   */
  begin(): Resumption | undefined {
    this.#lease = Lease.take(this.#folder, this.#folders);
    this.#files.beginAfter(this.#lease.number);
    try {
      const found = this.#files.read();
      if (found && !this.#mayResume) throw new MillraceError('CHECKPOINT_EXISTS', { path: found.path });
      const received = this.#folders ? this.#inputs().filter(({ kind }) => kind.startsWith('received')) : [];
      for (const input of received)
        this.#notice(
          `${input}: what it has read and no batch has done is lost if this session dies, for it has no log in this folder`,
        );
      return found && this.#resume(found);
    } catch (e) {
      this.#lease.release();
      throw e;
    }
  }

  #resume(found: FoundCheckpoint): Resumption {
    try {
      return this.#goOnFrom(found);
    } catch (e) {
      // Its sources check what they saved.
      if (!(e instanceof UnfitData)) throw e;
      throw new MillraceError('CHECKPOINT_UNREADABLE', {
        folder: dirname(found.path),
        reasons: `${found.path} is damaged: ${e.message}.`,
      });
    }
  }

  #goOnFrom({ checkpoint, path, damage }: FoundCheckpoint): Resumption {
    for (const error of damage) this.#notice(`${error.message} The previous checkpoint, ${path}, is used`);
    const standing = this.#standing(checkpoint);
    const inputs = match(checkpoint.inputs, this.#inputs());
    for (const [saved, input] of inputs.pairs) this.#restoreInput(saved, input, standing);
    for (const saved of inputs.unclaimed)
      this.#notice(`no stream matches the saved source ${savedText(saved)}: unfinished batches run without its data`);
    for (const input of inputs.fresh) this.#notice(`${input} is not in the checkpoint: it starts anew`);
    this.#restoreStates(checkpoint.states, standing);
    this.#lastDone = standing.lastDone;
    this.#lastMade = standing.lastMade;
    this.#newer = standing.lastDone;
    return this.#resumption(standing);
  }

  #restoreStates(saved: readonly SavedState[], { keepsPast, lastDone, zeroTime }: Standing): void {
    const { stateful } = this.#streaming;
    const [windows, states] = [saved.filter((one) => one.window), saved.filter((one) => !one.window)];
    const [ownWindows, ownStates] = [stateful.filter((s) => !s.needsCheckpoint), stateful.filter((s) => s.needsCheckpoint)];
    const pairs = [...match(states, ownStates).pairs, ...(keepsPast ? matchIfClear(windows, ownWindows) : [])];
    const claimed = new Map(pairs.filter(([one, stream]) => stream.fits(one)).map(([one, stream]) => [stream, one]));
    const taken = new Set(saved.map(({ folder }) => folder));
    for (const stream of stateful) {
      const one = claimed.get(stream);
      if (one) for (const text of stream.restoreState(one)) this.#notice(text);
      else stream.startAnew(taken);
    }
    const claims = new Set(claimed.values());
    for (const one of states)
      if (!claims.has(one)) this.#notice(`no stream claims the state of ${savedText(one)}; it is left in the checkpoint folder`);
    for (const stream of ownStates)
      if (!claimed.has(stream)) this.#notice(`${stream} has no state in the checkpoint: it starts empty`);
    for (const stream of keepsPast ? ownWindows : []) {
      if (claimed.has(stream)) continue;
      const from = (oldestRemembered(stream) ?? lastDone + this.#streaming.interval) - this.#streaming.interval;
      if (from > Math.max(zeroTime, lastDone - (stream.reachOfWindow ?? 0)))
        this.#notice(`${stream} is not in the checkpoint: its window begins with what came after ${timeText(from)}`);
    }
  }

  #standing({ interval, zeroTime, lastDone, lastMade, unfinished }: StreamCheckpoint): Standing {
    const now = this.#streaming.interval;
    if (now === interval) {
      const same = new Map(unfinished.map((time) => [time, time]));
      return { zeroTime, lastDone, lastMade, unfinished: same, keepsPast: true };
    }
    this.#notice(
      `the interval was ${durationText(interval)} and is ${durationText(now)}: unfinished batches get new times, windows start empty`,
    );
    // New batch times must follow the last version of each state.
    const moved = new Map(unfinished.map((time, i) => [time, lastDone + (i + 1) * now]));
    const last = lastDone + unfinished.length * now;
    const skipped = Math.max(0, Math.ceil((lastMade - last) / now));
    return { zeroTime: lastDone, lastDone, lastMade: last + skipped * now, unfinished: moved, keepsPast: false };
  }

  #restoreInput(saved: SavedInput, input: Input, { unfinished, lastDone, keepsPast }: Standing): void {
    if (saved.kind !== input.kind) {
      const [was, is] = [savedText(saved), input.toString()];
      return this.#notice(
        `the saved source ${was} is of another kind than ${is}: it starts anew, and unfinished batches run without its data`,
      );
    }
    const batches = saved.batches.flatMap(([time, batch]) => {
      const at = unfinished.get(time) ?? (keepsPast ? time : undefined);
      if (at === undefined) return [];
      const reads = batch.failure === undefined ? input.readsOf(batch.reads, saved.position) : undefined;
      return [[at, { ...batch, reads }] as const];
    });
    const past: Time[] = [];
    for (const [time, batch] of batches) {
      const lost = batch.failure === undefined ? input.lostOf(batch) : undefined;
      if (lost === undefined) input.restoreBatch(time, batch);
      else if (lost !== '' && time > lastDone) this.#notice(`${input.name}, batch of ${timeText(time)}: ${lost}`);
      else if (lost !== '') past.push(time);
    }
    const last = past.at(-1);
    if (last !== undefined && input.remembers > input.slide)
      this.#notice(`${input.name}: what ${plural(past.length)} until ${timeText(last)} had read is lost, and windows lack it`);
    if (saved.position !== undefined) input.resume(saved.position);
  }

  /** Batch times only go forward: if the clock was set back, they continue from the last one, ahead of the clock. */
  #keepAhead(lastMade: Time): void {
    const { clock, interval } = this.#streaming;
    const now = clock.now();
    if (lastMade - now < interval) return;
    this.#streaming.clock = aheadOf(clock, lastMade - now);
    const times = `the last batch is of ${timeText(lastMade)}, and the clock says ${timeText(now)}`;
    this.#notice(`${times}: batch times continue from the last one, ahead of the clock`);
  }

  #resumption({ zeroTime, lastDone, lastMade, unfinished }: Standing): Resumption {
    const isOld = this.#inputs().some((input) => input.past);
    if (!isOld) this.#keepAhead(lastMade);
    const { interval, clock } = this.#streaming;
    const missed = isOld ? 0 : Math.max(0, Math.floor((clock.now() - lastMade) / interval));
    const canCatchUp = this.#inputs().some((input) => input.canCatchUp);
    const made = canCatchUp ? Math.min(missed, mostCatchUp) : 0;
    const first = lastMade + (missed - made + 1) * interval;
    const again = unfinished.size === 0 ? 'no batch was interrupted' : `${plural(unfinished.size)} run again`;
    const up = made > 0 ? `, ${made} catch-up ${made === 1 ? 'batch' : 'batches'}` : '';
    const out = missed > made ? `, ${missed - made} missed ${missed - made === 1 ? 'batch' : 'batches'} skipped` : '';
    this.#notice(`resumes after the batch of ${timeText(lastMade)}: ${again}${up}${out}`);
    return { zeroTime, done: lastDone, unfinished: [...unfinished.values()], next: first };
  }
}

const savedReads = (input: Input, batch: BatchInput) => (batch.failure === undefined ? input.savedReads(batch) : undefined);

const plural = (n: number) => `${n} batch${n === 1 ? '' : 'es'}`;
