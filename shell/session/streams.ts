// The streams of a shell: the context that `stream('1s')` makes, what `.streams` and `.stop` do, and their end with the session.
import { type Context, DStream, MillraceError, OutputHandle, StreamingContext, type StreamingOptions } from '../../runtime';
import { type Duration, durationText, milliseconds } from '../../runtime/base/duration';
import { nearest } from '../../runtime/base/nearest';
import { lineageOf } from '../../runtime/streaming/graph/graph';
import { InputDStream } from '../../runtime/streaming/graph/input';
import type { Output } from '../../runtime/streaming/graph/output';
import { type SessionOutputs, sessionOutputs } from '../../runtime/streaming/graph/session-outputs';
import { StreamMonitor } from '../../runtime/streaming/status/stream-monitor';
import type { Choice, Screen } from '../contract/screen';
import type { SessionEvents } from '../contract/session';
import type { Described } from '../print/print';
import { escapeControls } from '../print/text';
import { ShellDisplay } from './stream-display';
import { describeStream, describeStreaming, streamsText } from './stream-text';

/** How long streams may take to work off what they have received when the shell is left. */
const leaveLimitMs = 1_200;
const defaultInterval = '1s';
/** Contexts that have stopped and are still shown on the pages. */
const rememberedStopped = 3;

const stopped = (name: string) => `${escapeControls(name)} stopped`;

export class ShellStreams implements SessionOutputs {
  readonly display: ShellDisplay;
  readonly #sc: Context;
  readonly #monitors = new Set<StreamMonitor>();
  #stopped: StreamMonitor[] = [];
  #own: StreamingContext | undefined;

  constructor(sc: Context, events: SessionEvents, screen: () => Screen) {
    this.#sc = sc;
    this.display = new ShellDisplay(events, screen);
    sessionOutputs.set(sc, this);
  }

  /** Contexts that a user makes are started by their user: one that goes on from a checkpoint must have all its streams first. */
  startsOnWatch(streaming: StreamingContext): boolean {
    return streaming === this.#own;
  }

  opened(streaming: StreamingContext): void {
    this.#dropStopped();
    this.display.begin();
    this.#monitors.add(new StreamMonitor(streaming));
  }

  /**
   * The streaming context of this shell: made at the first call, with batches each `interval` (1 s unless told), and again once it was
   * stopped. Throws BAD_ARGUMENT for another interval, or options, while its streams run.
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
        remedy:
          'The streams of this shell have their context already: stream() is it. .stop ends them all; then it can be made anew.',
      });
    const made = new StreamingContext(this.#sc, wanted ?? own?.interval ?? defaultInterval, options);
    // Only now: where the new one is refused, the old one goes on.
    if (own?.state === 'active') void own.stop();
    this.#own = made;
    return made;
  };

  /** What the prompt says of a value, if it is of streams. */
  readonly describe = (value: unknown, { live }: Screen): Described | 'nothing' | undefined => {
    if (value instanceof DStream) return describeStream(value as DStream<unknown>);
    if (value instanceof StreamingContext) return describeStreaming(this.#monitorOf(value));
    // In a script that only adds an output there is nobody to tell.
    if (value instanceof OutputHandle) return live ? this.#describeOutput(value) : 'nothing';
    return undefined;
  };

  text(columns: number): string {
    this.#dropStopped();
    return streamsText([...this.#monitors], columns);
  }

  /** The contexts of this session: those that run, or wait for their start, and the last ones that have stopped. */
  monitors(): readonly StreamMonitor[] {
    this.#dropStopped();
    return [...this.#monitors, ...this.#stopped];
  }

  /** Ends the outputs of that name, or of the streams or sources of that name; everything where none is given. Answers what it did. */
  async stop(name: string | undefined): Promise<string> {
    this.#dropStopped();
    if (name === undefined) return this.#stopAll();
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
    throw this.#unknown(
      name,
      outputs.map(({ output }) => output),
    );
  }

  /** What `.stop` can be told now: outputs, their streams, and the sources that these read. */
  choices(): readonly Choice[] {
    const outputs = this.#running.flatMap(({ outputs }) => outputs);
    const streams = outputs.map(({ stream }) => stream);
    const sources = lineageOf(streams).filter((stream) => stream instanceof InputDStream);
    const found = new Map<string, string>();
    for (const { name } of streams) found.set(name, 'a stream: ends its outputs');
    for (const { name } of sources) found.set(name, 'a source: ends all that reads it');
    const ofOutputs = outputs.map(({ name }) => ({ name, brief: 'an output' }));
    return [...ofOutputs, ...Array.from(found, ([name, brief]) => ({ name, brief }))];
  }

  /** Ends all when the shell is left: what was received is worked off, if that takes no longer than a moment. */
  async leave(): Promise<void> {
    const limit = new Promise<void>((resolve) => setTimeout(resolve, leaveLimitMs).unref());
    await Promise.race([this.#stopAll(), limit]);
  }

  async #stopAll(): Promise<string> {
    const running = this.#running;
    const names = running.flatMap((streaming) => streaming.outputs.map((output) => output.name));
    await Promise.all(running.map((streaming) => streaming.stop({ graceful: true })));
    this.#dropStopped();
    if (running.length === 0) return 'no streams run';
    return [...names.map(stopped), "all streams have ended; stream('1s') begins anew"].join('\n');
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
    const state = home === undefined ? 'stopped' : home.state === 'active' ? 'runs' : 'waits for start()';
    return { facts: [escapeControls(name)], state, lines: [] };
  }

  #unknown(name: string, outputs: readonly Output[]): MillraceError {
    const names = [...new Set(outputs.flatMap((output) => [output.name, output.stream.name]))];
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
