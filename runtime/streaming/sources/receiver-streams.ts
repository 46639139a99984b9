// Streams that a receiver reads: each batch has the blocks that arrived since the previous batch.

import { existsSync } from 'node:fs';
import { type Time, timeText } from '../../base/duration';
import { asError } from '../../base/errors';
import { countIn, listIn, wholeIn } from '../../base/plain-data';
import { afterDeath, type ReceivedBlock, type ReceiverSpec, type RunningReceiver } from '../../plan/receivers';
import type { RDD } from '../../rdd/rdd';
import { type BlockFormat, BlocksRDD } from '../../rdd/received-blocks';
import type { StreamHost } from '../graph/host';
import { type BatchInput, InputDStream } from '../graph/input';
import { BlockLog, blockPath, type LogPosition, numbersOfBlock, positionIn } from './block-log';

/** The limits of a receiver that the user may set. */
export type ReceiverLimits = Omit<ReceiverSpec, 'stream' | 'source' | 'log'>;

/** Milliseconds within which a receiver whose driver died writes what it has, and ends. */
const lateMs = 5000;

/** The position of a source whose blocks are removed with the session. */
const unlogged = 'unlogged';

/** In place of the numbers of a block that was removed with its session. */
const removed = [-1, -1];

const blocksOf = ({ reads }: BatchInput) => (reads ?? []) as readonly ReceivedBlock[];
const sum = (blocks: readonly ReceivedBlock[], of: 'bytes' | 'records') => blocks.reduce((n, block) => n + block[of], 0);

export class ReceivedInputDStream<T> extends InputDStream<T> {
  readonly #source: () => ReceiverSpec['source'];
  readonly #format: BlockFormat;
  readonly #limits: ReceiverLimits;
  readonly #unfinished = new Map<Time, number>();
  #arrived: ReceivedBlock[] = [];
  #notes: string[] = [];
  #running: RunningReceiver | undefined;
  #log: BlockLog | undefined;
  #saved: LogPosition | undefined;
  /** Until then a receiver of an earlier run may still write blocks. */
  #lateUntil = Number.NEGATIVE_INFINITY;
  /** True once the unfinished blocks of earlier runs were ended. */
  #areEnded = false;

  /** Calls `source` at the start. */
  constructor(
    host: StreamHost,
    operation: string,
    source: () => ReceiverSpec['source'],
    format: BlockFormat,
    limits: ReceiverLimits,
  ) {
    super(host, operation);
    this.#source = source;
    this.#format = format;
    this.#limits = limits;
  }

  start(): void {
    const { logFolder } = this.host;
    if (logFolder !== undefined) {
      this.#log = new BlockLog(logFolder, this.name, this.#saved);
      this.#lateUntil = this.host.clock.now() + lateMs;
    }
    const spec: ReceiverSpec = { stream: this.name, source: this.#source(), log: this.#log?.folder, ...this.#limits };
    this.#running = this.host.sc.receivers.start(spec, {
      block: (block) => this.#arrived.push(block),
      told: (event, message) => {
        if (event === 'error') this.#notes.push(message);
        this.host.reportReceiver(event, { stream: this.name, message });
      },
    });
  }

  async stop(graceful: boolean): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.stop(graceful);
    this.host.reportReceiver('stopped', { stream: this.name, message: 'the receiver has ended' });
    // The next run reads what is logged.
    if (graceful || this.#log || this.#arrived.length === 0) return;
    this.host.sc.receivers.release(this.#arrived);
    this.#arrived = [];
  }

  protected take(time: Time): BatchInput {
    const arrived = this.#arrived;
    this.#arrived = [];
    const left = this.#leftBehind(time);
    const notes = this.#notes.splice(0);
    const blocks = [...left, ...arrived];
    if (left.length > 0) notes.push(`${left.length} blocks that an earlier run had received`);
    this.#log?.taken(blocks);
    const bytes = sum(blocks, 'bytes');
    this.#unfinished.set(time, sum(arrived, 'bytes'));
    return { records: sum(blocks, 'records'), bytes, notes, reads: blocks };
  }

  #leftBehind(time: Time): ReceivedBlock[] {
    if (!this.#log || this.#areEnded) return [];
    const needed = new Set(this.remembered.flatMap(([, input]) => blocksOf(input).map((block) => block.path)));
    try {
      if (this.host.clock.now() > this.#lateUntil) this.#endEarlierRuns(this.#log);
      return this.#log.leftBehind(needed);
    } catch (error) {
      this.host.display.notice(`${this.name}: what an earlier run received cannot be read for ${timeText(time)}`, asError(error));
      return [];
    }
  }

  #endEarlierRuns(log: BlockLog): void {
    this.#areEnded = true;
    for (const message of log.endEarlierRuns(afterDeath(this.#source()))) {
      this.#notes.push(message);
      this.host.reportReceiver('error', { stream: this.name, message });
    }
  }

  override position(): unknown {
    return this.#log?.position() ?? this.#saved ?? unlogged;
  }

  override resume(position: unknown): void {
    if (position !== unlogged) this.#saved = positionIn(position);
    else
      this.host.display.notice(
        `${this.name}: the last run kept no log: elements that it had received and no batch had read are lost and not counted`,
      );
  }

  override get kind(): string {
    return `received ${this.#format}`;
  }

  override savedReads(input: BatchInput): unknown {
    return blocksOf(input).map((block) => [
      ...(numbersOfBlock(this.host.checkpointFolder, block) ?? removed),
      block.bytes,
      block.records,
    ]);
  }

  override readsOf(saved: unknown, position: unknown): readonly ReceivedBlock[] {
    const { checkpointFolder = '' } = this.host;
    const log = position === unlogged ? undefined : positionIn(position).log;
    return listIn(saved, 'the blocks', (item, what) => {
      const [run, block, bytes, records] = listIn(item, what, wholeIn);
      const path = log === undefined || run < 0 ? '' : blockPath(checkpointFolder, log, countIn(run, what), countIn(block, what));
      return { path, bytes: countIn(bytes, what), records: countIn(records, what) };
    });
  }

  override lostOf(input: BatchInput): string | undefined {
    const lost = blocksOf(input).filter(({ path }) => !existsSync(path));
    if (lost.length === 0) return undefined;
    return `${lost.length} of its blocks, with ${sum(lost, 'records')} elements, are lost`;
  }

  /** Nothing was received while nothing ran. */
  override get canCatchUp(): boolean {
    return false;
  }

  protected datasetOf(time: Time, input: BatchInput): RDD<T> {
    const batch = { stream: this.name, time };
    return new BlocksRDD<T>(this.host.sc, this.operation, this.#format, blocksOf(input), batch);
  }

  override forgetBefore(time: Time): void {
    let bytes = 0;
    for (const [at, n] of this.#unfinished) {
      if (at > time) continue;
      this.#unfinished.delete(at);
      bytes += n;
    }
    if (bytes > 0) this.#running?.processed(bytes);
    super.forgetBefore(time);
  }

  protected override release(inputs: readonly BatchInput[]): void {
    this.host.sc.receivers.release(inputs.flatMap(blocksOf));
  }

  override limitRate(perSecond: number | undefined): void {
    this.#running?.limitRate(perSecond);
  }

  override get isLimited(): boolean {
    return true;
  }
}
