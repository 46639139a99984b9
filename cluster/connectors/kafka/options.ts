// What users say of Kafka, checked: connections, topics, where to begin, and how values are read.
import { checkOptions, checkWhole, refuseArgument } from '../../../runtime/base/arguments';
import { milliseconds } from '../../../runtime/base/duration';
import type { Duration } from '../../../runtime/index';
import { type Password, passwordOf, readText } from '../password';
import { findClient } from './client-package';
import type { KafkaCompression } from './compression';
import type { KafkaOffsets } from './positions';
import type { Decoder, Decoders } from './rows';
import type { KafkaAddress, KafkaLogin, KafkaSecret, KafkaTls } from './settings';

/** TLS with other certificates than the system's: each as PEM, or the path of a file that has it. */
export interface KafkaTlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: Password;
  /** The name that the certificate must have. Default: the host of the broker. */
  readonly servername?: string;
}

/** Who connects, by SASL. */
export interface KafkaLoginOptions {
  /** Default: `plain`. */
  readonly mechanism?: KafkaLogin['mechanism'];
  readonly username: string;
  readonly password: Password;
}

/** How to connect. */
export interface KafkaConnectionOptions {
  /** `'host:9092'`, or several, of which one must answer. */
  readonly brokers: string | readonly string[];
  readonly tls?: boolean | KafkaTlsOptions;
  readonly sasl?: KafkaLoginOptions;
  /** How long tasks wait for brokers that do not answer. Default: 30 s. */
  readonly timeout?: Duration;
}

/** How records become rows. */
export interface KafkaDecodeOptions {
  /** What keys are. Default: `text`. */
  readonly key?: Decoder;
  /** What values are; a function gets the bytes and the record, and may answer a promise. Default: `bytes`. */
  readonly value?: Decoder;
  /** What happens where retention has removed records before they were read: the job fails, or goes on behind them. Default: `fail`. */
  readonly onGone?: 'fail' | 'skip';
}

/** Where a stream begins that no checkpoint continues; a `Date` is the first record from that time on. */
export type KafkaStart = 'earliest' | 'latest' | 'committed' | Date | KafkaOffsets;

/** Options of `ssc.kafkaStream`. */
export interface KafkaStreamOptions extends KafkaConnectionOptions, KafkaDecodeOptions {
  /** Names, or a pattern: topics that match later are read from their beginning. */
  readonly topics: string | readonly string[] | RegExp;
  /** The group whose offsets tell other tools how far the stream has come. Without one nothing is committed. */
  readonly groupId?: string;
  /** Default: `latest`. `committed`: where the group stands, else `earliest`. */
  readonly from?: KafkaStart;
  /** Records of each partition, per second, at most. Default: no limit. */
  readonly maxRatePerPartition?: number;
}

/** A range of offsets of a partition. */
export interface KafkaRange {
  readonly partition: number;
  /** Default: the first that the partition has. */
  readonly from?: number;
  /** The offset behind the last. Default: behind the last that the partition has. */
  readonly to?: number;
}

/** Options of `sc.kafka`. */
export interface KafkaReadOptions extends KafkaConnectionOptions, KafkaDecodeOptions {
  readonly topic: string;
  /** Default: all of the topic. */
  readonly ranges?: readonly KafkaRange[];
}

/** How rows become records of a topic. Functions run on executors. */
export interface KafkaWriteOptions<T> extends KafkaConnectionOptions {
  /** Names what is written: each program that writes at the same time has its own, and a stream with a checkpoint keeps it over restarts. */
  readonly id?: string;
  /** Records with one key go to one partition, and stay in order. Default: no key. */
  readonly key?: (row: T) => unknown;
  /** Texts and bytes are written as they are, other values as JSON; null is a tombstone. Default: the row. */
  readonly value?: (row: T) => unknown;
  readonly headers?: (row: T) => Readonly<Record<string, unknown>>;
  /** The number of the partition. Default: by the key, as Java's producers choose it. */
  readonly partition?: (row: T) => number;
  /** Milliseconds since the epoch. Default: the time of writing. */
  readonly timestamp?: (row: T) => number;
  /** Default: `none`. */
  readonly compression?: KafkaCompression;
}

/** What a decoder makes of bytes. */
export type KafkaDecoded<D> = D extends 'text'
  ? string
  : D extends 'json'
    ? any
    : D extends 'bytes'
      ? Buffer
      : D extends (...args: never[]) => infer R
        ? Awaited<R>
        : unknown;

/** The type of values by these options. */
export type KafkaValue<O> = O extends { readonly value: infer D } ? KafkaDecoded<D> : Buffer;
/** The type of keys by these options. */
export type KafkaKey<O> = O extends { readonly key: infer D } ? KafkaDecoded<D> : string;

const defaultTimeoutMs = 30_000;

const remedyOf = (operation: string) =>
  operation === 'kafka'
    ? "Write sc.kafka({ brokers: 'localhost:9092', topic: 'orders', value: 'json' })."
    : operation === 'kafkaStream'
      ? "Write ssc.kafkaStream({ brokers: 'localhost:9092', topics: 'orders', value: 'json' })."
      : "Write saveToKafka('orders', { brokers: 'localhost:9092' }).";

function refuse(operation: string, argument: string, value: unknown, rule: string): never {
  return refuseArgument({ operation, argument, value, rule, remedy: remedyOf(operation) });
}

/** Refuses names that are no options: a typo would change nothing silently. */
export function checkNames(operation: string, options: object, names: readonly string[]): void {
  checkOptions(operation, options, remedyOf(operation));
  for (const name of Object.keys(options))
    if (!names.includes(name)) refuse(operation, 'an option', name, `one of ${names.join(', ')}`);
}

export const connectionNames = ['brokers', 'tls', 'sasl', 'timeout'];
export const decodeNames = ['key', 'value', 'onGone'];

/** Throws BAD_ARGUMENT. */
export function textOption(operation: string, argument: string, value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : refuse(operation, argument, value, 'a text');
}

function tlsOf(operation: string, given: boolean | KafkaTlsOptions | undefined): KafkaTls | undefined {
  if (given === undefined || given === false) return undefined;
  if (given === true) return {};
  if (typeof given !== 'object' || given === null)
    return refuse(operation, 'tls', given, 'true, or an object with ca, cert, key');
  const pem = (name: 'ca' | 'cert' | 'key') => {
    const value = given[name];
    if (value === undefined) return {};
    const text = textOption(operation, `tls.${name}`, value);
    return { [name]: text.includes('-----BEGIN') ? text : readText(operation, `tls.${name}`, text) };
  };
  const { passphrase, servername } = given;
  return {
    ...pem('ca'),
    ...pem('cert'),
    ...pem('key'),
    ...(passphrase !== undefined && { passphrase: passwordOf(operation, 'tls.passphrase', passphrase) }),
    ...(servername !== undefined && { servername: textOption(operation, 'tls.servername', servername) }),
  };
}

const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

function loginOf(operation: string, given: KafkaLoginOptions | undefined): KafkaLogin | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== 'object' || given === null)
    return refuse(operation, 'sasl', typeof given, 'an object with mechanism, username and password');
  const { mechanism = 'plain', username, password } = given;
  if (!mechanisms.includes(mechanism)) refuse(operation, 'sasl.mechanism', mechanism, `one of ${mechanisms.join(', ')}`);
  return {
    mechanism,
    username: textOption(operation, 'sasl.username', username),
    password: passwordOf(operation, 'sasl.password', password),
  };
}

/** Throws BAD_ARGUMENT, and MODULE_NOT_FOUND where the client is not installed. */
export function checkedConnection(
  operation: string,
  options: KafkaConnectionOptions,
): { address: KafkaAddress; secret: KafkaSecret } {
  const { brokers, timeout } = options;
  const list = (typeof brokers === 'string' ? brokers.split(',') : Array.isArray(brokers) ? brokers : []).map((b) =>
    String(b).trim(),
  );
  if (list.length === 0 || !list.every((broker) => /^[^\s/@]+:\d{1,5}$/.test(broker)))
    refuse(
      operation,
      'brokers',
      typeof brokers === 'string' ? brokers.replace(/[^@,]*@/g, '…@') : typeof brokers,
      "'host:port', or several of them",
    );
  const timeoutMs = timeout === undefined ? defaultTimeoutMs : milliseconds(operation, 'timeout', timeout);
  const [tls, login] = [tlsOf(operation, options.tls), loginOf(operation, options.sasl)];
  return {
    address: { brokers: list, timeoutMs, client: findClient() },
    secret: { ...(tls && { tls }), ...(login && { login }) },
  };
}

/** Throws BAD_ARGUMENT. */
export function checkedDecoders(operation: string, { key = 'text', value = 'bytes' }: KafkaDecodeOptions): Decoders {
  for (const [name, decoder] of Object.entries({ key, value }))
    if (typeof decoder !== 'function' && !['text', 'json', 'bytes'].includes(decoder))
      refuse(operation, name, decoder, "'text', 'json', 'bytes' or a function of the bytes");
  return { key, value };
}

/** Throws BAD_ARGUMENT. */
export function checkedOnGone(operation: string, { onGone = 'fail' }: KafkaDecodeOptions): boolean {
  if (onGone !== 'fail' && onGone !== 'skip') refuse(operation, 'onGone', onGone, "'fail' or 'skip'");
  return onGone === 'skip';
}

const fieldNames = ['key', 'value', 'headers', 'partition', 'timestamp'] as const;
export const writeNames = [...fieldNames, 'id', 'compression'];

/** The functions that make fields of records of rows. Throws BAD_ARGUMENT. */
export function checkedFields<T>(operation: string, options: KafkaWriteOptions<T>): Record<(typeof fieldNames)[number], never> {
  const fields = fieldNames.map((name) => {
    const f = options[name];
    if (f !== undefined && typeof f !== 'function') refuse(operation, name, f, 'a function of the row');
    return [name, f];
  });
  return Object.fromEntries(fields);
}

/** Throws BAD_ARGUMENT. */
export function checkedCompression(operation: string, compression: KafkaCompression = 'none'): KafkaCompression {
  if (!['none', 'gzip', 'lz4'].includes(compression)) refuse(operation, 'compression', compression, "'none', 'gzip' or 'lz4'");
  return compression;
}

/** Throws BAD_ARGUMENT. */
export function checkedTopics(operation: string, topics: KafkaStreamOptions['topics']): readonly string[] | RegExp {
  if (topics instanceof RegExp) return topics;
  const list = typeof topics === 'string' ? [topics] : topics;
  if (!Array.isArray(list) || list.length === 0 || !list.every((name) => typeof name === 'string' && name !== ''))
    return refuse(operation, 'topics', topics, 'the name of a topic, several, or a pattern');
  return list;
}

/** Throws BAD_ARGUMENT. */
export function checkedStart(operation: string, from: KafkaStart, groupId: string | undefined): KafkaStart {
  const isNamed = from === 'earliest' || from === 'latest' || (from === 'committed' && groupId !== undefined);
  if (isNamed || (from instanceof Date && !Number.isNaN(from.getTime()))) return from;
  const isOffsets =
    typeof from === 'object' &&
    from !== null &&
    !(from instanceof Date) &&
    Object.values(from).every((list) => Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 0));
  if (isOffsets) return from;
  return refuse(
    operation,
    'from',
    from,
    "'earliest', 'latest', 'committed' with a groupId, a Date, or offsets as { topic: [0, 17] }",
  );
}

/** Throws BAD_ARGUMENT. */
export function checkedRanges(operation: string, ranges: readonly KafkaRange[] | undefined): readonly KafkaRange[] | undefined {
  if (ranges === undefined) return undefined;
  const isOffset = (n: unknown) => n === undefined || (Number.isSafeInteger(n) && (n as number) >= 0);
  const isRange = (range: KafkaRange | null) =>
    typeof range === 'object' &&
    range !== null &&
    Number.isSafeInteger(range.partition) &&
    isOffset(range.from) &&
    isOffset(range.to);
  if (!Array.isArray(ranges) || !ranges.every(isRange)) refuse(operation, 'ranges', ranges, 'a list of { partition, from, to }');
  return ranges;
}

/** Throws BAD_ARGUMENT. */
export function checkedRate(operation: string, rate: number | undefined): number {
  if (rate === undefined) return Number.POSITIVE_INFINITY;
  return checkWhole(rate, 1, 1_000_000_000, { operation, argument: 'maxRatePerPartition', remedy: remedyOf(operation) });
}
