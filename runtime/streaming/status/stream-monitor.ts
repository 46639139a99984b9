// The record of one streaming context for `.streams` and the pages: made from its events, bounded by the number of sources and outputs.
import type { Time } from '../../base/duration';
import type { StreamingContext } from '../context';
import type { BatchInfo, OutputInfo, ReceiverInfo, StreamingListener } from '../graph/listener';

export interface SourceState {
  records: number;
  bytes: number;
  /** Of the last batch; undefined if the source does not know. */
  lastRecords: number | undefined;
  /** How many elements wait for later batches; undefined if the source does not know. */
  behind: number | undefined;
  /** Batches that left something out, and the note of the last one. */
  noted: number;
  note: string | undefined;
  /** The last message of its receiver. */
  receiver: string | undefined;
}

export interface OutputState {
  batches: number;
  failures: number;
  lastFailure: string | undefined;
  lastMs: number | undefined;
  /** Set while it works on a batch. */
  runningSince: number | undefined;
  /** Set while it waits to try a batch again. */
  again: { readonly time: Time; readonly attempts: number } | undefined;
}

const freshSource = (): SourceState => ({
  records: 0,
  bytes: 0,
  lastRecords: undefined,
  behind: undefined,
  noted: 0,
  note: undefined,
  receiver: undefined,
});
const freshOutput = (): OutputState => ({
  batches: 0,
  failures: 0,
  lastFailure: undefined,
  lastMs: undefined,
  runningSince: undefined,
  again: undefined,
});

export class StreamMonitor implements StreamingListener {
  readonly streaming: StreamingContext;
  readonly #sources = new Map<string, SourceState>();
  readonly #outputs = new Map<string, OutputState>();
  batches = 0;
  last: BatchInfo | undefined;

  constructor(streaming: StreamingContext) {
    this.streaming = streaming;
    streaming.addStreamingListener(this);
  }

  source(name: string): SourceState {
    return entryOf(this.#sources, name, freshSource);
  }

  output(name: string): OutputState {
    return entryOf(this.#outputs, name, freshOutput);
  }

  onBatchCompleted(batch: BatchInfo): void {
    this.batches++;
    this.last = batch;
    for (const { stream, records, bytes, behind, notes } of batch.inputs) {
      const state = this.source(stream);
      state.records += records ?? 0;
      state.bytes += bytes ?? 0;
      state.lastRecords = records;
      state.behind = behind;
      if (notes.length === 0) continue;
      state.noted++;
      state.note = notes.join(', ');
    }
  }

  onOutputOperationStarted(_batch: BatchInfo, { name, startedAt }: OutputInfo): void {
    this.output(name).runningSince = startedAt;
  }

  onOutputOperationRetried({ time }: BatchInfo, { name, attempts, failure }: OutputInfo): void {
    const state = this.output(name);
    state.runningSince = undefined;
    state.again = { time, attempts };
    if (attempts === 1) state.batches++;
    if (attempts === 1 && failure) noteFailure(state, failure);
  }

  onOutputOperationCompleted(_batch: BatchInfo, { name, startedAt, endedAt, failure, attempts }: OutputInfo): void {
    const state = this.output(name);
    state.runningSince = undefined;
    state.again = undefined;
    if (startedAt !== undefined && endedAt !== undefined) state.lastMs = endedAt - startedAt;
    // One that was tried again is counted since its first try.
    if (attempts > 1 && !failure) state.failures--;
    if (attempts > 1) return;
    state.batches++;
    if (failure) noteFailure(state, failure);
  }

  onReceiverStarted(receiver: ReceiverInfo): void {
    this.source(receiver.stream).receiver = receiver.message;
  }

  onReceiverError(receiver: ReceiverInfo): void {
    this.source(receiver.stream).receiver = receiver.message;
  }

  onReceiverStopped(receiver: ReceiverInfo): void {
    this.source(receiver.stream).receiver = receiver.message;
  }
}

function noteFailure(state: OutputState, { message }: Error): void {
  state.failures++;
  state.lastFailure = message;
}

function entryOf<T>(map: Map<string, T>, name: string, make: () => T): T {
  const entry = map.get(name) ?? make();
  map.set(name, entry);
  return entry;
}
