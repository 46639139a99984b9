// Messages of Jupyter: signed with the key of the connection file, and checked before anything of them is read.
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';

/** Version of the protocol that is spoken. */
export const protocolVersion = '5.4';

const delimiter = Buffer.from('<IDS|MSG>');

type Fields = Readonly<Record<string, unknown>>;

export interface Header extends Fields {
  readonly msg_id: string;
  readonly msg_type: string;
}

/** A request that has proved that it knows the key. */
export interface Request {
  /** What stands before the message, for the way back. */
  readonly route: readonly Buffer[];
  readonly header: Header;
  /** The id of the message that this one answers, if it says so. */
  readonly answers?: string;
  readonly content: Fields;
}

/** Messages of one kernel. */
export class Messages {
  readonly #key: string;
  readonly #session = randomUUID();

  constructor(key: string) {
    this.#key = key;
  }

  /** Undefined for what is not signed with the key, or is no message. */
  read(parts: readonly Buffer[]): Request | undefined {
    const at = parts.findIndex((part) => part.equals(delimiter));
    if (at < 0 || parts.length < at + 6) return undefined;
    const signed = parts.slice(at + 2, at + 6);
    const given = parts[at + 1];
    const own = Buffer.from(this.#sign(signed));
    if (given.length !== own.length || !timingSafeEqual(given, own)) return undefined;
    const [header, parent, , content] = signed.map(fieldsOf);
    if (!header || !content || typeof header['msg_id'] !== 'string' || typeof header['msg_type'] !== 'string') return undefined;
    const id = parent?.['msg_id'];
    const answers = typeof id === 'string' && id !== '' ? id : undefined;
    return { route: parts.slice(0, at), header: header as Header, answers, content };
  }

  /** A message; `route` is that of the request that it answers, or the topic of what is published. */
  write(
    type: string,
    content: object,
    parent: Header | undefined,
    route: readonly Uint8Array[],
    id: string = randomUUID(),
  ): Uint8Array[] {
    const header = {
      msg_id: id,
      msg_type: type,
      session: this.#session,
      username: 'kernel',
      date: new Date().toISOString(),
      version: protocolVersion,
    };
    const parts = [header, parent ?? {}, {}, content].map((part) => Buffer.from(JSON.stringify(part)));
    return [...route, delimiter, Buffer.from(this.#sign(parts)), ...parts];
  }

  #sign(parts: readonly Buffer[]): string {
    const hmac = createHmac('sha256', this.#key);
    for (const part of parts) hmac.update(part);
    return hmac.digest('hex');
  }
}

function fieldsOf(part: Buffer): Fields | undefined {
  try {
    const value: unknown = JSON.parse(part.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}
