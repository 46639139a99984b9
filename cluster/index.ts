// The public names of cluster/: a context on a master, and the backends behind it.

export type { OutputListener, OutputStream } from './base/output-lines';
export { type ConnectOptions, connect, resourcesText } from './connect';
export { type BackendOptions, type StartedBackend, startBackend } from './driver/start-backend';
export type { SparkConnectOptions } from './spark/spark-backend';
