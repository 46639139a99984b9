// `directStream`: each batch is a range of a source between two positions, which the checkpoint holds; no receiver stands between.
import { type Time, timeText } from '../../base/duration';
import { asError, MillraceError } from '../../base/errors';
import { countIn, fieldsIn } from '../../base/plain-data';
import type { DirectRange, DirectSource } from '../../connect/direct-source';
import { SourceRDD } from '../../connect/source-rdd';
import { clarifiedClient } from '../../exec/library/connectors';
import type { ShippedFunction } from '../../rdd/function-argument';
import type { RDD } from '../../rdd/rdd';
import type { StreamHost } from '../graph/host';
import { type BatchInput, InputDStream } from '../graph/input';

/** From one position to another, as the checkpoint has it. */
interface Span {
  readonly from: unknown;
  readonly to: unknown;
}

/** The source is asked so often in each interval how far it has come. */
const asksPerBatch = 4;

/** The system is not there now: nothing is lost by reading later what would have been read now. */
const isAway = (failure: Error): boolean => failure instanceof MillraceError && failure.code === 'SOURCE_UNREACHABLE';

/** What the failures of its batches say. */
const withRemedy = (failure: Error): Error =>
  failure instanceof MillraceError ? new Error(`${failure.message} ${failure.remedy}`, { cause: failure }) : failure;

export class DirectInputDStream<T> extends InputDStream<T> {
  readonly #source: DirectSource<T>;
  readonly #read: ShippedFunction;
  #limit: number | undefined;
  /** Where the next batch begins; undefined until the source has said where the stream begins. */
  #next: { readonly at: unknown } | undefined;
  #latest: { readonly at: unknown } | undefined;
  #failure: Error | undefined;
  /** The failure that was told last. */
  #told: string | undefined;
  #isRunning = false;
  #asking: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #committing: Promise<void> = Promise.resolve();
  #commitFailure: string | undefined;

  constructor(host: StreamHost, source: DirectSource<T>, read: ShippedFunction) {
    super(host, source.operation ?? 'directStream');
    this.#source = source;
    this.#read = read;
    if (!source.commit) return;
    host.addStreamingListener({
      onBatchCompleted: ({ time, outputs }) => {
        if (outputs.every(({ failure }) => failure === undefined)) this.#commit(time);
      },
    });
  }

  /** Waits for the first answer of the source, so that a source that is not there is told at once. */
  async start(): Promise<void> {
    this.#isRunning = true;
    await this.#ask();
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#cancelTimer?.();
    await this.#asking;
    await this.#committing;
  }

  /** Asks the source where it stands, and again after a while; one question at a time. */
  #ask(): Promise<void> {
    this.#cancelTimer?.();
    this.#asking ??= this.#askOnce().finally(() => {
      this.#asking = undefined;
      if (this.#isRunning) this.#cancelTimer = this.host.clock.after(this.slide / asksPerBatch, () => void this.#ask());
    });
    return this.#asking;
  }

  async #askOnce(): Promise<void> {
    try {
      this.#next ??= { at: await this.#source.begin() };
      this.#latest = { at: await this.#source.latest(this.#next.at) };
      this.#failure = undefined;
      this.#told = undefined;
    } catch (error) {
      this.#failure = asError(clarifiedClient(this.operation, error));
      if (isAway(this.#failure)) this.#tell(this.#failure);
    }
  }

  #tell(failure: Error): void {
    if (failure.message === this.#told) return;
    this.#told = failure.message;
    this.host.display.notice(`${this.name}: batches are empty until the source answers`, failure);
  }

  protected take(): BatchInput {
    void this.#ask();
    if (this.#failure && isAway(this.#failure)) return { records: 0, notes: [this.#failure.message], reads: undefined };
    if (this.#failure) throw withRemedy(this.#failure);
    if (!this.#next || !this.#latest) return { records: 0, notes: ['the source has not answered yet'], reads: undefined };
    const from = this.#next.at;
    const limit = this.#limit === undefined ? undefined : Math.max(1, Math.floor((this.#limit * this.slide) / 1000));
    const { to, records, behind, notes, partitions } = this.#source.range(from, this.#latest.at, limit);
    this.#next = { at: to };
    const bytes = partitions.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
    return { records, bytes: bytes > 0 ? bytes : undefined, behind, notes, reads: { from, to } satisfies Span };
  }

  protected datasetOf(_time: Time, { reads }: BatchInput): RDD<T> {
    if (reads === undefined) return this.host.sc.emptyRDD<T>();
    const { from, to } = reads as Span;
    const { partitions }: DirectRange<unknown, unknown> = this.#source.range(from, to, undefined);
    return new SourceRDD<T>(this.host.sc, this.operation, { name: this.#source.name, partitions: () => partitions }, this.#read);
  }

  #commit(time: Time): void {
    const reads = this.inputOf(time)?.reads as Span | undefined;
    if (reads === undefined) return;
    this.#committing = this.#committing.then(async () => {
      try {
        await this.#source.commit?.(reads.to, time);
        this.#commitFailure = undefined;
      } catch (error) {
        const { message } = asError(error);
        const what = `${this.name}: the source did not take the position after ${timeText(time)}; a later batch tells it again`;
        if (message !== this.#commitFailure) this.host.display.notice(what, asError(error));
        this.#commitFailure = message;
      }
    });
  }

  override readsOf(saved: unknown): Span | undefined {
    if (saved === undefined || saved === null) return undefined;
    const { from, to } = fieldsIn(saved, 'what a batch reads');
    return { from: this.#positionIn(from), to: this.#positionIn(to) };
  }

  #positionIn(saved: unknown): unknown {
    return this.#source.positionIn ? this.#source.positionIn(saved) : saved;
  }

  override position(): unknown {
    return this.#next ? { begun: 1, at: this.#next.at } : { begun: 0 };
  }

  override resume(position: unknown): void {
    const { begun, at } = fieldsIn(position, 'the position');
    if (countIn(begun, 'whether it had begun') > 0) this.#next = { at: this.#positionIn(at) };
  }

  override limitRate(perSecond: number | undefined): void {
    this.#limit = perSecond;
  }

  override get isLimited(): boolean {
    return true;
  }
}
