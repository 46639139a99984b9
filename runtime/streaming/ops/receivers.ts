// Streams that receivers read: TCP, WebSockets, and the user's receiver classes.

import { checkOptions, refuseArgument } from '../../base/arguments';
import { type Duration, milliseconds } from '../../base/duration';
import { MillraceError } from '../../base/errors';
import { maxStreamLineBytes, maxUnprocessedBytes } from '../../base/limits';
import type { ReceiverSource } from '../../plan/receivers';
import { StreamingContext } from '../context';
import type { DStream } from '../graph/dstream';
import { Receiver } from '../receivers/receiver-class';
import { shipReceiver } from '../receivers/receiver-program';
import { ReceivedInputDStream, type ReceiverLimits } from '../sources/receiver-streams';

/** Limits of a source that a process of its own reads. */
export interface ReceiverOptions {
  /** The greatest number of elements per second. Default: no limit. */
  readonly maxRate?: number;
  /** Longer lines are left out and reported. Default 1 MiB. */
  readonly maxLineBytes?: number;
  /** The receiver pauses while this many bytes are received and not processed. Default 256 MiB. */
  readonly maxUnprocessedBytes?: number;
  /** A silence of the source this long is reported. Default '30s'. */
  readonly silence?: Duration;
}

/** Waits for connections on a port of 127.0.0.1; 0 picks a free one, which is reported when the stream starts. */
export interface Listen {
  readonly listen: number;
}

declare module '../context' {
  interface StreamingContext {
    /**
     * The lines of a TCP connection; a lost connection is made anew. A batch has complete lines only.
     * Throws BAD_ARGUMENT or BAD_OPTION.
     * @example const ssc = new StreamingContext(sc, '1s'); ssc.socketTextStream('localhost', 9999)
     */
    socketTextStream(host: string, port: number, options?: ReceiverOptions): DStream<string>;
    /** The lines of all clients that connect to a port of this machine: `socketTextStream({ listen: 9999 })`. */
    socketTextStream(listen: Listen, options?: ReceiverOptions): DStream<string>;
    /**
     * The messages of a WebSocket, `ws://…` or `wss://…`; a message of several lines is several elements.
     * @example const ssc = new StreamingContext(sc, '1s'); ssc.webSocketStream('ws://localhost:9999')
     */
    webSocketStream(url: string, options?: ReceiverOptions): DStream<string>;
    /** The messages of all clients that connect to a port of this machine; web pages are refused. */
    webSocketStream(listen: Listen, options?: ReceiverOptions): DStream<string>;
    /** The elements that your own receiver stores. With `lines` it stores lines of text, also as bytes. */
    receiverStream(receiver: Receiver<string>, options: ReceiverOptions & { readonly lines: true }): DStream<string>;
    receiverStream<T>(receiver: Receiver<T>, options?: ReceiverOptions): DStream<T>;
  }
}

const maxPort = 65_535;
/** Servers refuse longer requests. */
const mostUrl = 8192;
/** The longest name of a host. */
const mostHost = 253;
const mostLineBytes = 64 << 20;
const defaultSilence = '30s';

/** The limits of a receiver. Throws BAD_ARGUMENT or BAD_OPTION. */
export function limitsOf(streaming: StreamingContext, operation: string, options: ReceiverOptions = {}): ReceiverLimits {
  checkOptions(operation, options, "Its last argument is { maxRate: 1000, silence: '1m' }, or left out.");
  const whole = (option: string, value: number | undefined, least: number, most: number) => {
    if (value === undefined || (Number.isSafeInteger(value) && value >= least && value <= most)) return value;
    throw new MillraceError('BAD_OPTION', {
      option: `${option} of ${operation}`,
      value,
      rule: `a whole number from ${least} to ${most}`,
    });
  };
  const rest = {
    blockInterval: streaming.blockInterval,
    silence: milliseconds(operation, 'silence', options.silence ?? defaultSilence),
  };
  return {
    ...rest,
    maxLineBytes: whole('maxLineBytes', options.maxLineBytes, 1, mostLineBytes) ?? maxStreamLineBytes,
    maxUnprocessedBytes:
      whole('maxUnprocessedBytes', options.maxUnprocessedBytes, 1, Number.MAX_SAFE_INTEGER) ?? maxUnprocessedBytes,
    rate: whole('maxRate', options.maxRate, 1, Number.MAX_SAFE_INTEGER),
  };
}

/** Throws BAD_ARGUMENT unless it can be a port. */
export function portOf(operation: string, port: unknown, least: number): number {
  if (Number.isInteger(port) && (port as number) >= least && (port as number) <= maxPort) return port as number;
  return refuseArgument({
    operation,
    argument: 'the port',
    value: port,
    rule: `a whole number from ${least} to ${maxPort}`,
    remedy: `Write ${operation === 'socketTextStream' ? "socketTextStream('localhost', 9999)" : `${operation}({ listen: 9999 })`}.`,
  });
}

const isListen = (value: unknown): value is Listen => typeof value === 'object' && value !== null && 'listen' in value;

function textStream(streaming: StreamingContext, operation: string, source: ReceiverSource, options?: ReceiverOptions) {
  return new ReceivedInputDStream<string>(streaming, operation, () => source, 'text', limitsOf(streaming, operation, options));
}

StreamingContext.prototype.socketTextStream = function (
  this: StreamingContext,
  where: string | Listen,
  second?: number | ReceiverOptions,
  third?: ReceiverOptions,
) {
  const operation = 'socketTextStream';
  if (isListen(where)) {
    const port = portOf(operation, where.listen, 0);
    return textStream(this, operation, { kind: 'socketListen', port }, second as ReceiverOptions | undefined);
  }
  if (typeof where !== 'string' || where.trim() === '' || where.length > mostHost)
    refuseArgument({
      operation,
      argument: 'the host',
      value: where,
      rule: 'a name or an address',
      remedy: "Write socketTextStream('localhost', 9999) or socketTextStream({ listen: 9999 }).",
    });
  return textStream(this, operation, { kind: 'socket', host: where, port: portOf(operation, second, 1) }, third);
};

function urlOf(url: unknown): string {
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  if (parsed && /^wss?:$/.test(parsed.protocol) && parsed.hash === '' && parsed.href.length <= mostUrl) return parsed.href;
  return refuseArgument({
    operation: 'webSocketStream',
    argument: 'the address',
    value: url,
    rule: `a URL that begins with ws:// or wss://, of at most ${mostUrl} characters`,
    remedy: "Write webSocketStream('ws://localhost:9999/feed') or webSocketStream({ listen: 9999 }).",
  });
}

StreamingContext.prototype.webSocketStream = function (
  this: StreamingContext,
  where: string | Listen,
  options?: ReceiverOptions,
) {
  const operation = 'webSocketStream';
  const source: ReceiverSource = isListen(where)
    ? { kind: 'webSocketListen', port: portOf(operation, where.listen, 0) }
    : { kind: 'webSocket', url: urlOf(where) };
  return textStream(this, operation, source, options);
};

StreamingContext.prototype.receiverStream = function <T>(
  this: StreamingContext,
  receiver: Receiver<T>,
  options: ReceiverOptions & { readonly lines?: boolean } = {},
) {
  const operation = 'receiverStream';
  if (!(receiver instanceof Receiver))
    refuseArgument({
      operation,
      argument: 'the receiver',
      value: receiver,
      rule: 'an instance of a class that extends Receiver',
      remedy: 'Write class R extends Receiver<string> { onStart() {…} onStop() {…} }, then receiverStream(new R()).',
    });
  const limits = limitsOf(this, operation, options);
  const isText = options.lines === true;
  // Captured now: later changes in the session do not reach it.
  const program = shipReceiver(this.sc, receiver as Receiver<unknown>);
  const source = (): ReceiverSource => ({ kind: 'custom', program, isText });
  return new ReceivedInputDStream<T>(this, operation, source, isText ? 'text' : 'objects', limits);
} as StreamingContext['receiverStream'];
