// What a connection to Kafka needs, as plain data: brokers, TLS, and who connects.

/** Who connects, by SASL. */
export interface KafkaLogin {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

/** Certificates as PEM. */
export interface KafkaTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  readonly servername?: string;
}

/** What may be shown of a connection. */
export interface KafkaAddress {
  readonly brokers: readonly string[];
  /** How long to wait for brokers that do not answer. */
  readonly timeoutMs: number;
  /** Where the session found the client's package; executors that have no such path look for it by name. */
  readonly client?: string;
}

/** What may not: it reaches executors as a broadcast, and is in no plan, name, page or checkpoint. */
export interface KafkaSecret {
  readonly tls?: KafkaTls;
  readonly login?: KafkaLogin;
}

/** The text of an address for messages. */
export const addressText = ({ brokers }: Pick<KafkaAddress, 'brokers'>): string => `Kafka at ${brokers.join(', ')}`;
