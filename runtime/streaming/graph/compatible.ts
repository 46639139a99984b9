// Checks that streams can be combined: they belong to one context and have one slide.

import { refuseArgument } from '../../base/arguments';
import { durationText } from '../../base/duration';
import { MillraceError } from '../../base/errors';
import type { DStream } from './dstream';
import type { StreamHost } from './host';

/** Throws unless all are streams of `host` with the same slide. */
export function checkCompatible(operation: string, streams: readonly DStream<unknown>[], host: StreamHost): void {
  const [first] = streams;
  if (!first)
    refuseArgument({
      operation,
      argument: 'the streams',
      value: 'none',
      rule: 'one stream or more',
      remedy: `Write ${operation}(a, b).`,
    });
  for (const stream of streams) {
    if (stream?.host !== host)
      refuseArgument({
        operation,
        argument: 'the other stream',
        value: stream,
        rule: 'a DStream of the same context',
        remedy: 'Make both with the same streaming context.',
      });
    if (stream.slide !== first.slide)
      throw new MillraceError('UNEQUAL_SLIDES', {
        operation,
        left: `${first.name} (${durationText(first.slide)})`,
        right: `${stream.name} (${durationText(stream.slide)})`,
      });
  }
}
