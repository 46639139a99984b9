// What the session says to Spark's driver: definitions, jobs and blobs; messages wait until the process is there.
import { MillraceError } from '../../runtime/base/errors';
import { bytesText } from '../../runtime/base/units';
import { maxBlobBytes } from '../base/limits';
import { MessageWriter } from './message';

/** Kinds of messages, as in `Driver.java`. */
const kinds = { blob: 1, dropBlob: 2, define: 3, run: 4, cancel: 5, drop: 6, hadoop: 7 } as const;

/** Blobs that no definition names stay for so many others: the next job may name them again. */
const keptBlobs = 32;

/** A blob may take this part of the driver's heap. */
const blobShare = 4;

const tooLargeRemedy =
  'Raise the memory of the driver, of which a blob may take a quarter (--spark-conf spark.driver.memory=4g), split the value into several broadcasts, or let the tasks read it from a file.';

export interface RunMessage {
  readonly jobId: number;
  /** How often Spark has run it before. */
  readonly tries: number;
  readonly key: number;
  readonly title: string;
  /** Local properties that Spark itself reads. */
  readonly properties: readonly (readonly [string, string])[];
  /** The blob with what tasks see of the job, where there is anything to see, and the blobs of its files. */
  readonly environment: readonly string[];
  readonly partitions: number;
}

export class DriverLink {
  #waiting: Buffer[] | undefined = [];
  #write: (message: Buffer) => void = (message) => this.#waiting?.push(message);
  #to: { readonly isIdle: boolean } | undefined;
  /** How many definitions and jobs name a blob that Spark has. */
  readonly #uses = new Map<string, number>();
  #mostBytes = maxBlobBytes;
  /** Blobs that nobody names, by the time since when. */
  readonly #unused = new Set<string>();

  /** The process is there: what waited is written. */
  open(to: { send(message: Buffer): void; readonly isIdle: boolean }): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    this.#to = to;
    this.#write = (message) => to.send(message);
    for (const message of waiting) to.send(message);
  }

  /** Nothing that was sent waits for this thread. */
  get isIdle(): boolean {
    return this.#to?.isIdle === true;
  }

  /** There will be no process. */
  close(): void {
    this.#waiting = undefined;
    this.#write = () => {};
  }

  define(): MessageWriter {
    return new MessageWriter().byte(kinds.define);
  }

  send(message: MessageWriter): void {
    this.#write(message.end());
  }

  run({ jobId, tries, key, title, properties, environment, partitions }: RunMessage): void {
    const message = new MessageWriter().byte(kinds.run).int(jobId).int(tries).int(key).text(title);
    message
      .texts(properties.flat())
      .text(environment[0] ?? '')
      .texts(environment);
    this.send(message.ints(Array.from({ length: partitions }, (_, i) => i)));
  }

  cancel(jobId: number): void {
    this.send(new MessageWriter().byte(kinds.cancel).int(jobId));
  }

  /** Asks for something of Hadoop's file systems: the answer is an event, or the file where one is named. */
  hadoop(id: number, file: string, request: Buffer): void {
    this.send(new MessageWriter().byte(kinds.hadoop).int(id).text(file).bytes(request));
  }

  drop(key: number): void {
    this.send(new MessageWriter().byte(kinds.drop).int(key));
  }

  /** Spark is there, with so much heap: it holds a blob several times while it passes it on. */
  limitTo(heapBytes: number): void {
    this.#mostBytes = Math.min(maxBlobBytes, Math.floor(heapBytes / blobShare));
  }

  #tooLarge(id: string, bytes: number): MillraceError {
    const [size, limit] = [bytesText(bytes), bytesText(this.#mostBytes)];
    return new MillraceError('TOO_LARGE_TO_SEND', { what: `The blob ${id}`, size, limit, remedy: tooLargeRemedy });
  }

  /** Sends a blob unless Spark has it. Throws TOO_LARGE_TO_SEND. */
  provide(id: string, bytes: () => Uint8Array): void {
    if (this.#uses.has(id)) return;
    const blob = bytes();
    if (blob.length > this.#mostBytes) throw this.#tooLarge(id, blob.length);
    this.send(new MessageWriter().byte(kinds.blob).text(id).bytes(blob));
    this.#uses.set(id, 0);
    this.#unused.add(id);
  }

  /** Something that Spark has names a blob. */
  retain(id: string): void {
    this.#uses.set(id, (this.#uses.get(id) ?? 0) + 1);
    this.#unused.delete(id);
  }

  release(id: string): void {
    const uses = (this.#uses.get(id) ?? 0) - 1;
    // It was forgotten meanwhile.
    if (uses < 0) return;
    this.#uses.set(id, uses);
    if (uses > 0) return;
    this.#unused.add(id);
    for (const old of this.#unused) if (this.#unused.size > keptBlobs) this.forget(old);
  }

  /** Drops a blob: the session will not name it again. */
  forget(id: string): void {
    if (!this.#uses.delete(id)) return;
    this.#unused.delete(id);
    this.send(new MessageWriter().byte(kinds.dropBlob).text(id));
  }
}
