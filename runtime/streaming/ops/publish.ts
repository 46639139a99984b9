// Publishes a stream: its last batches, each written once where all sessions of the server read it.
import { checkOptions, refuseArgument } from '../../base/arguments';
import { siteOfCall } from '../../base/call';
import { checkMultiple, type Duration, milliseconds } from '../../base/duration';
import { MillraceError } from '../../base/errors';
import { checkPublishedName, checkPublishedText, type PublishOptions } from '../../ops/sharing/publish';
import type { SharedDatasets } from '../../plan/sharing/shared-datasets';
import { markForCheckpoint, writeCheckpoints } from '../../rdd/checkpoint';
import { SteppedRDD } from '../../rdd/narrow-step';
import type { RDD } from '../../rdd/rdd';
import { notify } from '../graph/display';
import { DStream } from '../graph/dstream';
import type { OutputHandle, RunningBatch } from '../graph/output';
import { startShown } from './watch';

/** How a stream is published. */
export interface PublishStreamOptions extends PublishOptions {
  /** How far it reaches back: a multiple of its interval. Default: the last batch. */
  readonly last?: Duration;
}

declare module '../graph/dstream' {
  interface DStream<T> {
    /**
     * Names this stream, so that all sessions of the server read its last batches by `sc.stream(name)`. When it ends, or its session does,
     * they stay as they were; published again by that name, it goes on. It starts the streams of the shell's `stream()` if they have
     * not started. `type` is the type of its elements as text; the prompt and scripts write it by themselves. Throws NOT_SHARED,
     * NAME_IN_USE, NOT_A_MULTIPLE and BAD_ARGUMENT.
     * @example const share = (counts) => counts.publish('top pages', { last: '10m' })
     */
    publish(name: string, options?: PublishStreamOptions, type?: string): OutputHandle;
  }
}

const operation = 'publish';
const mostBatches = 10_000;

DStream.prototype.publish = function <T>(this: DStream<T>, name: string, options: PublishStreamOptions = {}, type = '') {
  const { streaming } = this;
  const { shared } = streaming.sc.engine;
  if (!shared) throw new MillraceError('NOT_SHARED', { operation });
  checkPublishedName(operation, name);
  checkOptions(operation, options, "Write publish('pages', { last: '10m' }).");
  const { description = '', replace = false } = options;
  const last = milliseconds(operation, 'last', options.last ?? this.slide);
  checkMultiple(operation, 'last', last, this.slide);
  if (last / this.slide > mostBatches)
    refuseArgument({
      operation,
      argument: 'last',
      value: options.last,
      rule: `at most ${mostBatches} batches`,
      remedy: 'Publish a window of the stream, which has a longer slide.',
    });
  checkFree(shared, name, replace);
  const window = new OwnWindow(shared, {
    name,
    type: checkPublishedText('the type', type),
    description: checkPublishedText('the description', description),
    slide: this.slide,
    last,
    replace,
  });
  return startShown(streaming, {
    name: `${operation} of ${name}`,
    stream: this as DStream<unknown>,
    callSite: siteOfCall(),
    run: (rdd, batch) => window.add(rdd, batch),
    ended: () => window.end((error) => notify(streaming.display, `${operation} of ${name} did not end`, error)),
  });
};

/** What can be known before the first batch. Throws NAME_IN_USE. */
function checkFree({ streams, list, session }: SharedDatasets, name: string, replace: boolean): void {
  const dataset = list().find((one) => one.name === name);
  const stream = streams.list().find((one) => one.name === name && !one.hasEnded);
  const other = dataset ?? stream;
  if (other && !(replace && stream?.session === session)) throw new MillraceError('NAME_IN_USE', { name, owner: other.owner });
}

/** The publisher's side of a window. */
class OwnWindow {
  readonly #shared: SharedDatasets;
  readonly #what: Parameters<SharedDatasets['streams']['begin']>[0];
  #id: number | undefined;
  #hasEnded = false;

  constructor(shared: SharedDatasets, what: Parameters<SharedDatasets['streams']['begin']>[0]) {
    this.#shared = shared;
    this.#what = what;
  }

  /** Writes a batch to files that outlive executors and this session, and tells of it once it is whole. */
  async add(rdd: RDD<unknown>, { time }: RunningBatch): Promise<void> {
    const { streams } = this.#shared;
    this.#id ??= await streams.begin(this.#what);
    const rows = new SteppedRDD(rdd, { operation, keepsPartitioner: true, plan: (input) => input });
    markForCheckpoint(rdd.context, rows, undefined);
    await writeCheckpoints(rows);
    await rdd.context.makeKnown(rows);
    if (!this.#hasEnded) await streams.add(this.#id, time, rows.id);
  }

  end(failed: (error: unknown) => void): void {
    this.#hasEnded = true;
    if (this.#id !== undefined) this.#shared.streams.end(this.#id).catch(failed);
  }
}
