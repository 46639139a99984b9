// `tailStream`: the lines that are appended to files, through their rotation.
import { resolve } from 'node:path';
import { checkOptions, refuseArgument } from '../../base/arguments';
import { checkOnePath } from '../../base/paths';
import { StreamingContext } from '../context';
import type { DStream } from '../graph/dstream';
import { ReceivedInputDStream } from '../sources/receiver-streams';
import { limitsOf, type ReceiverOptions } from './receivers';

/** Limits of a stream that follows files, and where it begins. */
export interface TailOptions extends ReceiverOptions {
  /** Whether the lines count that are in the files at the very first start. Default 'end': they do not. */
  readonly from?: 'start' | 'end';
}

declare module '../context' {
  interface StreamingContext {
    /**
     * The lines that are appended to a file, to several, or to what a pattern matches. A file is followed through rotation: renamed and made
     * anew, copied and cut, deleted and made again. A line counts once its end is written, or its file has ended. With a checkpoint folder a
     * restart goes on at the next line, also in a file that was renamed meanwhile. Throws BAD_ARGUMENT or BAD_OPTION.
     * @example const ssc = new StreamingContext(sc, '1s'); ssc.tailStream('app.log')
     */
    tailStream(path: string | readonly string[], options?: TailOptions): DStream<string>;
  }
}

const operation = 'tailStream';
const mostPaths = 100;

StreamingContext.prototype.tailStream = function (
  this: StreamingContext,
  path: string | readonly string[],
  options: TailOptions = {},
) {
  const given = Array.isArray(path) ? (path as readonly string[]) : [path as string];
  if (given.length === 0 || given.length > mostPaths)
    refuseArgument({
      operation,
      argument: 'the paths',
      value: given,
      rule: `from 1 to ${mostPaths} files or patterns`,
      remedy: "Write tailStream('app.log') or tailStream('logs/*.log').",
    });
  const paths = given.map((one) => resolve(checkOnePath(operation, 'the path', one, 'a file or a pattern', 'app.log')));
  checkOptions(operation, options, "Write tailStream('app.log', { from: 'start' }).");
  const { from = 'end', ...limits } = options;
  if (from !== 'start' && from !== 'end')
    refuseArgument({ operation, argument: 'from', value: from, rule: "'start' or 'end'", remedy: "Write { from: 'start' }." });
  const source = { kind: 'tail', paths, from } as const;
  return new ReceivedInputDStream<string>(this, operation, () => source, 'text', limitsOf(this, operation, limits));
};
