// The boundary between streams and their receivers: processes that read a source and leave what came in block files.

/** What a receiver reads. Ports it listens on are on loopback, but for webhooks with a token. */
export type ReceiverSource =
  | { readonly kind: 'socket'; readonly host: string; readonly port: number }
  | { readonly kind: 'socketListen'; readonly port: number }
  | { readonly kind: 'webSocket'; readonly url: string }
  | { readonly kind: 'webSocketListen'; readonly port: number }
  | WebhookSource
  /** Growing files: absolute paths, or patterns of them. */
  | { readonly kind: 'tail'; readonly paths: readonly string[]; readonly from: 'start' | 'end' }
  /** The user's receiver, as bytes that `reviveReceiver` reads; `isText`: what it stores are lines. */
  | { readonly kind: 'custom'; readonly program: Uint8Array; readonly isText: boolean };

/** Requests of HTTP. Beyond loopback it has a token and files with a certificate and its key. */
export interface WebhookSource {
  readonly kind: 'webhookListen';
  readonly host: string;
  readonly port: number;
  readonly token?: string;
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly maxBodyBytes: number;
}

/**
 * What becomes of elements that a dead receiver had read and not handed over: the whole lines are recovered; or they are dropped, because
 * their sender, who has no answer, sends them again, or because they are read again where they stand.
 */
export function afterDeath(source: ReceiverSource): 'recovered' | 'sent again' | 'read again' {
  if (source.kind === 'tail') return 'read again';
  return source.kind === 'custom' || source.kind === 'webhookListen' ? 'sent again' : 'recovered';
}

export interface ReceiverSpec {
  /** As messages name it. */
  readonly stream: string;
  readonly source: ReceiverSource;
  /** The folder in which blocks are to outlive the session and a crash of the machine; undefined: the session's. */
  readonly log: string | undefined;
  /** Milliseconds between blocks. */
  readonly blockInterval: number;
  /** Longer lines are dropped and told. */
  readonly maxLineBytes: number;
  /** With so many bytes in blocks that no batch has finished, the source is not read. */
  readonly maxUnprocessedBytes: number;
  /** A silence of the source that is reported, in milliseconds. */
  readonly silence: number;
  /** Elements a second at first; undefined: no limit. */
  readonly rate: number | undefined;
}

/** The file of a block has this ending until it is whole. */
export const partEnding = '.part';

/** One file of whole lines, or of rows in the object-file encoding. Plain data: batches are remembered by them. */
export interface ReceivedBlock {
  readonly path: string;
  readonly bytes: number;
  readonly records: number;
}

export interface ReceiverListener {
  /** A block that is whole and on disk. */
  block(block: ReceivedBlock): void;
  /** What happened to the receiver, in words; `error` for what may have cost data or time. */
  told(event: 'started' | 'error' | 'notice' | 'stopped', message: string): void;
}

export interface RunningReceiver {
  /** Batches with so many bytes of blocks are done: the source may send as many more. */
  processed(bytes: number): void;
  /** At most so many elements a second from now on; undefined: no limit. */
  limitRate(perSecond: number | undefined): void;
  /** Ends it. Gracefully: what has been read is handed over first. Never rejects. */
  stop(graceful: boolean): Promise<void>;
}

export interface ReceiverBackend {
  /** Begins at once; a receiver that dies is started again. */
  start(spec: ReceiverSpec, listener: ReceiverListener): RunningReceiver;
  /** Nobody will read these again. */
  release(blocks: readonly ReceivedBlock[]): void;
  /** Ends all of them. */
  stop(): Promise<void>;
}
