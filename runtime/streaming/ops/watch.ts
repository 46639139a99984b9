// The live pane of a stream: the first rows of each batch and their count, by one job a batch.

import { checkOptions, checkWhole, refuseArgument } from '../../base/arguments';
import { siteOfCall } from '../../base/call';
import type { Time } from '../../base/duration';
import { greatest } from '../../exec/library/streams';
import { lib, ShippedFunction } from '../../rdd/function-argument';
import { SteppedRDD } from '../../rdd/narrow-step';
import type { RDD } from '../../rdd/rdd';
import type { WatchOptions } from '../graph/display';
import { DStream } from '../graph/dstream';
import type { Output, OutputHandle, RunningBatch } from '../graph/output';
import { sessionOutputs } from '../graph/session-display';
import { lineageOf } from '../graph/stream-lineage';

declare module '../graph/dstream' {
  interface DStream<T> {
    /**
     * Shows each batch in a live pane above the prompt: its first rows, with bars for their numbers, how many there are, and how the stream
     * keeps up. Pairs with numbers come by their value, greatest first; `by` ranks other rows. It starts the streams of the
     * shell's `stream()` if they have not started; without a terminal it prints plain lines.
     * @example const look = (counts) => counts.watch({ rows: 10 })
     */
    watch(options?: WatchOptions<T>): OutputHandle;
  }
}

const defaultRows = 10;
const mostRows = 1000;

let panes = 0;

/** What one partition has for the pane; made by `paneRows` of the library. */
interface PaneRows {
  readonly total: number;
  readonly first: readonly unknown[];
  readonly ranked: readonly [number, unknown][] | undefined;
}

const operation = 'watch';

function rowsOf(options: WatchOptions<never>): number {
  const remedy = 'Write watch({ rows: 10, by: row => row.count }).';
  checkOptions(operation, options, remedy);
  const { rows = defaultRows, by, title } = options;
  if (by !== undefined && typeof by !== 'function')
    refuseArgument({ operation, argument: 'by', value: by, rule: 'a function of a row that answers a number', remedy });
  if (title !== undefined && typeof title !== 'string')
    refuseArgument({ operation, argument: 'the title', value: title, rule: 'a text', remedy });
  return checkWhole(rows, 1, mostRows, { operation, argument: 'the number of rows', remedy });
}

/** The rows that come first in all partitions together. */
function merged(parts: readonly PaneRows[], rows: number): { total: number; first: readonly unknown[] } {
  const total = parts.reduce((sum, part) => sum + part.total, 0);
  const ranked = parts.every((part) => part.ranked) ? parts.flatMap((part) => part.ranked as [number, unknown][]) : undefined;
  const first = ranked ? greatest(ranked, rows).map(([, row]) => row) : parts.flatMap((part) => part.first).slice(0, rows);
  return { total, first };
}

/** The number of a new pane of this process. */
export const nextPane = (): number => ++panes;

/** What gives the rows of a pane for a dataset, by one job. Throws BAD_ARGUMENT. */
export function paneOf(
  sc: DStream<unknown>['streaming']['sc'],
  options: WatchOptions<never>,
): (rdd: RDD<unknown>) => Promise<{ total: number; first: readonly unknown[] }> {
  const rows = rowsOf(options);
  const shipped = options.by && ShippedFunction.of(sc, options.by, operation);
  const f = lib('paneRows', rows, ...(shipped ? [shipped] : []));
  return async (rdd) => {
    const perPartition = new SteppedRDD<PaneRows>(rdd, {
      operation,
      plan: (input, b) => ({ op: 'mapPartitions', name: operation, f: b.function(f), input }),
    });
    return merged(await perPartition.collectPartitions(operation), rows);
  };
}

/** Adds an output that shows its stream, and starts the streams of a shell: who asks to see something wants to see it. */
export function startShown(streaming: DStream<unknown>['streaming'], output: Output): OutputHandle {
  const handle = streaming.addOutput(output);
  if (streaming.state === 'initialized' && sessionOutputs.get(streaming.sc)?.startsOnWatch(streaming)) {
    try {
      streaming.start();
    } catch (error) {
      handle.stop();
      throw error;
    }
  }
  return handle;
}

DStream.prototype.watch = function <T>(this: DStream<T>, options: WatchOptions<T> = {}) {
  const { streaming } = this;
  const rowsIn = paneOf(streaming.sc, options as WatchOptions<never>);
  const id = nextPane();

  let failing: { since: Time; batches: number } | undefined;
  let isClosed = false;

  const run = async (rdd: RDD<unknown>, batch: RunningBatch) => {
    const { total, first } = await rowsIn(rdd);
    // A batch that was at work when the pane was stopped: its last state is printed already.
    if (isClosed) return;
    const info = batch.info();
    const sources = new Set(lineageOf([this as DStream<unknown>]).map((stream) => stream.name));
    const known = info.inputs.flatMap((input) => (sources.has(input.stream) ? (input.records ?? []) : []));
    const now = streaming.clock.now();
    const { fullFrom } = this;
    failing = undefined;
    streaming.display.pane(id, {
      fullFrom: fullFrom > batch.time ? fullFrom : undefined,
      stream: this.name,
      time: batch.time,
      rows: first,
      more: total > first.length,
      total,
      batch: info,
      waiting: batch.waiting,
      records: known.length === 0 ? undefined : known.reduce((a, b) => a + b, 0),
      interval: streaming.interval,
      tookMs: now - (info.startedAt ?? now),
      delayMs: Math.max(0, now - batch.time),
      options: options as WatchOptions<never>,
    });
  };
  const output = {
    name: `${operation} of ${options.title ?? this.name}`,
    stream: this as DStream<unknown>,
    run,
    callSite: siteOfCall(),
    failed: (time: Time, error: Error) => {
      failing = { since: failing?.since ?? time, batches: (failing?.batches ?? 0) + 1 };
      const pane = { stream: this.name, options: options as WatchOptions<never>, ...failing, error };
      streaming.display.paneFailed?.(id, pane);
    },
    ended: () => {
      isClosed = true;
      streaming.display.paneClosed(id);
    },
  };
  return startShown(streaming, output);
};
