// Turns streaming contexts into what the pages show: the last batches, sources and outputs.
import { cutText } from '../../../runtime/base/cut-text';
import { InputDStream } from '../../../runtime/streaming/graph/input';
import type { BatchInfo } from '../../../runtime/streaming/graph/listener';
import type { StreamMonitor } from '../../../runtime/streaming/status/stream-monitor';
import type { BatchPoint, PageData, StreamView } from '../page/messages';
import type { PageSource } from './source';

export function streamsPage(source: PageSource): PageData {
  return { page: 'streams', contexts: source.streams().map(streamView) };
}

export function streamView(monitor: StreamMonitor): StreamView {
  const { streaming, batches } = monitor;
  const { state, interval, waiting } = streaming;
  const behind = state === 'active' ? streaming.behind : 0;
  const points = streaming.batches().map(pointOf);
  return { state, interval, batches, waiting, behind, points, sources: sourcesOf(monitor), outputs: outputsOf(monitor) };
}

function pointOf({ time, records, processingTime, schedulingDelay, outputs }: BatchInfo): BatchPoint {
  const failed = outputs.filter(({ failure }) => failure !== undefined).length;
  return { time, records, processing: processingTime ?? 0, delay: schedulingDelay ?? 0, failed };
}

function sourcesOf(monitor: StreamMonitor): StreamView['sources'] {
  const { streaming } = monitor;
  return streaming.streams.flatMap((stream) => {
    if (!(stream instanceof InputDStream)) return [];
    const { records, lastRecords, behind, noted, note, receiver } = monitor.source(stream.name);
    const rate = lastRecords === undefined ? undefined : (lastRecords * 1000) / streaming.interval;
    const notes = note === undefined ? undefined : `${note} (in ${noted} ${noted === 1 ? 'batch' : 'batches'})`;
    const texts = { notes: notes && cutText(notes), receiver: receiver && cutText(receiver) };
    return [{ name: cutText(stream.name), operation: stream.operation, records, rate, behind, ...texts }];
  });
}

function outputsOf(monitor: StreamMonitor): StreamView['outputs'] {
  return monitor.streaming.outputs.map(({ name, callSite: site }) => {
    const { lastFailure, runningSince: _, again: __, ...counts } = monitor.output(name);
    return { name: cutText(name), site, ...counts, lastFailure: lastFailure && cutText(lastFailure) };
  });
}
