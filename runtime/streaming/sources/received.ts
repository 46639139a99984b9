// Streams that a receiver reads: each batch is the blocks that have come since the one before.
import { type BlockFormat, BlocksRDD } from '../../rdd/blocks';
import type { RDD } from '../../rdd/rdd';
import type { StreamingContext } from '../context';
import type { Time } from '../duration';
import { type BatchInput, InputDStream } from '../input';
import type { ReceivedBlock, ReceiverSpec, RunningReceiver } from '../receiver-backend';

/** What the user may set of a receiver's limits. */
export type ReceiverLimits = Omit<ReceiverSpec, 'stream' | 'source'>;

const blocksOf = ({ reads }: BatchInput) => reads as readonly ReceivedBlock[];
const sum = (blocks: readonly ReceivedBlock[], of: 'bytes' | 'records') => blocks.reduce((n, block) => n + block[of], 0);

export class ReceivedInputDStream<T> extends InputDStream<T> {
  readonly #source: () => ReceiverSpec['source'];
  readonly #format: BlockFormat;
  readonly #limits: ReceiverLimits;
  readonly #unfinished = new Map<Time, number>();
  #arrived: ReceivedBlock[] = [];
  #notes: string[] = [];
  #running: RunningReceiver | undefined;

  /** `source` is asked at the start. */
  constructor(
    streaming: StreamingContext,
    operation: string,
    source: () => ReceiverSpec['source'],
    format: BlockFormat,
    limits: ReceiverLimits,
  ) {
    super(streaming, operation);
    this.#source = source;
    this.#format = format;
    this.#limits = limits;
  }

  start(): void {
    const spec: ReceiverSpec = { stream: this.name, source: this.#source(), ...this.#limits };
    this.#running = this.streaming.sc.receivers.start(spec, {
      block: (block) => this.#arrived.push(block),
      told: (event, message) => {
        if (event === 'error') this.#notes.push(message);
        this.streaming.receiverTold(event, { stream: this.name, message });
      },
    });
  }

  async stop(graceful: boolean): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.stop(graceful);
    this.streaming.receiverTold('stopped', { stream: this.name, message: 'the receiver has ended' });
    if (graceful || this.#arrived.length === 0) return;
    this.streaming.sc.receivers.release(this.#arrived);
    this.#arrived = [];
  }

  protected take(time: Time): BatchInput {
    const [blocks, notes] = [this.#arrived, this.#notes.splice(0)];
    this.#arrived = [];
    const bytes = sum(blocks, 'bytes');
    this.#unfinished.set(time, bytes);
    return { records: sum(blocks, 'records'), bytes, notes, reads: blocks };
  }

  protected datasetOf(_time: Time, input: BatchInput): RDD<T> {
    return new BlocksRDD<T>(this.streaming.sc, this.operation, this.#format, blocksOf(input));
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
    this.streaming.sc.receivers.release(inputs.flatMap(blocksOf));
  }

  override limitRate(perSecond: number | undefined): void {
    this.#running?.limitRate(perSecond);
  }

  override get isLimited(): boolean {
    return true;
  }
}
