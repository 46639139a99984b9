// A stream on a folder, batch by batch under a clock that stands still: what each batch reads, and what it notes.
import { mkdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { type Context, type DStream, ManualClock, StreamingContext } from '../../runtime/index';
import type { InputDStream } from '../../runtime/streaming/graph/input';
import { quietDisplay } from './streams';

let folders = 0;

/** The name of a folder or file below `root` that no other one has. */
export const fresh = (root: string, kind = 'folder'): string => join(root, `${kind}-${folders++}`);

/** Each `next` is one second. */
export class Watched<T> {
  readonly folder: string;
  readonly notices: string[] = [];
  readonly streaming: StreamingContext;
  readonly clock = new ManualClock(0);
  readonly #root: string;
  #last: T[] = [];

  constructor(
    sc: Context,
    root: string,
    make: (s: StreamingContext, folder: string) => DStream<T>,
    before: (folder: string) => void = () => {},
  ) {
    this.#root = root;
    this.folder = fresh(root);
    mkdirSync(this.folder);
    before(this.folder);
    this.streaming = new StreamingContext(sc, '1s', {
      clock: this.clock,
      display: quietDisplay((text) => this.notices.push(text)),
    });
    make(this.streaming, this.folder).foreachRDD(async (rdd) => {
      this.#last = await rdd.collect();
    });
    this.streaming.start();
  }

  async next(): Promise<T[]> {
    this.#last = [];
    this.clock.advance('1s');
    await this.streaming.idle();
    return this.#last;
  }

  /** The rows of so many batches. */
  async several(batches: number): Promise<T[]> {
    const rows: T[] = [];
    for (let i = 0; i < batches; i++) rows.push(...(await this.next()));
    return rows;
  }

  get notes(): readonly string[] {
    return this.streaming.batches().at(-1)!.inputs[0].notes;
  }

  /** The source, which the checkpoint asks for its position. */
  get input(): InputDStream<T> {
    return this.streaming.streams[0] as unknown as InputDStream<T>;
  }

  /** Writes elsewhere and moves it in, which is what whole files do. */
  async moveIn(name: string, content: string | Buffer): Promise<void> {
    const beside = fresh(this.#root, 'beside');
    writeFileSync(beside, content);
    utimesSync(beside, new Date(1e9), new Date(1e9));
    renameSync(beside, join(this.folder, name));
  }
}

/** Streams of lines and of whole files follow a folder from before it is there: a save makes it, and another one replaces it. */
export async function checkSaves(sc: Context, folder: string): Promise<void> {
  const lines: string[] = [];
  const names: string[] = [];
  const clock = new ManualClock(0);
  const streaming = new StreamingContext(sc, '1s', { clock, display: quietDisplay() });
  streaming.textFileStream(folder).foreachRDD(async (rdd) => void lines.push(...(await rdd.collect())));
  streaming.fileStream(folder).foreachRDD(async (rdd) => void names.push(...(await rdd.keys().collect())));
  streaming.start();
  const batches = async (n: number) => {
    for (; n > 0; n--) {
      clock.advance('1s');
      await streaming.idle();
    }
  };
  await batches(1);
  await sc.parallelize(['a', 'b', 'c', 'd'], 2).saveAsTextFile(folder);
  await batches(3);
  assert.equal(
    [lines.sort(), names.sort()],
    [
      ['a', 'b', 'c', 'd'],
      [`${folder}/part-00000`, `${folder}/part-00001`],
    ],
  );
  await sc.parallelize(['e', 'f'], 1).saveAsTextFile(folder, { overwrite: true });
  await batches(3);
  assert.equal(lines.slice(4).sort(), ['e', 'f']);
  await streaming.stop();
}
