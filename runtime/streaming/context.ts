// The streaming context: makes streams of sources, and turns their graph into jobs at each tick.
import type { Context } from '../context';
import { asError, MillraceError } from '../errors';
import { driverOnly } from '../exec/closure/markers';
import { showElement } from '../exec/task-runtime';
import { refuseArgument } from '../ops/arguments';
import type { RDD } from '../rdd/rdd';
import { type Clock, steadyClock } from '../time';
import { Backpressure, type BackpressureOptions } from './backpressure';
import { Batch } from './batch';
import { BatchQueue } from './batch-queue';
import { privateFolder } from './checkpoint-folder';
import { DerivedDStream } from './derived';
import { plainDisplay, type StreamDisplay } from './display';
import type { DStream } from './dstream';
import { type Duration, durationText, milliseconds, type Time } from './duration';
import { DStreamGraph, lineageOf } from './graph';
import { streamHomes } from './home';
import type { InputDStream } from './input';
import { type BatchInfo, type InputInfo, ListenerBus, type ReceiverInfo, type StreamingListener } from './listener';
import { type Output, OutputHandle } from './output';
import { Retirement } from './retirement';
import { Ticker } from './ticker';

/** The shortest batch interval, in milliseconds: a batch of a few tasks takes some milliseconds by itself. */
const leastInterval = 20;

export interface StreamingOptions {
  readonly clock?: Clock;
  readonly display?: StreamDisplay;
  /** Outputs of one batch that run at a time. Default 1, in their order, as Spark's. */
  readonly concurrentJobs?: number;
  /** Slows sources down to what batches can process. Default false. */
  readonly backpressure?: boolean | BackpressureOptions;
  /** How often receivers hand over what came. Default '200ms'. */
  readonly blockInterval?: Duration;
}

/** As Spark's: not started, running, or stopped for good. */
export type StreamingState = 'initialized' | 'active' | 'stopped';

export interface StopOptions {
  /** Take in what has been received and finish what waits. Default: drop it. */
  readonly graceful?: boolean;
}

export class StreamingContext {
  readonly sc: Context;
  /** Milliseconds between batches. */
  readonly interval: number;
  readonly clock: Clock;
  display: StreamDisplay;
  readonly #graph = new DStreamGraph();
  readonly #bus = new ListenerBus((error) => this.display.notice('a streaming listener failed', asError(error)));
  readonly #queue: BatchQueue;
  readonly #started = new Set<InputDStream<unknown>>();
  readonly #retired = new Retirement();
  readonly #backpressure: Backpressure | undefined;
  /** Milliseconds between two blocks of a receiver. */
  readonly blockInterval: number;
  readonly #history: BatchInfo[] = [];
  readonly #ended: Promise<void>;
  readonly #cleanups: (() => void)[] = [];
  #checkpointFolder: string | undefined;
  #end = () => {};
  #state: StreamingState = 'initialized';
  #ticker: Ticker | undefined;
  #zeroTime: Time | undefined;
  /** The time of the last batch that was made, and of those that are not done, oldest first. */
  #submitted: Time = Number.NEGATIVE_INFINITY;
  readonly #unfinished: Time[] = [];

  /**
   * Batches each `interval` on the executors of `sc`.
   * Throws BAD_ARGUMENT for an interval that is no duration or below 20 ms.
   * @example new StreamingContext(sc, '1s').interval // 1000
   */
  constructor(sc: Context, interval: Duration, options: StreamingOptions = {}) {
    this.sc = sc;
    this.interval = milliseconds('StreamingContext', 'the batch interval', interval);
    if (this.interval < leastInterval)
      refuseArgument({
        operation: 'StreamingContext',
        argument: 'the batch interval',
        value: durationText(this.interval),
        rule: `at least ${leastInterval}ms`,
        remedy: "Take '100ms' or more; '1s' is usual.",
      });
    const { backpressure = false, blockInterval = '200ms' } = options;
    this.#backpressure = backpressure ? new Backpressure(this.interval, backpressure === true ? {} : backpressure) : undefined;
    this.blockInterval = milliseconds('StreamingContext', 'the block interval', blockInterval);
    this.clock = options.clock ?? steadyClock();
    const home = streamHomes.get(sc);
    this.display =
      options.display ??
      home?.display ??
      plainDisplay(
        (line) =>
          process.stdout.write(`${line}
`),
        showElement,
      );
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#queue = new BatchQueue(options.concurrentJobs ?? 1, this.#bus, (batch) => this.#completed(batch));
    home?.opened(this);
  }

  get [driverOnly](): string {
    return 'a streaming context';
  }

  get state(): StreamingState {
    return this.#state;
  }

  /** The time of the batch before the first; undefined before the start. */
  get zeroTime(): Time | undefined {
    return this.#zeroTime;
  }

  // Streams of several.

  /** All elements of several streams of the same slide. */
  union<T>(...streams: (DStream<T> | readonly DStream<T>[])[]): DStream<T> {
    const parents = streams.flat() as DStream<T>[];
    return this.transform('union', parents as DStream<unknown>[], (rdds) => this.sc.union(rdds as RDD<T>[]));
  }

  /**
   * A stream made of several by a function on their datasets of one time, which runs in the session.
   * A batch in which some stream has no dataset has none.
   */
  transform<T>(
    operation: string,
    streams: readonly DStream<unknown>[],
    f: (rdds: RDD<unknown>[], time: Time) => RDD<T>,
  ): DStream<T> {
    checkTogether(operation, streams, this);
    return new DerivedDStream<T>(this, operation, streams, (rdds, time) =>
      rdds.every((rdd) => rdd !== undefined) ? f(rdds as RDD<unknown>[], time) : undefined,
    );
  }

  // Checkpoints.

  /**
   * Keeps what the streams remember in `folder`, which is made for this user only.
   * Throws BAD_ARGUMENT, DISK, and STREAMING_STARTED after the start.
   */
  checkpoint(folder: string): void {
    this.#checkNotStopped();
    if (this.#state === 'active') throw new MillraceError('STREAMING_STARTED', { operation: 'checkpoint' });
    this.#checkpointFolder = privateFolder('checkpoint', folder);
  }

  /** The folder that `checkpoint` was called with, as a whole path. */
  get checkpointFolder(): string | undefined {
    return this.#checkpointFolder;
  }

  /** Throws STATE_NEEDS_CHECKPOINT for a stream whose state has nowhere to lie. */
  #checkState(streams: readonly DStream<unknown>[]): void {
    const homeless = streams.find((stream) => stream.needsCheckpoint);
    if (homeless && this.#checkpointFolder === undefined)
      throw new MillraceError('STATE_NEEDS_CHECKPOINT', { stream: homeless.toString() });
  }

  // Life.

  /**
   * Begins: sources are read, and the first batch ends at the next multiple of the interval and lasts one interval.
   * Throws NO_OUTPUTS where nothing would be done with any batch, STREAMING_STOPPED after `stop`.
   */
  start(): void {
    if (this.#state === 'active') return;
    this.#checkNotStopped();
    if (this.#graph.outputs.length === 0) throw new MillraceError('NO_OUTPUTS');
    this.#checkState(this.streams);
    this.#zeroTime = Math.ceil(this.clock.now() / this.interval) * this.interval;
    this.#state = 'active';
    this.#startInputs();
    this.#ticker = new Ticker(this.clock, this.interval, this.#zeroTime + this.interval, (time) => this.#tick(time));
    this.#bus.post('onStreamingStarted', this.clock.now());
  }

  /** Ends all streams; `sc` stays. With `graceful` what was received is worked off first. */
  async stop({ graceful = false }: StopOptions = {}): Promise<void> {
    if (this.#state === 'stopped') return this.#ended;
    const wasActive = this.#state === 'active';
    this.#state = 'stopped';
    this.#ticker?.stop();
    for (const input of this.#started) await this.#attempt(`stopping ${input.name}`, () => input.stop(graceful));
    if (wasActive && graceful && this.#ticker) this.#tick(this.#ticker.next);
    await (graceful ? this.#queue.idle() : this.#queue.cancel());
    for (const output of this.#graph.outputs) output.ended?.();
    for (const cleanUp of this.#cleanups) cleanUp();
    this.#end();
  }

  /** Resolves when the context has stopped. */
  awaitTermination(): Promise<void> {
    return this.#ended;
  }

  /** True if the context stopped within `timeout`. */
  async awaitTerminationOrTimeout(timeout: Duration): Promise<boolean> {
    const ms = milliseconds('awaitTerminationOrTimeout', 'the timeout', timeout);
    let cancel = () => {};
    const late = new Promise<boolean>((resolve) => {
      cancel = this.clock.after(ms, () => resolve(false));
    });
    return Promise.race([this.#ended.then(() => true), late]).finally(cancel);
  }

  /** Resolves when every batch that has been made is done. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  #checkNotStopped(): void {
    if (this.#state === 'stopped') throw new MillraceError('STREAMING_STOPPED');
  }

  // Batches.

  #startInputs(): void {
    for (const input of this.#graph.inputs) {
      if (this.#started.has(input)) continue;
      this.#started.add(input);
      void this.#attempt(`starting ${input.name}`, async () => {
        const started = input.start();
        this.#backpressure?.started(input);
        await started;
      });
    }
  }

  /** Ends the sources that nothing reads any more; what they gave is kept until the batches that read it are done. */
  #stopUnread(): void {
    const read = new Set(this.#graph.inputs);
    for (const input of this.#started) {
      if (read.has(input)) continue;
      this.#started.delete(input);
      this.#retired.add(input, this.#submitted);
      void this.#attempt(`stopping ${input.name}`, () => input.stop(false));
    }
    if (this.#unfinished.length === 0) this.#retired.completed(Number.POSITIVE_INFINITY);
  }

  /** Tells listeners, and the user, what a receiver has to say. */
  receiverTold(event: 'started' | 'error' | 'notice' | 'stopped', receiver: ReceiverInfo): void {
    if (event === 'started') this.#bus.post('onReceiverStarted', receiver);
    else if (event === 'error') this.#bus.post('onReceiverError', receiver);
    else if (event === 'stopped') this.#bus.post('onReceiverStopped', receiver);
    if (event !== 'stopped') this.display.notice(`${receiver.stream}: ${receiver.message}`);
  }

  async #attempt(what: string, f: () => void | Promise<void>): Promise<void> {
    try {
      await f();
    } catch (error) {
      this.display.notice(`${what} failed`, asError(error));
    }
  }

  #tick(time: Time): void {
    const inputs: InputInfo[] = [];
    for (const input of this.#graph.inputs) {
      const { records, bytes, notes = [] } = input.takeBatch(time);
      inputs.push({ stream: input.name, records, bytes, notes });
    }
    const batch = new Batch(time, inputs, this.#graph.generate(time), this.clock);
    this.#submitted = time;
    this.#unfinished.push(time);
    this.#bus.post('onBatchSubmitted', batch.info());
    this.#queue.submit(batch);
  }

  #completed(batch: Batch): void {
    const info = batch.info();
    for (const { name, failure } of info.outputs) if (failure) this.display.notice(`${name} failed`, failure);
    this.#history.push(info);
    if (this.#history.length > historyLength) this.#history.shift();
    this.#unfinished.shift();
    this.#graph.forgetBefore(batch.time);
    this.#retired.completed(batch.time);
    this.#backpressure?.completed(info, this.#started);
    this.#bus.post('onBatchCompleted', info);
  }

  /** The last batches that are done, oldest first; at most 100. */
  batches(): readonly BatchInfo[] {
    return [...this.#history];
  }

  /** How far the oldest batch that is not done is behind, in milliseconds: 0 while each is done before the next one ends. */
  get behind(): number {
    const [oldest] = this.#unfinished;
    return oldest === undefined ? 0 : Math.max(0, this.clock.now() - oldest - this.interval);
  }

  /** Batches that have not started. */
  get waiting(): number {
    return this.#queue.waiting;
  }

  // What streams and the shell ask.

  addStreamingListener(listener: StreamingListener): void {
    this.#bus.add(listener);
  }

  removeStreamingListener(listener: StreamingListener): void {
    this.#bus.remove(listener);
  }

  /** Adds an output; in a running context it begins with the next batch. */
  addOutput(output: Output): OutputHandle {
    this.#checkNotStopped();
    if (this.#state === 'active') this.#checkState(lineageOf([output.stream]));
    this.#graph.add(output);
    if (this.#state === 'active') this.#startInputs();
    return new OutputHandle(output.name, () => this.removeOutput(output));
  }

  /** Ends an output, and the sources that nothing else reads. */
  removeOutput(output: Output): void {
    if (!this.#graph.remove(output)) return;
    output.ended?.();
    if (this.#state === 'active') this.#stopUnread();
  }

  /** Makes each batch of this stream even where no output asks for it. */
  keep(stream: DStream<unknown>): void {
    this.#graph.keep(stream);
    if (this.#state === 'active') this.#startInputs();
  }

  get outputs(): readonly Output[] {
    return this.#graph.outputs;
  }

  /** Every stream that is needed by an output or for its past, parents before children. */
  get streams(): readonly DStream<unknown>[] {
    return this.#graph.streams;
  }

  /** Has `cleanUp` called when the context has stopped. */
  onStop(cleanUp: () => void): void {
    this.#cleanups.push(cleanUp);
  }

  register(_stream: DStream<unknown>): number {
    this.#checkNotStopped();
    return this.#graph.nextId();
  }

  claimName(name: string, stream: DStream<unknown>): void {
    this.#graph.claimName(name, stream);
  }
}

const historyLength = 100;

/** Throws unless all are streams of `streaming` with the same slide. */
export function checkTogether(operation: string, streams: readonly DStream<unknown>[], streaming: StreamingContext): void {
  const [first] = streams;
  if (!first)
    refuseArgument({
      operation,
      argument: 'the streams',
      value: 'none',
      rule: 'one stream or more',
      remedy: `Write ${operation}(a, b).`,
    });
  for (const stream of streams) {
    if (stream?.streaming !== streaming)
      refuseArgument({
        operation,
        argument: 'the other stream',
        value: stream,
        rule: 'a DStream of the same context',
        remedy: 'Make both with the same streaming context.',
      });
    if (stream.slide !== first.slide)
      throw new MillraceError('UNEQUAL_SLIDES', {
        operation,
        left: `${first.name} (${durationText(first.slide)})`,
        right: `${stream.name} (${durationText(stream.slide)})`,
      });
  }
}
