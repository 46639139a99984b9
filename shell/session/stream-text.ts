// Describes streams: the head and graph of a printed stream, and the report of `.streams`.
import type { DStream, StreamingContext } from '../../runtime';
import { durationText, timeText } from '../../runtime/base/duration';
import { bytesText, msText } from '../../runtime/base/units';
import { InputDStream } from '../../runtime/streaming/graph/input';
import { LenientDStream } from '../../runtime/streaming/graph/lenient';
import { graphOf } from '../../runtime/streaming/ops/describe';
import type { StreamMonitor } from '../../runtime/streaming/status/stream-monitor';
import { rateText } from '../print/pane-model';
import type { Described } from '../print/print-value';
import { counted, cut, escapeControls, grouped, pad, widthOf } from '../print/safe-text';

/** An output that has worked on one batch for this long shows it. */
const slowMs = 1_000;

const stateText = ({ state }: StreamingContext): string => (state === 'initialized' ? 'not started' : state);

/** A stream: its name and slide, then its graph, one line per stream. */
export function describeStream(stream: DStream<unknown>): Described {
  const lines = graphOf(stream, String);
  return {
    facts: [escapeControls(stream.name), `every ${durationText(stream.slide)}`],
    state: stateText(stream.streaming),
    lines: lines.map((line) => ` ${escapeControls(line)}`),
  };
}

/** A streaming context: its sources and outputs. */
export function describeStreaming(monitor: StreamMonitor): Described {
  const { streaming } = monitor;
  return {
    facts: [`every ${durationText(streaming.interval)}`, counted(monitor.batches, 'batch').replace(/s$/, 'es')],
    state: stateText(streaming),
    lines: detailLines(monitor),
  };
}

/** `.streams`: the state of each context, its sources and its outputs. */
export function streamsText(
  monitors: readonly StreamMonitor[],
  columns: number,
  watched: readonly { readonly name: string }[] = [],
): string {
  if (monitors.length + watched.length === 0) return "no streams yet; stream('1s') makes a streaming context";
  const panes = watched.length === 0 ? [] : ['published streams', ...watched.map(({ name }) => `  ${escapeControls(name)}`)];
  const lines = [...monitors.flatMap((monitor) => [headText(monitor), ...detailLines(monitor)]), ...panes];
  return lines.map((line) => cut(line, columns)).join('\n');
}

function headText({ streaming, batches, last }: StreamMonitor): string {
  const parts = [`every ${durationText(streaming.interval)}`, stateText(streaming), `${batches} batches done`];
  if (streaming.waiting > 0) parts.push(`${streaming.waiting} wait`);
  if (last) {
    const { processingTime = 0, schedulingDelay = 0 } = last;
    parts.push(`last ${timeText(last.time)}: took ${msText(processingTime)}, delay ${msText(schedulingDelay)}`);
  }
  return parts.join(' · ');
}

function detailLines(monitor: StreamMonitor): string[] {
  const { streaming } = monitor;
  const sources = streaming.streams.filter((stream) => stream instanceof InputDStream);
  return [
    ...section(
      'sources',
      sources.map((stream) => sourceCells(stream, monitor)),
    ),
    ...section(
      'outputs',
      streaming.outputs.map(({ name }) => [name, outputText(monitor, name)]),
    ),
    ...leftOutLines(streaming),
  ];
}

/** The operators that left elements out. */
function leftOutLines({ streams }: StreamingContext): string[] {
  const rows = streams.flatMap((stream) => {
    if (!(stream instanceof LenientDStream) || stream.leftOut.count === 0) return [];
    const { count, first = '' } = stream.leftOut;
    return [[stream.name, counted(count, 'element'), first]];
  });
  return rows.length === 0 ? [] : section('left out', rows);
}

function sourceCells(stream: DStream<unknown>, monitor: StreamMonitor): string[] {
  const { records, bytes, lastRecords, behind, noted, note, receiver } = monitor.source(stream.name);
  const waits = behind === undefined ? undefined : `${grouped(String(behind))} behind`;
  const notes = [waits, receiver, note && `${note} (in ${noted} ${noted === 1 ? 'batch' : 'batches'})`].filter(Boolean);
  const rate = lastRecords === undefined ? '' : rateText(lastRecords, monitor.streaming.interval);
  // Lines of files are counted only when they are read.
  const read = lastRecords === undefined && bytes > 0 ? bytesText(bytes) : `${grouped(String(records))} records`;
  return [stream.name, stream.operation, read, rate, notes.join(' · ')];
}

function outputText(monitor: StreamMonitor, name: string): string {
  const { batches, failures, lastFailure, lastMs, runningSince, again } = monitor.output(name);
  if (again) {
    const tries = `${again.attempts} ${again.attempts === 1 ? 'time' : 'times'}`;
    return `failed ${tries} at the batch of ${timeText(again.time)} and tries it again, later ones wait: ${lastFailure}`;
  }
  const runningMs = runningSince === undefined ? 0 : monitor.streaming.clock.now() - runningSince;
  const running = runningMs < slowMs ? '' : `at work for ${msText(runningMs)}`;
  if (batches === 0 && running) return running;
  if (batches === 0) return monitor.streaming.state === 'active' ? 'starts with the next batch' : 'waits for start()';
  const took = running ? ` · ${running}` : lastMs === undefined ? '' : ` · ${msText(lastMs)}`;
  return failures === 0 ? `ok${took}` : `failed in ${failures} of ${batches} batches: ${lastFailure}`;
}

/** A title, and lines of cells in columns. */
function section(title: string, rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [` ${title}: none`];
  const shown = rows.map((row) => row.map(escapeControls));
  const widths = shown[0].map((_, column) => Math.max(...shown.map((row) => widthOf(row[column]))));
  const lines = shown.map((row) => `  ${row.map((cell, column) => pad(cell, widths[column])).join('  ')}`.trimEnd());
  return [` ${title}`, ...lines];
}
