// Topics of a broker for tests, made and filled by the client's own producer, which shares no code with ours.
import { Admin, Producer } from '@platformatic/kafka';
import type { KafkaBroker } from './kafka-broker';

/** A record to send; the value null is a tombstone. */
export interface Sent {
  readonly partition?: number;
  readonly key?: string;
  readonly value: string | Buffer | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timestamp?: number;
}

const bytes = (text: string | Buffer | null | undefined) => (typeof text === 'string' ? Buffer.from(text) : text);

const message = (topic: string, { partition = 0, key, value, headers = {}, timestamp }: Sent) => ({
  topic,
  partition,
  key: bytes(key) as Buffer,
  value: bytes(value) as Buffer,
  headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
  ...(timestamp !== undefined && { timestamp: BigInt(timestamp) }),
});

/** A transaction with its producer. */
type OpenTransaction = Awaited<ReturnType<Producer['beginTransaction']>> & { readonly producer: Producer };

let made = 0;

export class Topics {
  readonly #broker: KafkaBroker;
  readonly #admin: Admin;
  readonly #producer: Producer;

  constructor(broker: KafkaBroker) {
    this.#broker = broker;
    this.#admin = new Admin({ clientId: 'tests', bootstrapBrokers: [broker.address] });
    this.#producer = new Producer({ clientId: 'tests', bootstrapBrokers: [broker.address], strict: true, idempotent: true });
  }

  get admin(): Admin {
    return this.#admin;
  }

  /** Makes a topic with a name of its own. */
  async make(
    partitions: number,
    configs: Readonly<Record<string, string>> = {},
    name = `topic-${process.pid}-${made++}`,
  ): Promise<string> {
    const settings = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
    await this.#admin.createTopics({ topics: [name], partitions, replicas: 1, configs: settings });
    return name;
  }

  async send(topic: string, records: readonly Sent[]): Promise<void> {
    await this.#producer.send({ messages: records.map((record) => message(topic, record)), acks: -1 });
  }

  /** A transaction of a producer of its own, which the caller ends. */
  async transaction(topic: string, records: readonly Sent[]): Promise<OpenTransaction> {
    const name = `tests-${process.pid}-${made++}`;
    const options = { clientId: name, bootstrapBrokers: [this.#broker.address], idempotent: true, transactionalId: name };
    const producer = new Producer({ ...options, strict: true });
    const transaction = await producer.beginTransaction();
    await transaction.send({ messages: records.map((record) => message(topic, record)), acks: -1 });
    return Object.assign(transaction, { producer });
  }

  async close(): Promise<void> {
    await this.#producer.close(true);
    await this.#admin.close();
  }
}
