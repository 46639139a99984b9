// The streams of a shell: the context of `stream('1s')`, the commands `.streams` and `.stop`, and the stop at exit.
import { type Context, DStream, MillraceError, OutputHandle, StreamingContext, type StreamingOptions } from '../../runtime';
import { type Duration, durationText, milliseconds } from '../../runtime/base/duration';
import { nearest } from '../../runtime/base/nearest';
import { InputDStream } from '../../runtime/streaming/graph/input';
import type { Output } from '../../runtime/streaming/graph/output';
import { type SessionOutputs, sessionOutputs } from '../../runtime/streaming/graph/session-display';
import { lineageOf } from '../../runtime/streaming/graph/stream-lineage';
import { StreamMonitor } from '../../runtime/streaming/status/stream-monitor';
import type { Choice, Screen } from '../contract/screen';
import type { SessionEvents } from '../contract/session';
import type { Described } from '../print/print-value';
import { escapeControls } from '../print/safe-text';
import { ShellDisplay } from './stream-display';
import { describeStream, describeStreaming, streamsText } from './stream-text';

/** How long streams may process received data when the user leaves the shell. */
const leaveLimitMs = 1_200;
const defaultInterval = '1s';
/** Stopped contexts that the pages still show. */
const rememberedStopped = 3;

const stopped = (name: string) => `${escapeControls(name)} stopped`;

export class ShellStreams implements SessionOutputs {
  readonly display: ShellDisplay;
  readonly #sc: Context;
  readonly #monitors = new Set<StreamMonitor>();
  #stopped: StreamMonitor[] = [];
  readonly #stopping = new Set<StreamingContext>();
  #own: StreamingContext | undefined;
  /** Panes of published streams. */
  readonly #watched = new Set<OutputHandle>();

  constructor(sc: Context, events: SessionEvents, screen: () => Screen) {
    this.#sc = sc;
    this.display = new ShellDisplay(events, screen);
    sessionOutputs.set(sc, this);
  }

  /** The user starts contexts that the user makes: one from a checkpoint needs all its streams before the start. */
  startsOnWatch(streaming: StreamingContext): boolean {
    return streaming === this.#own;
  }

  opened(streaming: StreamingContext): void {
    this.#dropStopped();
    this.display.begin();
    this.#monitors.add(new StreamMonitor(streaming));
  }

  watched(handle: OutputHandle): void {
    this.#watched.add(handle);
  }

  unwatched(handle: OutputHandle): void {
    this.#watched.delete(handle);
  }

  /**
   * The streaming context of this shell, made at the first call and again after a stop, with a batch every `interval` (default 1 s).
   * Throws BAD_ARGUMENT for another interval, or options, while its streams run.
   */
  readonly stream = (interval?: Duration, options?: StreamingOptions): StreamingContext => {
    const own = this.#own?.state === 'stopped' ? undefined : this.#own;
    const wanted = interval === undefined ? undefined : milliseconds('stream', 'the batch interval', interval);
    if (own && options === undefined && (wanted === undefined || wanted === own.interval)) return own;
    if (own && own.outputs.length > 0)
      throw new MillraceError('BAD_ARGUMENT', {
        operation: 'stream',
        argument: wanted === own.interval ? 'options' : 'the batch interval',
        value: wanted === own.interval ? 'given' : durationText(wanted ?? own.interval),
        rule: wanted === own.interval ? 'left out' : durationText(own.interval),
        remedy: 'This shell has a streaming context: stream() returns it. .stop ends its streams; then a new one can be made.',
      });
    const made = new StreamingContext(this.#sc, wanted ?? own?.interval ?? defaultInterval, options);
    // Not earlier: if the new one is refused, the old one goes on.
    if (own?.state === 'active') void own.stop();
    this.#own = made;
    return made;
  };

  /** How the prompt describes a value of streaming; undefined for other values. */
  readonly describe = (value: unknown, { live }: Screen): Described | 'nothing' | undefined => {
    if (value instanceof DStream) return describeStream(value as DStream<unknown>);
    if (value instanceof StreamingContext) return describeStreaming(this.#monitorOf(value));
    // A script that only adds an output prints nothing.
    if (value instanceof OutputHandle) return live ? this.#describeOutput(value) : 'nothing';
    return undefined;
  };

  text(columns: number): string {
    this.#dropStopped();
    return streamsText([...this.#monitors], columns, [...this.#watched]);
  }

  /** The contexts of this session: running, not yet started, and the last stopped ones. */
  monitors(): readonly StreamMonitor[] {
    this.#dropStopped();
    return [...this.#monitors, ...this.#stopped];
  }

  /** Ends the outputs of that name, or of the streams or sources of that name; without a name, all. Returns a report. */
  async stop(name: string | undefined): Promise<string> {
    this.#dropStopped();
    if (name === undefined) return this.#stopAll();
    const watched = [...this.#watched].filter((handle) => handle.name === name || handle.name === `watch of ${name}`);
    for (const handle of watched) handle.stop();
    if (watched.length > 0) return watched.map((handle) => stopped(handle.name)).join('\n');
    const outputs = this.#running.flatMap((streaming) => streaming.outputs.map((output) => ({ streaming, output })));
    const kinds: ((output: Output) => boolean)[] = [
      (output) => output.name === name,
      (output) => output.stream.name === name || output.name.endsWith(` of ${name}`),
      (output) => lineageOf([output.stream]).some((stream) => stream.name === name),
    ];
    for (const isMeant of kinds) {
      const meant = outputs.filter(({ output }) => isMeant(output));
      if (meant.length === 0) continue;
      for (const { streaming, output } of meant) streaming.removeOutput(output);
      return meant.map(({ output }) => stopped(output.name)).join('\n');
    }
    if (name === 'all') return this.#stopAll();
    throw this.#unknown(
      name,
      outputs.map(({ output }) => output),
    );
  }

  /** Completions for `.stop`: outputs, their streams, and the sources of these. */
  choices(): readonly Choice[] {
    const outputs = this.#running.flatMap(({ outputs }) => outputs);
    const streams = outputs.map(({ stream }) => stream);
    const sources = lineageOf(streams).filter((stream) => stream instanceof InputDStream);
    const found = new Map<string, string>();
    for (const { name } of streams) found.set(name, 'a stream: ends its outputs');
    for (const { name } of sources) found.set(name, 'a source: ends all that reads it');
    const ofOutputs = [...outputs, ...this.#watched].map(({ name }) => ({ name, brief: 'an output' }));
    return [...ofOutputs, ...Array.from(found, ([name, brief]) => ({ name, brief }))];
  }

  get isActive(): boolean {
    return this.#stopping.size > 0 || this.#running.some(({ state }) => state === 'active');
  }

  /** Ends all streams when the user leaves the shell. Received data is processed first, up to a time limit. */
  async leave(): Promise<void> {
    const limit = new Promise<void>((resolve) => setTimeout(resolve, leaveLimitMs).unref());
    await Promise.race([this.#stopAll(), limit]);
  }

  async #stopAll(): Promise<string> {
    const running = this.#running;
    const watched = [...this.#watched];
    for (const handle of watched) handle.stop();
    const panes = watched.map(({ name }) => stopped(name));
    const names = running.flatMap((streaming) => streaming.outputs.map((output) => output.name));
    // A second .stop does not wait for outputs that the first one waits for.
    const slow = [...this.#stopping].map((streaming) => streaming.stop());
    await Promise.all([...slow, ...running.map((streaming) => this.#stopGracefully(streaming))]);
    this.#dropStopped();
    if (running.length + slow.length === 0) return panes.length > 0 ? panes.join('\n') : 'no streams run';
    return [...panes, ...names.map(stopped), "all streams have ended; stream('1s') makes a new context"].join('\n');
  }

  async #stopGracefully(streaming: StreamingContext): Promise<void> {
    this.#stopping.add(streaming);
    await streaming.stop({ graceful: true });
    this.#stopping.delete(streaming);
  }

  get #running(): StreamingContext[] {
    return [...this.#monitors].map(({ streaming }) => streaming).filter(({ state }) => state !== 'stopped');
  }

  #dropStopped(): void {
    const stopped = [...this.#monitors].filter(({ streaming }) => streaming.state === 'stopped');
    for (const monitor of stopped) this.#monitors.delete(monitor);
    this.#stopped = [...this.#stopped, ...stopped].slice(-rememberedStopped);
  }

  #monitorOf(value: StreamingContext): StreamMonitor {
    return [...this.#monitors].find(({ streaming }) => streaming === value) ?? new StreamMonitor(value);
  }

  #describeOutput({ name }: OutputHandle): Described {
    const home = this.#running.find(({ outputs }) => outputs.some((output) => output.name === name));
    const isPane = [...this.#watched].some((handle) => handle.name === name);
    const state = isPane ? 'runs' : home === undefined ? 'stopped' : home.state === 'active' ? 'runs' : 'waits for start()';
    return { facts: [escapeControls(name)], state, lines: [] };
  }

  #unknown(name: string, outputs: readonly Output[]): MillraceError {
    const panes = [...this.#watched].map((handle) => handle.name);
    const names = [...new Set([...panes, ...outputs.flatMap((output) => [output.name, output.stream.name])])];
    const meant = nearest(name, names);
    return new MillraceError('BAD_ARGUMENT', {
      operation: '.stop',
      argument: 'the name',
      value: name,
      rule: names.length === 0 ? 'left out: no output runs' : `one of ${names.join(', ')}`,
      remedy: meant === undefined ? 'See .streams.' : `Did you mean .stop ${meant}?`,
    });
  }
}
