// What a stream tells of itself: its context, and its lineage as text.
import { calledAt } from '../../ops/describe';
import type { StreamingContext } from '../context';
import { DStream } from '../graph/dstream';

declare module '../graph/dstream' {
  interface DStream<T> {
    /**
     * The streaming context that it belongs to.
     * @example const clockOf = (s) => s.streaming.interval
     */
    readonly streaming: StreamingContext;
    /**
     * The streams that it is made of, a line each, itself first, and in a session the lines of their calls; as `RDD.toDebugString`.
     * @example const graph = (s) => s.toDebugString()
     */
    toDebugString(): string;
  }
}

/** The streams that a stream is made of, itself first, each as `tell` says. */
export function graphOf(of: DStream<unknown>, tell: (stream: DStream<unknown>) => string): string[] {
  const lines: string[] = [];
  const seen = new Set<DStream<unknown>>();
  const walk = (stream: DStream<unknown>, first: string, rest: string) => {
    const again = seen.has(stream) && stream.dependencies.length > 0;
    lines.push(first + tell(stream) + (again ? ' (see above)' : ''));
    if (again) return;
    seen.add(stream);
    const several = stream.dependencies.length > 1;
    for (const parent of stream.dependencies) walk(parent, several ? `${rest}|-` : rest, several ? `${rest}| ` : rest);
  };
  walk(of, '', '');
  return lines;
}

Object.defineProperty(DStream.prototype, 'streaming', {
  get(this: DStream<unknown>) {
    return this.host;
  },
});

DStream.prototype.toDebugString = function (this: DStream<unknown>) {
  return graphOf(this, (stream) => `${stream}${calledAt(stream)}`).join('\n');
};
