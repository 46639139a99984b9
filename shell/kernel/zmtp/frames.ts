// The frames of ZMTP 3.0, the wire of ZeroMQ, without security: greeting, commands, and messages of several parts.

/** What begins a connection: signature, version 3.0, the mechanism NULL. */
export const greeting: Buffer = (() => {
  const bytes = Buffer.alloc(64);
  bytes[0] = 0xff;
  bytes[9] = 0x7f;
  bytes[10] = 3;
  bytes.write('NULL', 12, 'latin1');
  return bytes;
})();

const flag = { more: 1, long: 2, command: 4 } as const;

/** A frame that arrived. */
export interface Frame {
  readonly isCommand: boolean;
  /** More parts of the same message follow. */
  readonly more: boolean;
  readonly body: Buffer;
}

function frame(body: Uint8Array, flags: number): Buffer {
  const isLong = body.length > 255;
  const head = Buffer.alloc(isLong ? 9 : 2);
  head[0] = flags | (isLong ? flag.long : 0);
  if (isLong) head.writeBigUInt64BE(BigInt(body.length), 1);
  else head[1] = body.length;
  return Buffer.concat([head, body]);
}

/** A message of these parts. */
export const messageBytes = (parts: readonly Uint8Array[]): Buffer =>
  Buffer.concat(parts.map((part, i) => frame(part, i < parts.length - 1 ? flag.more : 0)));

const named = (name: string, data: Buffer): Buffer => {
  const text = Buffer.from(name, 'latin1');
  return Buffer.concat([Buffer.from([text.length]), text, data]);
};

const property = (name: string, value: string): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(value.length);
  return Buffer.concat([named(name, length), Buffer.from(value, 'latin1')]);
};

/** READY of a socket of this type. */
export const readyBytes = (type: string): Buffer => frame(named('READY', property('Socket-Type', type)), flag.command);

/** The answer to PING. */
export const pongBytes = (context: Uint8Array): Buffer => frame(named('PONG', Buffer.from(context)), flag.command);

/** A command of a peer. */
export interface ZmtpCommand {
  readonly name: string;
  readonly data: Buffer;
}

/** Undefined for what is none. */
export function readCommand(body: Buffer): ZmtpCommand | undefined {
  const end = 1 + (body[0] ?? 0);
  return body.length < end || end === 1 ? undefined : { name: body.toString('latin1', 1, end), data: body.subarray(end) };
}

/** The properties of READY by their names in lower case; undefined for what is malformed. */
export function readProperties(data: Buffer): ReadonlyMap<string, Buffer> | undefined {
  const found = new Map<string, Buffer>();
  for (let at = 0; at < data.length; ) {
    const nameEnd = at + 1 + data[at];
    if (nameEnd + 4 > data.length) return undefined;
    const end = nameEnd + 4 + data.readUInt32BE(nameEnd);
    if (end > data.length) return undefined;
    found.set(data.toString('latin1', at + 1, nameEnd).toLowerCase(), data.subarray(nameEnd + 4, end));
    at = end;
  }
  return found;
}

/** Whether a peer speaks version 3 without security. */
const isGreeting = (bytes: Buffer): boolean =>
  bytes[0] === 0xff && (bytes[9] & 1) === 1 && bytes[10] >= 3 && bytes.toString('latin1', 12, 17) === 'NULL\0';

/** Cuts what arrives into frames. */
export class FrameReader {
  /** Of one frame. */
  mostBytes: number;
  #waiting: Buffer[] = [];
  #length = 0;
  /** No frame is whole before so many bytes are there. */
  #needed: number = greeting.length;
  #greeted = false;

  /** @param mostBytes of one frame */
  constructor(mostBytes: number) {
    this.mostBytes = mostBytes;
  }

  /** The frames that these bytes complete; undefined where they are not what they should be: the connection ends. */
  take(bytes: Buffer): readonly Frame[] | undefined {
    this.#waiting.push(bytes);
    this.#length += bytes.length;
    if (this.#length < this.#needed) return [];
    let rest = this.#waiting.length === 1 ? bytes : Buffer.concat(this.#waiting);
    const frames: Frame[] = [];
    if (!this.#greeted) {
      if (!isGreeting(rest)) return undefined;
      rest = rest.subarray(greeting.length);
      this.#greeted = true;
    }
    for (;;) {
      const head = (rest[0] ?? 0) & flag.long ? 9 : 2;
      this.#needed = head;
      if (rest.length < head) break;
      const flags = rest[0];
      const length = head === 9 ? Number(rest.readBigUInt64BE(1)) : rest[1];
      if (flags > 7 || length > this.mostBytes) return undefined;
      this.#needed = head + length;
      if (rest.length < this.#needed) break;
      // A copy: the rest of what came with it need not stay.
      const body = Buffer.from(rest.subarray(head, this.#needed));
      frames.push({ isCommand: (flags & flag.command) !== 0, more: (flags & flag.more) !== 0, body });
      rest = rest.subarray(this.#needed);
    }
    this.#waiting = rest.length > 0 ? [rest] : [];
    this.#length = rest.length;
    return frames;
  }
}
