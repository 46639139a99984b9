// The program of a receiver process: it reads the sources that the driver opens, writes block files, and ends with its driver.
import fs from 'node:fs';
import path from 'node:path';
import '../../runtime/closure/classes/instances';
import { asError } from '../../runtime/base/errors';
import type { ReceiverSource } from '../../runtime/plan/receivers';
import { reviveReceiver } from '../../runtime/streaming/receivers/receiver-program';
import { unendedName } from '../../runtime/streaming/sources/block-log';
import { printBlocking } from '../base/blocking-output';
import { DriverWatch } from '../base/driver-watch';
import { BlockWriter } from './block-writer';
import { CustomSource } from './custom-receiver';
import { ThrottledReport } from './limited-notices';
import { checkToReceiver, type FromReceiver, type OpenStream, type ToReceiver } from './protocol';
import { ReadGate } from './read-gate';
import type { Source, SourceHost } from './source';
import { TailSource } from './tail-source';
import { SocketClient, SocketServer } from './tcp-source';
import { WebhookSource } from './webhook-source';
import { WebSocketClient, WebSocketListener } from './websocket-source';

const maxMessage = 4000;

function send(message: FromReceiver): void {
  process.send?.(message);
}

class Stream {
  readonly #number: number;
  readonly #folder: string;
  readonly #gate: ReadGate;
  readonly #blocks: BlockWriter;
  readonly #badUtf8: ThrottledReport;
  readonly #lost: ThrottledReport;
  #source: Source | undefined;
  readonly #isDurable: boolean;
  /** Whether what was read is handed over although the driver is gone. */
  readonly #isHandedOver: boolean;

  constructor(open: OpenStream) {
    const { stream, folder, firstBlock, isDurable, blockInterval, maxUnprocessedBytes } = open;
    this.#isDurable = isDurable;
    // Requests that were not answered are sent again.
    this.#isHandedOver = isDurable && open.source.kind !== 'webhookListen';
    this.#number = stream;
    this.#folder = folder;
    this.#badUtf8 = new ThrottledReport((count) =>
      this.#report('error', `${count === 1 ? 'a line is' : `${count} lines are`} not UTF-8`),
    );
    this.#lost = new ThrottledReport((count, reason) => this.#report('error', `${count} elements are lost: ${reason}`));
    this.#gate = new ReadGate(maxUnprocessedBytes, open.unprocessedBytes, (message) => this.#report('notice', message));
    this.#gate.limit(open.rate);
    this.#blocks = new BlockWriter({
      folder,
      firstBlock,
      isDurable,
      blockInterval,
      beforeCut: () => this.#source?.flush?.(),
      beforeName: (next) => this.#source?.save?.(next),
      blockLost: (block, reason) => this.#source?.blockLost?.(block, reason),
      handOver: (block, bytes, records) => send({ kind: 'block', stream, block, bytes, records }),
      badLines: (count) => this.#badUtf8.happened(count),
      lost: (records, reason, bytes) => {
        this.#lost.happened(records, reason);
        // No batch will give these back.
        this.#gate.processed(bytes);
      },
    });
    const host: SourceHost = {
      blocks: this.#blocks,
      gate: this.#gate,
      maxLineBytes: open.maxLineBytes,
      silence: open.silence,
      report: (event, message) => this.#report(event, message),
    };
    try {
      this.#source = this.#open(host, open.source, maxUnprocessedBytes);
    } catch (error) {
      this.#blocks.close();
      this.#gate.close();
      throw error;
    }
  }

  #open(host: SourceHost, source: ReceiverSource, maxUnprocessed: number): Source {
    switch (source.kind) {
      case 'socket':
        return new SocketClient(host, source);
      case 'socketListen':
        return new SocketServer(host, source.port);
      case 'webSocket':
        return new WebSocketClient(host, source.url);
      case 'webSocketListen':
        return new WebSocketListener(host, source.port);
      case 'webhookListen':
        return new WebhookSource(host, source);
      case 'tail':
        return new TailSource({ ...host, folder: this.#folder, isDurable: this.#isDurable }, source);
      case 'custom':
        return new CustomSource(host, reviveReceiver(source.program), source.isText, maxUnprocessed);
    }
  }

  #report(event: 'started' | 'error' | 'notice', message: string): void {
    send({ kind: 'report', stream: this.#number, event, message: message.slice(0, maxMessage) });
  }

  receive(message: Exclude<ToReceiver, { kind: 'open' }>): void {
    switch (message.kind) {
      case 'processed':
        return this.#gate.processed(message.bytes);
      case 'known':
        return this.#source?.known?.(message.block);
      case 'limit':
        return this.#gate.limit(message.perSecond);
      case 'close':
        void this.#close(message.graceful);
    }
  }

  /** The driver is gone: hands over what was read to its next run, and leaves a note about the incomplete line. */
  leave(): void {
    if (!this.#isHandedOver) return;
    this.#blocks.close();
    if (this.#source?.pending)
      fs.writeFileSync(path.join(this.#folder, unendedName), String(this.#source.pending), { mode: 0o600 });
  }

  async #close(graceful: boolean): Promise<void> {
    await this.#source?.close(graceful);
    this.#blocks.close();
    this.#gate.close();
    this.#badUtf8.close();
    this.#lost.close();
    send({ kind: 'closed', stream: this.#number });
  }
}

const streams = new Map<number, Stream>();
const folders = new Set<string>();

function receive(message: ToReceiver): void {
  const { stream } = message;
  if (message.kind === 'close' && !streams.has(stream)) return send({ kind: 'closed', stream });
  if (message.kind !== 'open') return streams.get(stream)?.receive(message);
  if (!message.isDurable) watchDriver(message.folder);
  try {
    streams.set(stream, new Stream(message));
  } catch (error) {
    send({ kind: 'report', stream, event: 'error', message: `cannot start: ${asError(error).message}`.slice(0, maxMessage) });
  }
}

/** The driver is gone: ends the logged blocks, and removes the others because nobody else will. */
function endWithDriver(): void {
  for (const stream of streams.values()) stream.leave();
  for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
  process.exit(0);
}

const watch = new DriverWatch();

function watchDriver(folder: string): void {
  if (folders.has(folder)) return;
  folders.add(folder);
  watch.removes(folder);
}

/** An error in a callback of the user's receiver is reported and has no other effect. */
function reportStrays(): void {
  const report = (error: unknown) => {
    for (const stream of streams.keys())
      send({ kind: 'report', stream, event: 'error', message: `uncaught error: ${asError(error).message}`.slice(0, maxMessage) });
  };
  process.on('uncaughtException', report);
  process.on('unhandledRejection', report);
}

printBlocking();
reportStrays();
process.on('message', (message) => receive(checkToReceiver(message)));
process.on('disconnect', endWithDriver);
