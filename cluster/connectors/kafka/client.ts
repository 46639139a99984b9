// A client of Kafka for sessions and executors: connections, leaders and coordinators, and requests that are tried again while that may help.
import { isIP } from 'node:net';
import { connectorError } from '../../../runtime/base/declared/connector-failure';
import { type Api, type Client, type Connection, loadClient, type Reader } from './client-package';
import { idOf, isPassing, toldFailure } from './failures';
import { addressText, type KafkaAddress, type KafkaSecret } from './settings';

/** A topic as brokers know it. */
export interface Topic {
  readonly name: string;
  readonly id: string;
  /** The broker that leads each partition. */
  readonly leaders: readonly number[];
}

interface Broker {
  readonly host: string;
  readonly port: number;
}

interface Metadata {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly topics: readonly {
    readonly errorCode: number;
    readonly name: string;
    readonly topicId: string;
    readonly isInternal: boolean;
    readonly partitions: readonly { readonly partitionIndex: number; readonly leaderId: number }[];
  }[];
}

const firstWaitMs = 50;
const longestWaitMs = 1_000;
/** A topic that was made a moment ago may be unknown to a broker for as long. */
const freshTopicMs = 2_000;
const requestMs = 30_000;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export class KafkaClient {
  readonly address: KafkaAddress;
  readonly package: Client;
  readonly #secret: KafkaSecret;
  readonly #connections = new Map<string, Promise<Connection>>();
  readonly #waiting = new WeakMap<Connection, number>();
  readonly #brokers = new Map<number, Broker>();
  readonly #topics = new Map<string, Topic>();
  readonly #coordinators = new Map<string, number>();

  constructor(address: KafkaAddress, secret: KafkaSecret) {
    this.address = address;
    this.#secret = secret;
    this.package = loadClient(address.client);
  }

  async close(): Promise<void> {
    const open = [...this.#connections.values()];
    this.#connections.clear();
    await Promise.all(open.map((connection) => connection.then((c) => c.close()).catch(() => undefined)));
  }

  /** Calls `f` until it succeeds, its error does not pass, or the time is over. */
  async trying<T>(what: string, f: () => Promise<T>, timeoutMs = this.address.timeoutMs): Promise<T> {
    const begun = performance.now();
    for (let wait = firstWaitMs; ; wait = Math.min(2 * wait, longestWaitMs)) {
      try {
        return await f();
      } catch (error) {
        const spent = performance.now() - begun;
        const isFresh = idOf(error) === 'UNKNOWN_TOPIC_OR_PARTITION' && spent < freshTopicMs;
        if (!isFresh && (!isPassing(error) || spent + wait > timeoutMs)) throw toldFailure(error, what, this.address);
        this.#topics.clear();
        this.#coordinators.clear();
        await sleep(wait);
      }
    }
  }

  #connection({ host, port }: Broker): Promise<Connection> {
    const key = `${host}:${port}`;
    const open = this.#connections.get(key);
    if (open) return open;
    const { tls, login } = this.#secret;
    const { username, password, mechanism } = login ?? {};
    const connection = new this.package.Connection('millrace', {
      connectTimeout: Math.min(5_000, this.address.timeoutMs),
      requestTimeout: requestMs,
      ...(tls && { tls: { ...(isIP(host) === 0 && { servername: host }), ...tls } }),
      ...(login && { sasl: { mechanism: mechanism?.toUpperCase(), username, password } }),
    });
    // A connection that closes late has a successor.
    const drop = () => {
      if (this.#connections.get(key) === opened) this.#connections.delete(key);
    };
    connection.on('error', drop);
    connection.on('close', drop);
    const opened: Promise<Connection> = connection.connect(host, port).then(() => connection);
    this.#connections.set(key, opened);
    opened.catch(drop);
    return opened;
  }

  /** A connection keeps its process alive while somebody waits for an answer, and not longer. */
  #hold(connection: Connection, more: 1 | -1): void {
    const waiting = (this.#waiting.get(connection) ?? 0) + more;
    this.#waiting.set(connection, waiting);
    if (waiting > 0) connection.socket?.ref();
    else connection.socket?.unref();
  }

  /** One request to one broker. */
  async #send<T>(broker: Broker, { createRequest, parseResponse, api }: Api, args: readonly unknown[]): Promise<T> {
    const connection = await this.#connection(broker);
    this.#hold(connection, 1);
    return await new Promise<T>((resolve, reject) => {
      const request = () => createRequest(...(args as never[]));
      connection.send(api.key, api.version, request, parseResponse, true, true, (error, answer) => {
        this.#hold(connection, -1);
        if (!error) return resolve(answer as T);
        // What comes on a connection after a request timed out belongs to that request.
        if (idOf(error) === undefined) void connection.close().catch(() => undefined);
        return reject(error);
      });
    });
  }

  /** A request to whichever broker answers first in the order that was given. */
  async #sendToAny<T>(api: Api, args: readonly unknown[]): Promise<T> {
    let last: unknown;
    for (const text of this.address.brokers) {
      const at = text.lastIndexOf(':');
      try {
        return await this.#send<T>({ host: text.slice(0, at), port: Number(text.slice(at + 1)) }, api, args);
      } catch (error) {
        if (idOf(error) !== undefined) throw error;
        last = error;
      }
    }
    throw last;
  }

  /** A request to a broker by its number, as the last metadata have it. */
  async sendTo<T>(node: number, api: Api, ...args: readonly unknown[]): Promise<T> {
    const broker = this.#brokers.get(node);
    if (!broker) throw Object.assign(new Error(`broker ${node} is away`), { code: 'PLT_KFK_NETWORK' });
    return await this.#send<T>(broker, api, args);
  }

  /** The topics by these names, or all that are not Kafka's own. */
  async topics(names: readonly string[] | undefined): Promise<readonly Topic[]> {
    const what = names ? `read the topic ${names.join(', ')}` : 'list topics';
    return await this.trying(what, async () => {
      const { brokers, topics } = await this.#sendToAny<Metadata>(this.package.metadataV12, [names ?? null, false, false]);
      for (const { nodeId, host, port } of brokers) this.#brokers.set(nodeId, { host, port });
      const known = topics.flatMap(({ name, topicId, isInternal, partitions }) => {
        if (!names && isInternal) return [];
        const leaders: number[] = [];
        for (const { partitionIndex, leaderId } of partitions) leaders[partitionIndex] = leaderId;
        return [{ name, id: topicId, leaders }];
      });
      for (const topic of known) this.#topics.set(topic.name, topic);
      return known;
    });
  }

  /** One topic, as it was when it was last asked for. */
  async topic(name: string): Promise<Topic> {
    const known = this.#topics.get(name) ?? (await this.topics([name]))[0];
    if (known) return known;
    throw connectorError('missing', `${addressText(this.address)} has no topic ${name}`, 'Check the spelling.');
  }

  /** The broker that coordinates a group (0) or a transactional id (1). */
  async coordinator(kind: 0 | 1, key: string): Promise<number> {
    const name = `${kind} ${key}`;
    const known = this.#coordinators.get(name);
    if (known !== undefined) return known;
    interface Found {
      readonly coordinators: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
    }
    const { coordinators } = await this.#sendToAny<Found>(this.package.findCoordinatorV4, [kind, [key]]);
    const { nodeId, host, port } = coordinators[0];
    this.#brokers.set(nodeId, { host, port });
    this.#coordinators.set(name, nodeId);
    return nodeId;
  }

  /** A request whose answer is parsed by the caller. */
  async sendParsed<T>(node: number, api: Api, parse: (reader: Reader) => T, ...args: readonly unknown[]): Promise<T> {
    return await this.sendTo<T>(node, { ...api, parseResponse: (_id, _key, _version, reader) => parse(reader) }, ...args);
  }
}
