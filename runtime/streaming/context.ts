// The streaming context: holds the graph of streams and turns it into jobs at each tick, from its start to its end.

import { type Duration, milliseconds, type Past, type Span, type Time, timeText } from '../base/duration';
import { MillraceError } from '../base/errors';
import { withSignal } from '../base/flow';
import { driverOnly } from '../base/markers';
import { isElsewhere } from '../base/remote/remote-folders';
import { type Clock, guardedClock, resolvesWithin, steadyClock } from '../base/time';
import { checkOnError, type OnError } from '../ops/bad-records';
import type { RDD } from '../rdd/rdd';
import { Backpressure } from './batches/backpressure';
import { Batch } from './batches/batch';
import { BatchQueue } from './batches/batch-queue';
import { Ending } from './batches/end-signal';
import { Pacer } from './batches/pacer';
import { Progress } from './batches/progress';
import { RunningInputs } from './batches/running-inputs';
import { Settlement } from './batches/settlement';
import { type Attempt, attempt, notify, plainDisplay, type StreamDisplay } from './graph/display';
import type { DStream } from './graph/dstream';
import { checkStateFolders, DStreamGraph } from './graph/graph';
import type { ReceiverEvent, StreamHost } from './graph/host';
import type { InputDStream } from './graph/input';
import { type BatchInfo, type ReceiverInfo, type StreamingListener, StreamingListenerBus } from './graph/listener';
import { type Output, OutputHandle } from './graph/output';
import { sessionOutputs } from './graph/session-display';
import type { StatefulDStream } from './graph/stateful';
import { lineageOf } from './graph/stream-lineage';
import { checkedInterval, type StopOptions, type StreamingOptions, type StreamingState } from './options';
import { privateFolder } from './recovery/private-folder';
import { Recovery, type RecoverySubject, type Resumption } from './recovery/recovery';

/** The context of a session, `sc`: the type that datasets name it by. */
type Context = RDD<unknown>['context'];

/** Makes streams from sources, and each interval a batch of what has arrived: `stream('1s')` at the prompt. */
export class StreamingContext implements StreamHost, RecoverySubject {
  /**
   * The context whose executors run its batches.
   * @example new StreamingContext(sc, '1s').sc === sc
   */
  readonly sc: Context;
  /**
   * Milliseconds between batches.
   * @example new StreamingContext(sc, '1s').interval // 1000
   */
  readonly interval: number;
  clock: Clock;
  display: StreamDisplay;
  readonly #told = (message: string, error?: unknown) => notify(this.display, message, error);
  readonly #attempt: Attempt = (what, f) => attempt(this.display, what, f);
  /** Times the batches, whatever the given clock does. */
  readonly #clock = guardedClock(
    () => this.clock,
    (error) => this.#told("the clock of the streams failed; the machine's clock is used", error),
  );
  readonly #graph = new DStreamGraph();
  readonly #bus = new StreamingListenerBus((error) => this.#told('a streaming listener failed', error));
  readonly #queue: BatchQueue;
  readonly #running: RunningInputs;
  readonly #settlement = new Settlement(this);
  /**
   * Milliseconds between two blocks of a receiver.
   * @example new StreamingContext(sc, '1s').blockInterval
   */
  readonly blockInterval: number;
  readonly #progress = new Progress();
  readonly #ending = new Ending();
  /** @internal */ readonly onError: OnError;
  readonly #log: boolean | undefined;
  #checkpointFolder: string | undefined;
  #state: StreamingState = 'initialized';
  #pacer: Pacer | undefined;
  /** Resolves when a stop has stopped the sources. */
  #unread: Promise<void> | undefined;
  #recovery: Recovery | undefined;
  #zeroTime: Time | undefined;

  /**
   * Runs a batch each `interval` on the executors of `sc`. Throws BAD_ARGUMENT for an interval that is no duration or below 20 ms.
   * @example new StreamingContext(sc, '1s').interval // 1000
   */
  constructor(sc: Context, interval: Duration, options: StreamingOptions = {}) {
    this.sc = sc;
    this.interval = checkedInterval(interval);
    const { backpressure = false, blockInterval = '200ms', onError = 'fail' } = options;
    this.onError = checkOnError('StreamingContext', onError);
    const slowing = backpressure ? new Backpressure(this.interval, backpressure === true ? {} : backpressure) : undefined;
    this.#running = new RunningInputs(slowing, this.#attempt);
    this.blockInterval = milliseconds('StreamingContext', 'the block interval', blockInterval);
    this.#log = options.writeAheadLog;
    this.clock = options.clock ?? steadyClock();
    const home = sessionOutputs.get(sc);
    this.display = options.display ?? home?.display ?? plainDisplay();
    this.#queue = new BatchQueue({
      width: options.concurrentJobs ?? 1,
      clock: this.#clock,
      told: this.#told,
      bus: this.#bus,
      ready: () => this.#recovery?.saved(),
      done: (batch) => this.#attempt(`ending the batch of ${timeText(batch.time)}`, () => this.#finish(batch)),
      report: (batch) => this.#report(batch),
      halt: () => void this.stop(),
    });
    home?.opened(this);
  }

  /** @internal */ get [driverOnly](): string {
    return 'a streaming context';
  }

  get state(): StreamingState {
    return this.#state;
  }

  /** The time of the batch before the first; undefined before the start. */
  get zeroTime(): Time | undefined {
    return this.#zeroTime;
  }

  // Checkpoints.

  /**
   * Saves state and progress of the streams in `folder`, which is created for this user only.
   * Throws BAD_ARGUMENT, DISK, and STREAMING_STARTED after the start.
   * @example const safe = (ssc) => ssc.checkpoint('checkpoints')
   */
  checkpoint(folder: string): void {
    this.#checkNotStopped();
    if (this.#state === 'active') throw new MillraceError('STREAMING_STARTED', { operation: 'checkpoint' });
    this.#checkpointIn(folder, false);
  }

  #checkpointIn(folder: string, mayResume: boolean): void {
    this.#checkpointFolder = privateFolder(folder, this.sc.engineFiles, this.#log === true);
    this.#recovery = new Recovery(this, this.#checkpointFolder, mayResume);
  }

  /**
   * A context that saves its checkpoint in `folder`. If an earlier run left one there, `start` resumes from it. `create` makes the streams
   * either way, so the program may have changed. State and sources are matched by the names of streams (`setName`), else by their
   * operation and order; the user is warned of what has no match. `start` throws CHECKPOINT_UNREADABLE, STREAMS_AMBIGUOUS, STATE_PARTITIONS.
   * @example const ssc = StreamingContext.getOrCreate('checkpoint', s => s.generatorStream(10, i => i).print(), { sc, interval: '1s' })
   */
  static getOrCreate(
    folder: string,
    create: (streaming: StreamingContext) => void,
    { sc, interval, ...options }: StreamingOptions & { readonly sc: Context; readonly interval: Duration },
  ): StreamingContext {
    const streaming = new StreamingContext(sc, interval, options);
    streaming.#checkpointIn(folder, true);
    create(streaming);
    return streaming;
  }

  /** The folder of the write-ahead logs of receivers; undefined: their blocks are removed with the session. @internal */
  get logFolder(): string | undefined {
    return this.#log === false || isElsewhere(this.#checkpointFolder ?? '') ? undefined : this.#checkpointFolder;
  }

  /** The absolute path of the folder that `checkpoint` was called with. */
  get checkpointFolder(): string | undefined {
    return this.#checkpointFolder;
  }

  // Life.

  /**
   * Starts reading the sources. The first batch ends one interval after the next multiple of the interval.
   * Throws NO_OUTPUTS if there is no output, STREAMING_STOPPED after `stop`.
   * @example const begin = (ssc) => ssc.start()
   */
  start(): void {
    if (this.#state === 'active') return;
    this.#checkNotStopped();
    if (this.#graph.outputs.length === 0) throw new MillraceError('NO_OUTPUTS');
    checkStateFolders(this.streams, this.#checkpointFolder);
    const resumption = this.#recovery?.begin();
    this.#zeroTime = resumption?.zeroTime ?? Math.ceil(this.#clock.now() / this.interval) * this.interval;
    this.#state = 'active';
    this.#running.start(this.inputs);
    const old = this.inputs.flatMap((input) => input.past ?? []);
    if (old.length === 0) this.#begin(resumption);
    else void this.#attempt('the replay', () => this.#replay(old, resumption));
    this.#bus.post('onStreamingStarted', this.#clock.now());
  }

  #begin(resumption: Resumption | undefined, past?: Past): void {
    const zero = this.#zeroTime ?? 0;
    if (resumption) this.#graph.remake(resumption.done);
    for (const time of resumption?.unfinished ?? []) this.#submit(time);
    const first = resumption?.next ?? zero + this.interval;
    const tick = (time: Time) => void this.#attempt(`making the batch of ${timeText(time)}`, () => this.#tick(time));
    const unfinished = () => this.#progress.unfinished;
    this.#pacer = new Pacer({ clock: this.#clock, interval: this.interval, tick, unfinished }, past ? { ...past, first } : first);
    this.#pacer.begin();
  }

  /** Old data need not wait for the clock: each batch follows as soon as the one before is done. The context stops after the last. */
  async #replay(old: readonly (() => Promise<Span>)[], resumption: Resumption | undefined): Promise<void> {
    try {
      const spans = await withSignal(this.#ending.signal, () => Promise.all(old.map((find) => find())));
      if (this.#state !== 'active') return;
      const first = Math.min(...spans.map((span) => span.first));
      this.#zeroTime = resumption?.zeroTime ?? first - this.interval;
      const last = Math.max(...spans.map((span) => span.last));
      const ended = () => void this.#queue.caughtUp().then(() => this.stop({ graceful: true }));
      this.#begin(resumption, { first, last, ended });
    } catch (error) {
      if (this.#state !== 'active') return;
      void this.stop();
      throw error;
    }
  }

  /**
   * Ends all streams; `sc` stays. With `graceful` it first processes everything that was received; a second `stop()` cuts that short. Called
   * within an output it resolves when the sources are stopped: the context ends after that output.
   * @example const end = (ssc) => ssc.stop()
   */
  async stop({ graceful = false }: StopOptions = {}): Promise<void> {
    if (this.#state !== 'stopped') void this.#stop(graceful, this.#state === 'active');
    else if (!graceful) void this.#queue.cancel();
    // The function of an output that awaited its own end would wait for ever.
    await (this.#queue.atWork.some(({ isCaller }) => isCaller) ? this.#unread : this.#ending.reached);
  }

  async #stop(graceful: boolean, wasActive: boolean): Promise<void> {
    this.#state = 'stopped';
    this.#ending.begin();
    this.#pacer?.stop();
    this.#unread = this.#running.stop(graceful);
    await this.#unread;
    // The next run catches up on batches that are still missed: they follow from the checkpoint.
    if (wasActive && graceful && this.#pacer?.isBehindClock === false) this.#tick(this.#pacer.next);
    await (graceful ? this.#queue.finished() : this.#queue.cancel());
    await this.#recovery?.stop();
    for (const output of this.#graph.outputs) await this.#attempt(`closing ${output.name}`, () => output.ended?.());
    await this.#ending.reach(this.#attempt);
  }

  /**
   * Resolves when the context has stopped. Resolves at once if it was not started and has no outputs: nothing will begin there.
   * @example const wait = async (ssc) => { ssc.start(); await ssc.awaitTermination(); }
   */
  async awaitTermination(): Promise<void> {
    if (this.#state !== 'initialized' || this.#graph.outputs.length > 0) await this.#ending.reached;
  }

  /**
   * True if the context stopped within `timeout`.
   * @example const wait = (ssc) => ssc.awaitTerminationOrTimeout(10_000)
   */
  async awaitTerminationOrTimeout(timeout: Duration): Promise<boolean> {
    const ms = milliseconds('awaitTerminationOrTimeout', 'the timeout', timeout);
    return resolvesWithin(this.#clock, ms, this.awaitTermination());
  }

  /** Resolves when all submitted batches are done. */
  idle(): Promise<void> {
    return this.#queue.idle();
  }

  #checkNotStopped(): void {
    if (this.#state === 'stopped') throw new MillraceError('STREAMING_STOPPED');
  }

  // Batches.

  /** Reports to listeners and to the user what a receiver says. @internal */
  reportReceiver(event: ReceiverEvent, receiver: ReceiverInfo): void {
    const events = { started: 'onReceiverStarted', error: 'onReceiverError', stopped: 'onReceiverStopped' } as const;
    if (event !== 'notice') this.#bus.post(events[event], receiver);
    if (event !== 'stopped') this.#told(`${receiver.stream}: ${receiver.message}`);
  }

  #tick(time: Time): void {
    for (const input of this.inputs) input.takeBatch(time);
    this.#submit(time);
  }

  /** Submits the batch of `time`, which reads what each source recorded for it. */
  #submit(time: Time): void {
    const inputs = this.inputs.map((input) => input.infoOf(time));
    const works = this.#graph.generate(time, ({ name }, error) =>
      this.#told(`${name} has no dataset for the batch of ${timeText(time)}`, error),
    );
    const batch = new Batch(time, inputs, works, this.#clock, this.#told);
    this.#recovery?.made(time);
    this.#progress.submitted(time);
    this.#bus.post('onBatchSubmitted', batch.info());
    this.#queue.submit(batch);
  }

  /** All outputs of a batch have ended, and of all batches before it. */
  async #finish(batch: Batch): Promise<void> {
    const settled = await this.#settlement.ended(batch.time);
    const done = this.#recovery ? this.#recovery.done(settled) : settled;
    if (done !== undefined) this.#graph.forgetBefore(done);
  }

  #report(batch: Batch): void {
    const { isFirst, failed } = batch.report();
    for (const { name, failure } of failed) this.#told(`${name} failed`, failure);
    if (!isFirst) return;
    const info = batch.info();
    this.#progress.done(info);
    this.#running.adjustRates(info);
    this.#bus.post('onBatchCompleted', info);
    this.#pacer?.batchDone();
  }

  /** The last completed batches, oldest first; at most 100. */
  batches(): readonly BatchInfo[] {
    return this.#progress.history;
  }

  /** How late the oldest unfinished batch is, in milliseconds: 0 while each batch is done before the next one ends. */
  get behind(): number {
    return this.#progress.behind(this.#clock.now(), this.interval);
  }

  /** Batches that have not started. */
  get waiting(): number {
    return this.#queue.waiting;
  }

  // For streams and the shell.

  /**
   * Adds a listener that is called when batches begin, end and fail.
   * @example new StreamingContext(sc, '1s').addStreamingListener({})
   */
  addStreamingListener(listener: StreamingListener): void {
    this.#bus.add(listener);
  }

  /**
   * Removes a listener: it is called no more.
   * @example new StreamingContext(sc, '1s').removeStreamingListener({})
   */
  removeStreamingListener(listener: StreamingListener): void {
    this.#bus.remove(listener);
  }

  /** Adds an output; in a running context it begins with the next batch. @internal */
  addOutput(output: Output): OutputHandle {
    this.#checkNotStopped();
    if (this.#state === 'active') checkStateFolders(lineageOf([output.stream]), this.#checkpointFolder);
    this.#graph.add(output);
    if (this.#state === 'active') this.#running.start(this.inputs);
    return new OutputHandle(output.name, () => this.removeOutput(output));
  }

  /** Ends an output, and the sources that no other output reads. @internal */
  removeOutput(output: Output): void {
    if (!this.#graph.remove(output)) return;
    this.#queue.drop(output);
    output.ended?.();
    if (this.#state === 'active') this.#running.stopAllBut(this.inputs);
  }

  /** Makes a dataset of this stream for each batch even if no output asks for it. @internal */
  keep(stream: DStream<unknown>): void {
    this.#graph.keep(stream);
    if (this.#state === 'active') this.#running.start(this.inputs);
  }

  /** @internal */ readonly carries = (stream: StatefulDStream<unknown>): void => this.#graph.carries(stream);

  /** The sources that the outputs read. @internal */
  get inputs(): readonly InputDStream<unknown>[] {
    return this.#graph.inputs;
  }

  /** @internal */ get outputs(): readonly Output[] {
    return this.#graph.outputs;
  }

  /** @internal */ get stateful(): readonly StatefulDStream<unknown>[] {
    return this.#graph.stateful;
  }

  /** Every stream that an output or a query on the past needs, parents before children. @internal */
  get streams(): readonly DStream<unknown>[] {
    return this.#graph.streams;
  }

  /** Calls `cleanUp` when the context has stopped. @internal */
  onStop(cleanUp: () => void): void {
    this.#ending.onEnd(cleanUp);
  }

  /** @internal */ register(): number {
    this.#checkNotStopped();
    return this.#graph.nextId();
  }

  /** @internal */ readonly claimName = (name: string, stream: DStream<unknown>): void => this.#graph.claimName(name, stream);
}
