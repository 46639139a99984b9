// The public names of cluster/: a context on a master, and the backends behind it.

export type { OutputListener, OutputStream } from './base/output-lines';
export { type ConnectOptions, connect, resourcesText } from './connect';
export type { CassandraJoinOptions, CassandraSaveOptions, CassandraTableOptions } from './connectors/cassandra/operators';
export type { CassandraOptions } from './connectors/cassandra/options';
export type { KafkaCompression } from './connectors/kafka/compression';
export type {
  KafkaConnectionOptions,
  KafkaDecoded,
  KafkaDecodeOptions,
  KafkaKey,
  KafkaLoginOptions,
  KafkaRange,
  KafkaReadOptions,
  KafkaStart,
  KafkaStreamOptions,
  KafkaTlsOptions,
  KafkaValue,
  KafkaWriteOptions,
} from './connectors/kafka/options';
export type { KafkaOffsets } from './connectors/kafka/positions';
export type { Decoder, KafkaRecord } from './connectors/kafka/rows';
export type { Password } from './connectors/password';
export type { SqlSaveOptions, SqlTableOptions } from './connectors/sql/operators';
export { type BackendOptions, type StartedBackend, startBackend } from './driver/start-backend';
export type { SparkConnectOptions } from './spark/spark-backend';
