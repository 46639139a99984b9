// What is said of a stream: its lineage as text.
import { DStream } from '../dstream';

declare module '../dstream' {
  interface DStream<T> {
    /**
     * The streams that it is made of, a line each, itself first; as `RDD.toDebugString`.
     * @example const graph = (s) => s.toDebugString()
     */
    toDebugString(): string;
  }
}

DStream.prototype.toDebugString = function (this: DStream<unknown>) {
  const lines: string[] = [];
  const seen = new Set<DStream<unknown>>();
  const walk = (stream: DStream<unknown>, first: string, rest: string) => {
    const again = seen.has(stream) && stream.dependencies.length > 0;
    lines.push(first + stream + (again ? ' (see above)' : ''));
    if (again) return;
    seen.add(stream);
    const several = stream.dependencies.length > 1;
    for (const parent of stream.dependencies) walk(parent, several ? `${rest}|-` : rest, several ? `${rest}| ` : rest);
  };
  walk(this, '', '');
  return lines.join('\n');
};
