// A stream that a session of the server has published, as other sessions read it: its last batches as datasets, and a pane that follows it.
import { inspect } from 'node:util';
import { durationText, type Time, timeText } from '../../base/duration';
import { MillraceError } from '../../base/errors';
import { nearest } from '../../base/nearest';
import { Context } from '../../context/context';
import { checkPublishedName, openPublished } from '../../ops/sharing/publish';
import type { PublishedWindow, SharedDatasets, WindowBatch } from '../../plan/sharing/shared-datasets';
import type { RDD } from '../../rdd/rdd';
import { notify, plainDisplay, type WatchOptions } from '../graph/display';
import { OutputHandle } from '../graph/output';
import { sessionOutputs } from '../graph/session-display';
import { type Moment, momentsOf } from './past';
import { nextPane, paneOf } from './watch';

declare global {
  /** The types of the elements of published streams by name: the prompt and scripts fill it in. */
  interface MillracePublishedStreams {}
}

declare module '../../context/context' {
  interface Context {
    /**
     * A stream that a session of this server has published. Throws NOT_SHARED or NOT_PUBLISHED. The prompt and scripts know the names and
     * the types of the elements.
     * @example const top = () => sc.stream<[string, number]>('top pages').latest()?.top(3)
     */
    stream<N extends keyof MillracePublishedStreams & string>(name: N): PublishedStream<MillracePublishedStreams[N]>;
    stream<T = any>(name: string): PublishedStream<T>;
    /**
     * The published streams of the server. Empty where the session is not attached to one.
     * @example sc.publishedStreams().map(({ name, owner }) => `${name} by ${owner}`)
     */
    publishedStreams(): readonly PublishedWindow[];
  }
}

/** A published stream: its last batches are datasets like all others. */
export class PublishedStream<T> {
  readonly #context: Context;
  readonly #shared: SharedDatasets;
  #window: PublishedWindow;
  /** Keeps T in the type. */
  declare protected readonly element: T;

  /** @internal */ constructor(context: Context, shared: SharedDatasets, window: PublishedWindow) {
    this.#context = context;
    this.#shared = shared;
    this.#window = window;
  }

  /** As it is now; once it is taken back, as it was. */
  get #now(): PublishedWindow {
    const { name } = this.#window;
    this.#window = this.#shared.streams.list().find((one) => one.name === name) ?? { ...this.#window, hasEnded: true };
    return this.#window;
  }

  get #batches(): readonly WindowBatch[] {
    return this.#shared.streams.batches(this.#now.id);
  }

  /**
   * The name that it was published by.
   * @example const nameOf = () => sc.stream('visits').name
   */
  get name(): string {
    return this.#window.name;
  }

  /**
   * Milliseconds between its batches.
   * @example const every = () => sc.stream('visits').interval
   */
  get interval(): number {
    return this.#now.slide;
  }

  /**
   * The times of its batches, oldest first.
   * @example const known = () => sc.stream('visits').times.length
   */
  get times(): readonly Time[] {
    return this.#batches.map(({ time }) => time);
  }

  /**
   * The time of its last whole batch, once no more come; undefined while it goes on.
   * @example const isOver = () => sc.stream('visits').endedAt !== undefined
   */
  get endedAt(): Time | undefined {
    return this.#now.hasEnded ? this.#batches.at(-1)?.time : undefined;
  }

  /**
   * The dataset of the last batch; undefined before the first.
   * @example const join = (users) => users.join(sc.stream<[string, number]>('visits').latest())
   */
  latest(): RDD<T> | undefined {
    const batch = this.#batches.at(-1);
    return batch && this.#open(batch);
  }

  /**
   * The datasets of the batches from `from` to `to`, both included, oldest first.
   * @example const hour = () => sc.stream('visits').slice('21:00', '22:00')
   */
  slice(from: Moment, to: Moment): RDD<T>[] {
    return this.#slice('slice', from, to);
  }

  /**
   * All elements of `slice`, as one dataset.
   * @example const hour = () => sc.stream('visits').between('21:00', '22:00').count()
   */
  between(from: Moment, to: Moment): RDD<T> {
    return this.#context.union(this.#slice('between', from, to));
  }

  #slice(operation: string, from: Moment, to: Moment): RDD<T>[] {
    const [start, end] = momentsOf(operation, from, to, this.#context.clock.now());
    return this.#batches.filter(({ time }) => time >= start && time <= end).map((batch) => this.#open(batch));
  }

  #open({ rows }: WindowBatch): RDD<T> {
    return openPublished<T>(this.#context, this.#shared, rows);
  }

  /**
   * Shows each batch in a live pane, as the pane of its publisher does. Once it has ended, the pane says when.
   * @example const look = () => sc.stream('visits').watch({ rows: 10 })
   */
  watch(options: WatchOptions<T> = {}): OutputHandle {
    const home = sessionOutputs.get(this.#context);
    const display = home?.display ?? plainDisplay();
    const rowsOf = paneOf(this.#context, options as WatchOptions<never>);
    const id = nextPane();
    let shown: Time | undefined;
    let isEnded = false;
    let isAtWork = false;
    let isClosed = false;
    const show = async (batch: WindowBatch, endedAt: Time | undefined): Promise<void> => {
      const { clock } = this.#context;
      const startedAt = clock.now();
      const { total, first } = await rowsOf(this.#open(batch));
      if (isClosed) return;
      const [endedAtWork, { time }] = [clock.now(), batch];
      display.pane(id, {
        stream: this.name,
        time,
        rows: first,
        more: total > first.length,
        total,
        batch: batchInfo(time, startedAt, endedAtWork),
        waiting: 0,
        records: undefined,
        interval: this.interval,
        tookMs: endedAtWork - startedAt,
        delayMs: Math.max(0, endedAtWork - time),
        options: options as WatchOptions<never>,
        endedAt,
      });
    };
    /** One batch at a time, always the newest. */
    const follow = async (): Promise<void> => {
      if (isAtWork) return;
      isAtWork = true;
      try {
        for (;;) {
          const [batch, { endedAt }] = [this.#batches.at(-1), this];
          if (isClosed || !batch || (batch.time === shown && isEnded === (endedAt !== undefined))) return;
          shown = batch.time;
          isEnded = endedAt !== undefined;
          await show(batch, endedAt).catch((error) => {
            if (!isClosed) notify(display, `watch of ${this.name} failed`, error);
          });
        }
      } finally {
        isAtWork = false;
      }
    };
    const stopListening = this.#shared.streams.listen(() => void follow());
    const handle = new OutputHandle(`watch of ${options.title ?? this.name}`, () => {
      if (isClosed) return;
      isClosed = true;
      stopListening();
      display.paneClosed(id);
      home?.unwatched?.(handle);
    });
    home?.watched?.(handle);
    void follow();
    return handle;
  }

  /**
   * `top pages (stream) every 1s, the last 10m`, and when it ended.
   * @example const head = () => String(sc.stream('visits'))
   */
  toString(): string {
    const { name, slide, last } = this.#now;
    const { endedAt } = this;
    const end = endedAt === undefined ? '' : `, ended at ${timeText(endedAt)}`;
    return `${name} (stream) every ${durationText(slide)}, the last ${durationText(last)}${end}`;
  }

  /** How it shows at the prompt and in `console.log`. @internal */
  [inspect.custom](): string {
    return this.toString();
  }
}

const batchInfo = (time: Time, startedAt: number, endedAt: number) => ({
  time,
  inputs: [],
  records: 0,
  submittedAt: startedAt,
  startedAt,
  endedAt,
  schedulingDelay: Math.max(0, startedAt - time),
  processingTime: endedAt - startedAt,
  totalDelay: Math.max(0, endedAt - time),
  outputs: [],
});

Context.prototype.stream = function <T>(this: Context, name: string): PublishedStream<T> {
  this.checkAlive();
  const { shared } = this.engine;
  if (!shared) throw new MillraceError('NOT_SHARED', { operation: 'stream' });
  checkPublishedName('stream', name);
  const all = shared.streams.list();
  const found = all.find((one) => one.name === name);
  if (found) return new PublishedStream<T>(this, shared, found);
  const names = all.map((one) => one.name);
  const meant = nearest(name, names);
  const known = names.length === 0 ? 'No stream is published.' : `There are ${names.join(', ')}.`;
  throw new MillraceError('NOT_PUBLISHED', { name, remedy: meant === undefined ? known : `Did you mean ${meant}? ${known}` });
};

Context.prototype.publishedStreams = function () {
  return this.engine.shared?.streams.list() ?? [];
};
