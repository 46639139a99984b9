// The engine's public names.
import './ops/transform';
import './ops/pairs';
import './ops/actions';
import './ops/numeric';
import './ops/sorted';
import './ops/describe';

export type { Config } from './config';
export { Context, type ContextOptions } from './context';
export { type ErrorCode, MillraceError } from './errors';
export { Accumulator } from './exec/accumulator';
export { Broadcast } from './exec/broadcast';
export { StatCounter } from './exec/stat-counter';
export type { Preview } from './ops/actions';
export type { Partitioning } from './ops/pairs';
export { HashPartitioner, type Partitioner, RangePartitioner } from './rdd/partitioner';
export { type Datum, RDD, StorageLevel } from './rdd/rdd';
export type { JobProgress, JobRecord } from './scheduler/job-record';
