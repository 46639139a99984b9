// All messages between the driver and its receiver processes: closed unions over the IPC channel, checked field by field on receipt.
import type { ReceiverSource } from '../../runtime/plan/receivers';
import { Fields, refuse } from '../link/fields';

/** Messages to a receiver process. Streams and blocks are numbers, so that no path ever comes from a peer. */
export type ToReceiver =
  | ({ readonly kind: 'open' } & OpenStream)
  /** Batches have processed this many bytes of blocks. */
  | { readonly kind: 'processed'; readonly stream: number; readonly bytes: number }
  /** The driver knows this block: the receiver may acknowledge its elements to the source. */
  | { readonly kind: 'known'; readonly stream: number; readonly block: number }
  /** Elements per second; -1 for no limit. */
  | { readonly kind: 'limit'; readonly stream: number; readonly perSecond: number }
  | { readonly kind: 'close'; readonly stream: number; readonly graceful: boolean };

export interface OpenStream {
  readonly stream: number;
  readonly source: ReceiverSource;
  /** The folder of its block files, which are named by their numbers. */
  readonly folder: string;
  readonly firstBlock: number;
  /** Blocks survive a crash of the machine; this process does not remove them. */
  readonly isDurable: boolean;
  readonly blockInterval: number;
  readonly maxLineBytes: number;
  readonly maxUnprocessedBytes: number;
  /** Bytes in blocks of an earlier process that no batch has processed. */
  readonly unprocessedBytes: number;
  readonly silence: number;
  /** Elements per second; -1 for no limit. */
  readonly rate: number;
}

export type FromReceiver =
  | {
      readonly kind: 'block';
      readonly stream: number;
      readonly block: number;
      readonly bytes: number;
      readonly records: number;
    }
  | {
      readonly kind: 'report';
      readonly stream: number;
      readonly event: 'started' | 'error' | 'notice';
      readonly message: string;
    }
  | { readonly kind: 'closed'; readonly stream: number };

const maxText = 8192;
const maxPort = 65_535;
const maxPaths = 1000;
const events = ['started', 'error', 'notice'] as const;

function oneOf<T extends string>(fields: Fields, name: string, values: readonly T[]): T {
  const value = fields.string(name, maxText);
  const known = values.find((v) => v === value);
  return known ?? refuse(`${name} is ${value.slice(0, 40)}`);
}

function flag(fields: Fields, name: string): boolean {
  const value = fields.take(name);
  return typeof value === 'boolean' ? value : refuse(`${name} is not true or false`);
}

/** Checks a message from a receiver process. Throws PROTOCOL. */
export function checkFromReceiver(message: unknown): FromReceiver {
  const fields = new Fields('a receiver message', message);
  const kind = oneOf(fields, 'kind', ['block', 'report', 'closed']);
  const stream = fields.integer('stream');
  let checked: FromReceiver;
  if (kind === 'block') {
    const [block, bytes, records] = [fields.integer('block'), fields.integer('bytes'), fields.integer('records')];
    checked = { kind, stream, block, bytes, records };
  } else if (kind === 'report')
    checked = { kind, stream, event: oneOf(fields, 'event', events), message: fields.string('message', maxText) };
  else checked = { kind, stream };
  fields.end();
  return checked;
}

function checkSource(fields: Fields): ReceiverSource {
  const kind = oneOf(fields, 'kind', [
    'socket',
    'socketListen',
    'webSocket',
    'webSocketListen',
    'webhookListen',
    'tail',
    'custom',
  ]);
  const source = sourceOf(kind, fields);
  fields.end();
  return source;
}

function sourceOf(kind: ReceiverSource['kind'], fields: Fields): ReceiverSource {
  switch (kind) {
    case 'socket':
      return { kind, host: fields.string('host', maxText), port: fields.integer('port', maxPort) };
    case 'socketListen':
    case 'webSocketListen':
      return { kind, port: fields.integer('port', maxPort) };
    case 'webSocket':
      return { kind, url: fields.string('url', maxText) };
    case 'tail': {
      const paths = fields.list('paths', maxPaths, (item) =>
        typeof item === 'string' && item.length <= maxText ? item : refuse('a path is not a text'),
      );
      return { kind, paths, from: oneOf(fields, 'from', ['start', 'end']) };
    }
    case 'webhookListen':
      return webhookOf(fields);
    case 'custom': {
      const program = fields.take('program');
      return program instanceof Uint8Array
        ? { kind, program, isText: fields.take('isText') === true }
        : refuse('program is not bytes');
    }
  }
}

function webhookOf(fields: Fields): ReceiverSource {
  const token = fields.has('token') ? fields.string('token', maxText) : undefined;
  const files = fields.has('tls') ? fields.object('tls') : undefined;
  const tls = files && { cert: files.string('cert', maxText), key: files.string('key', maxText) };
  files?.end();
  // Taken, if they are there without a value.
  fields.take('token');
  fields.take('tls');
  const [host, port] = [fields.string('host', maxText), fields.integer('port', maxPort)];
  return { kind: 'webhookListen', host, port, token, tls, maxBodyBytes: fields.integer('maxBodyBytes') };
}

/** Checks a message from the driver. Throws PROTOCOL. */
export function checkToReceiver(message: unknown): ToReceiver {
  const fields = new Fields('a driver message', message);
  const kind = oneOf(fields, 'kind', ['open', 'processed', 'known', 'limit', 'close']);
  const stream = fields.integer('stream');
  const checked = bodyOf(kind, stream, fields);
  fields.end();
  return checked;
}

function bodyOf(kind: ToReceiver['kind'], stream: number, fields: Fields): ToReceiver {
  switch (kind) {
    case 'open':
      return {
        kind,
        stream,
        source: checkSource(fields.object('source')),
        folder: fields.string('folder', maxText),
        firstBlock: fields.integer('firstBlock'),
        isDurable: flag(fields, 'isDurable'),
        blockInterval: fields.integer('blockInterval'),
        maxLineBytes: fields.integer('maxLineBytes'),
        maxUnprocessedBytes: fields.integer('maxUnprocessedBytes'),
        unprocessedBytes: fields.integer('unprocessedBytes'),
        silence: fields.integer('silence'),
        rate: fields.position('rate'),
      };
    case 'processed':
      return { kind, stream, bytes: fields.integer('bytes') };
    case 'known':
      return { kind, stream, block: fields.integer('block') };
    case 'limit':
      return { kind, stream, perSecond: fields.position('perSecond') };
    case 'close':
      return { kind, stream, graceful: fields.take('graceful') === true };
  }
}
