// The engine's public names.
import './ops/transform';
import './ops/pairs';
import './ops/actions';
import './ops/numeric';
import './ops/sort-by-key';
import './ops/approximate';
import './ops/async';
import './ops/describe';
import './ops/distinct-count';
import './ops/explain';
import './ops/pipe';
import './ops/preview';
import './ops/sampling';
import './ops/save';
import './ops/joins';
import './ops/tree-reduce';
import './ops/zips';
import './ops/checkpoint';
import './ops/job-control';
import './ops/shared';
import './ops/sources';
import './ops/tables/readers';
import './ops/tables/writers';
import './ops/sharing/publish';
import './ops/connect/sources';
import './ops/connect/save-to';
import './ops/barrier';
import './sql/sql';
import './tables/aggregate';
import './tables/columns';
import './tables/describe';
import './tables/join';
import './tables/order';
import './streaming/ops/batchwise';
import './streaming/ops/connectors';
import './streaming/ops/describe';
import './streaming/ops/outputs';
import './streaming/ops/past';
import './streaming/ops/publish';
import './streaming/ops/published-stream';
import './streaming/ops/receivers';
import './streaming/ops/save';
import './streaming/ops/several';
import './streaming/ops/session-windows';
import './streaming/ops/slack';
import './streaming/ops/sources';
import './streaming/ops/state';
import './streaming/ops/stream-joins';
import './streaming/ops/tail-streams';
import './streaming/ops/webhooks';
import './streaming/ops/windows';
import './streaming/ops/watch';

export type { Config, PoolOptions, SchedulingMode } from './base/config';
export { type ConnectorFailure, connectorError } from './base/declared/connector-failure';
export type { Duration, Time } from './base/duration';
export { type ErrorCode, MillraceError } from './base/errors';
export type { CallSite } from './base/flow';
export type { UserPath } from './base/paths';
export type { Place } from './base/place';
export { StatCounter } from './base/stat-counter';
export type { Clock } from './base/time';
export type { CaptureWarning } from './closure';
export type { DirectRange, DirectSource } from './connect/direct-source';
export type { Sink, SinkJob, SinkTask } from './connect/sink';
export type { RowBatches, Source, SourcePartition } from './connect/source';
export { Context } from './context/context';
export type { ContextOptions } from './context/options';
export { SparkFiles } from './exec/spark-files';
export type { State } from './exec/state/state-of-key';
export { BarrierTaskContext, type TaskCompletionListener, TaskContext, type TaskFailureListener } from './exec/task-context';
export type { CsvOptions, TableOptions, TextTableOptions, TypeName } from './formats/options';
export { HashPartitioner, type Partitioner, RangePartitioner } from './keys/partitioner';
export type { BoundedDouble, PartialResult } from './ops/approximate';
export type { AsyncAction } from './ops/async';
export type { BadRecordOptions, DeadLetter, OnError } from './ops/bad-records';
export type { RDDBarrier } from './ops/barrier';
export type { Histogram } from './ops/numeric';
export type { Partitioning } from './ops/pairs';
export type { PipeOptions } from './ops/pipe';
export type { Preview } from './ops/preview';
export type { SaveOptions } from './ops/save';
export type { PublishOptions } from './ops/sharing/publish';
export type { Row } from './ops/tables/readers';
export type { CsvSaveOptions, JsonSaveOptions, TableSaveOptions } from './ops/tables/writers';
export type { CallOptions, ConcurrencyOptions, Elements } from './plan/concurrency';
export type { Asked, Comparison, Condition, Constant } from './plan/condition';
export type { TaskMetrics } from './plan/end';
export type { JobPromise } from './plan/job-promise';
export type { PublishedDataset, PublishedWindow } from './plan/sharing/shared-datasets';
export { type LevelFlags, StorageLevel } from './plan/storage-level';
export type { OnBadRow } from './plan/table-spec';
export type { DatasetInfo, StageGraph } from './planner/job-graph';
export type { CustomPartitioner } from './rdd/custom-partitioner';
export { CustomRDD, type PartitionInput } from './rdd/custom-rdd';
export type { Accumulated, Datum, ListOf, Merge, Merged, OnlyAny, Widen } from './rdd/element-types';
export type { NotKnown } from './rdd/first-part';
export type { Dependency, NarrowDependency, ShuffleDependency } from './rdd/rdd';
export { type PersistOptions, RDD } from './rdd/rdd';
export type { StoredSize } from './scheduler/block-tracker';
export type { ExecutorStatus } from './scheduler/executor-table';
export type { JobFailureInfo } from './scheduler/job-error';
export type { JobProgress, JobRecord } from './scheduler/job-record';
export type {
  BlockUpdated,
  ExecutorAdded,
  ExecutorRemoved,
  JobEnd,
  JobStart,
  Listener,
  ListenerEvents,
  StageCompleted,
  StageSubmitted,
  TaskEnded,
  TaskStart,
  Unpersisted,
} from './scheduler/listener-bus';
export type { Column, ColumnType, PlainKind, Schema, TimeUnit, Values } from './schema/schema';
export { Accumulator } from './shared/accumulator';
export { Broadcast } from './shared/broadcast';
export type { AccumulatorV2 } from './shared/custom-accumulator';
export type { SqlOptions, SqlTag, SqlValue } from './sql/sql';
export type { JobInfo, StageInfo, StatusTracker } from './status/status-tracker';
export type { BackpressureOptions } from './streaming/batches/backpressure';
export { StreamingContext } from './streaming/context';
export type { PaneFailure, PaneUpdate, PrintedBatch, StreamDisplay, WatchOptions } from './streaming/graph/display';
export { DStream } from './streaming/graph/dstream';
export type { FailureOptions } from './streaming/graph/failure-policy';
export type { BatchInfo, InputInfo, OutputInfo, ReceiverInfo, StreamingListener } from './streaming/graph/listener';
export { OutputHandle } from './streaming/graph/output';
export { type ReducedSession, type Session, SessionDStream, type SessionSpan } from './streaming/graph/session-windows';
export { CorrectedDStream, type CorrectionOptions, SlackedDStream } from './streaming/graph/slacked';
export type { ForeachOptions } from './streaming/ops/outputs';
export type { Moment } from './streaming/ops/past';
export type { PublishStreamOptions } from './streaming/ops/publish';
export { PublishedStream } from './streaming/ops/published-stream';
export type { Listen, ReceiverOptions } from './streaming/ops/receivers';
export type { StreamSaveOptions } from './streaming/ops/save';
export type { ReducedSessionOptions, SessionOptions } from './streaming/ops/session-windows';
export type { FileStreamOptions } from './streaming/ops/sources';
export {
  MapWithStateDStream,
  type MapWithStateOptions,
  type StateFunction,
  StateSpec,
  type TrackOptions,
} from './streaming/ops/state';
export type { TailOptions } from './streaming/ops/tail-streams';
export type { WebhookListen } from './streaming/ops/webhooks';
export type { KeyWindowOptions, WindowOptions } from './streaming/ops/windows';
export type { StopOptions, StreamingOptions, StreamingState } from './streaming/options';
export { Receiver } from './streaming/receivers/receiver-class';
export type { ReplayOptions } from './streaming/sources/replay';
export { type CheckOptions, StreamCheck } from './streaming/testing/check';
export { ManualClock } from './streaming/testing/manual-clock';
export {
  Aggregate,
  type Aggregated,
  type Aggregates,
  count,
  countDistinct,
  type KeyColumns,
  list,
  max,
  mean,
  min,
  quantile,
  sum,
} from './tables/aggregate';
export type { Filled, Flat, Renamed } from './tables/columns';
export type { ColumnSummary } from './tables/describe';
export type { Joined, LeftJoined } from './tables/join';
export { Descending, desc, type OrderKey } from './tables/order';
