// One side of the messages between a session and its server: numbered and held until the other side has read them, whatever connection they take.
//
// A connection that breaks takes with it what was under way. The next one begins with the number of messages that each side has read: the
// other one sends the rest again. So each message arrives once, in order.
import { bytesText } from '../../../runtime/base/units';
import { maxUnreadBytes, readReportBytes, readReportMs } from '../../base/limits';
import { refuse } from '../../link/fields';

/** What carries the messages while it lasts. */
export interface Wire {
  send(control: object, tail?: Uint8Array): void;
  close(reason: string): void;
}

interface Unread {
  readonly control: object;
  readonly tail: Uint8Array | undefined;
}

export class Line {
  readonly #onFull: (reason: string) => void;
  #wire: Wire | undefined;
  /** Sent, and not known to be read. */
  #unread: Unread[] = [];
  #unreadBytes = 0;
  #sent = 0;
  #read = 0;
  /** How many messages the other side knows to be read, and the bytes of those that it does not. */
  #reported = 0;
  #unreportedBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  readonly #mostBytes: number;

  /** `onFull` is called when more than so many bytes wait for a connection. */
  constructor(onFull: (reason: string) => void, mostBytes = maxUnreadBytes) {
    this.#mostBytes = mostBytes;
    this.#onFull = onFull;
  }

  /** How many messages of the other side have been read. */
  get read(): number {
    return this.#read;
  }

  /** Bytes that are held for the other side. */
  get unreadBytes(): number {
    return this.#unreadBytes;
  }

  send(control: object, tail?: Uint8Array): void {
    this.#unread.push({ control, tail });
    this.#unreadBytes += tail?.length ?? 0;
    this.#sent++;
    if (this.#wire) return this.#wire.send(control, tail);
    if (this.#unreadBytes > this.#mostBytes) this.#onFull(`${bytesText(this.#unreadBytes)} wait for a connection`);
  }

  /** Counts a message of the other side. */
  arrived(tail: Uint8Array): void {
    this.#read++;
    this.#unreportedBytes += tail.length;
    if (this.#unreportedBytes >= readReportBytes) return this.#report();
    this.#timer ??= setTimeout(() => this.#report(), readReportMs).unref();
  }

  #report(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#wire || this.#reported === this.#read) return;
    this.#reported = this.#read;
    this.#unreportedBytes = 0;
    this.#wire.send({ kind: 'read', messages: this.#read });
  }

  /** The other side has read so many messages. Throws PROTOCOL for a number that cannot be. */
  wasRead(messages: number): void {
    const first = this.#sent - this.#unread.length;
    if (messages < first || messages > this.#sent) refuse(`${messages} messages read, of ${first} to ${this.#sent}`);
    const gone = this.#unread.slice(0, messages - first);
    this.#unread = this.#unread.slice(messages - first);
    for (const { tail } of gone) this.#unreadBytes -= tail?.length ?? 0;
  }

  /** Goes on over a new connection, whose other side has read so many messages. Throws PROTOCOL. */
  connect(wire: Wire, wasRead: number): void {
    this.wasRead(wasRead);
    this.#wire = wire;
    this.#reported = this.#read;
    this.#unreportedBytes = 0;
    for (const { control, tail } of this.#unread) wire.send(control, tail);
  }

  /** The connection is gone. */
  disconnect(): void {
    this.#wire = undefined;
  }

  /** Nothing is sent any more. */
  end(): void {
    this.#wire = undefined;
    this.#unread = [];
    this.#unreadBytes = 0;
    clearTimeout(this.#timer);
  }
}
