// Writes one partition as a file, under a temporary name that the driver renames once the whole job is right.
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { MillraceError } from '../../base/errors';
import { closeQuietly, diskError } from '../../base/files';
import { maxObjectFrameBytes, objectFrameRows, textChunkBytes } from '../../base/limits';
import { isRemote, type RemoteWriter, remoteFiles } from '../../base/remote/remote-files';
import { CheckedWriter, endingOf, writerNames } from '../../formats/write/checked-writer';
import type { SaveFormat, Sink } from '../../plan/program';
import type { TableTarget } from '../../plan/table-spec';
import type { TaskSpec } from '../../plan/task';
import { toText } from '../../wire/text-form';
import type { TaskExchange } from './exchange';
import { objectFrame, objectMagic } from './object-file';

/** Where the parts of a job lie until it commits. The session makes it, so that a task that ends late cannot make it again. */
export function temporaryFolder(folder: string, jobTag: string): string {
  return join(folder, '_temporary', jobTag);
}

/** The name of a part that is whole. */
export const partName = ({ format }: { readonly format: SaveFormat | TableTarget }, partition: number): string =>
  `part-${String(partition).padStart(5, '0')}${partSuffix(format)}`;

/** What the names of parts end in. */
export function partSuffix(format: SaveFormat | TableTarget): string {
  if (typeof format !== 'string') return endingOf(format);
  return format === 'gzip' ? '.gz' : '';
}

/** A part that rows are added to. */
export interface SavedPart {
  add(value: unknown): void;
  /** What the commit of the job needs, once its bytes are on the disk or in the store: the file's name, or what the store calls it. */
  end(): string;
  close(): void;
}

function savedPart(format: SaveFormat | TableTarget, file: PartFile | EnginePart, place: string): SavedPart {
  try {
    if (typeof format !== 'string') return new TablePart(file, format, place);
    return format === 'objects' ? new ObjectPart(file) : new TextPart(file, format === 'gzip');
  } catch (e) {
    // Its first bytes could not be written.
    file.close();
    throw e;
  }
}

/** The file of a part. */
interface PartFile {
  write(bytes: Uint8Array): void;
  /** What the commit of the job needs of it. */
  end(): string;
  /** Gives up a file that is not at its end. */
  close(): void;
}

/** A file of a store: nobody sees it before the job is committed. */
class StoredPart implements PartFile {
  readonly #writer: RemoteWriter;
  #isOpen = true;

  constructor(url: string) {
    this.#writer = remoteFiles(url).create(url);
  }

  write(bytes: Uint8Array): void {
    this.#writer.write(bytes);
  }

  end(): string {
    const part = this.#writer.end();
    this.#isOpen = false;
    return JSON.stringify(part);
  }

  close(): void {
    if (this.#isOpen) this.#writer.abandon();
    this.#isOpen = false;
  }
}

class LocalPart implements PartFile {
  readonly path: string;
  readonly name: string;
  readonly #fd: number;
  #closed = false;

  constructor(folder: string, name: string) {
    this.name = name;
    this.path = join(folder, name);
    try {
      this.#fd = openSync(this.path, 'w');
    } catch (e) {
      throw diskError(this.path, e);
    }
  }

  write(bytes: Uint8Array): void {
    try {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done);
    } catch (e) {
      diskError(this.path, e);
    }
  }

  end(): string {
    try {
      fsyncSync(this.#fd);
      this.#closed = true;
      closeSync(this.#fd);
    } catch (e) {
      diskError(this.path, e);
    }
    return this.name;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeQuietly(this.#fd);
  }
}

/** A part whose bytes the engine writes, and gives up where the task fails. */
class EnginePart {
  readonly #exchange: TaskExchange;
  readonly #name: string;

  constructor(exchange: TaskExchange, name: string) {
    this.#exchange = exchange;
    this.#name = name;
    // It is there even without a row.
    this.write(Buffer.alloc(0));
  }

  write(bytes: Uint8Array): void {
    this.#exchange.rows(bytes);
  }

  end(): string {
    return this.#name;
  }

  close(): void {}
}

class TextPart implements SavedPart {
  readonly #file: PartFile | EnginePart;
  readonly #gzip: boolean;
  #text = '';

  constructor(file: PartFile | EnginePart, gzip: boolean) {
    this.#file = file;
    this.#gzip = gzip;
    // A file without a single byte is no packed file.
    if (gzip) file.write(gzipSync(Buffer.alloc(0)));
  }

  add(value: unknown): void {
    this.#text += `${toText(value)}\n`;
    if (this.#text.length > textChunkBytes) this.#flush();
  }

  #flush(): void {
    if (this.#text === '') return;
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    // Packed pieces one after the other are a packed file.
    this.#file.write(this.#gzip ? gzipSync(bytes) : bytes);
  }

  end(): string {
    this.#flush();
    return this.#file.end();
  }

  close(): void {
    this.#file.close();
  }
}

class ObjectPart implements SavedPart {
  readonly #file: PartFile | EnginePart;
  #rows: unknown[] = [];
  #written = 0;

  constructor(file: PartFile | EnginePart) {
    this.#file = file;
    file.write(objectMagic);
  }

  add(value: unknown): void {
    this.#rows.push(value);
    if (this.#rows.length >= objectFrameRows) this.#flush();
  }

  #flush(): void {
    const frame = objectFrame(this.#rows);
    if (frame.length > maxObjectFrameBytes && this.#rows.length > 1) return this.#halve();
    if (frame.length > maxObjectFrameBytes)
      throw new MillraceError('UNSHIPPABLE_VALUE', {
        value: 'a row',
        reason: `its ${frame.length} bytes are more than a frame of an object file holds`,
        remedy: 'Cut it into several rows.',
      });
    this.#file.write(frame);
    this.#written += this.#rows.length;
    this.#rows = [];
  }

  /** Long rows: fewer of them in a frame. */
  #halve(): void {
    const rows = this.#rows;
    const middle = rows.length >>> 1;
    for (const half of [rows.slice(0, middle), rows.slice(middle)]) {
      this.#rows = half;
      this.#flush();
    }
  }

  end(): string {
    if (this.#rows.length > 0) this.#flush();
    this.#file.write(objectFrame(this.#written));
    return this.#file.end();
  }

  close(): void {
    this.#file.close();
  }
}

class TablePart implements SavedPart {
  readonly #file: PartFile | EnginePart;
  readonly #writer: CheckedWriter;

  constructor(file: PartFile | EnginePart, target: TableTarget, place: string) {
    this.#file = file;
    this.#writer = new CheckedWriter(target, (bytes) => file.write(bytes), { operation: writerNames[target.format], place });
  }

  add(value: unknown): void {
    this.#writer.add(value);
  }

  end(): string {
    this.#writer.end();
    return this.#file.end();
  }

  close(): void {
    this.#file.close();
  }
}

const ownPart = ({ folder, jobTag }: Sink & { kind: 'save' }, name: string, taskId: number): PartFile =>
  isRemote(folder) ? new StoredPart(`${folder}/${name}`) : new LocalPart(temporaryFolder(folder, jobTag), `${name}.${taskId}`);

/** The file of a task's partition, named by both, so that no two tries write the same one. */
export function partOf(
  sink: Sink & { kind: 'save' },
  { partition, taskId }: TaskSpec,
  exchange: TaskExchange | undefined,
): SavedPart {
  const name = partName(sink, partition);
  const byEngine = sink.byEngine === true && exchange !== undefined;
  const file = byEngine ? new EnginePart(exchange, name) : ownPart(sink, name, taskId);
  return savedPart(sink.format, file, `partition ${partition}`);
}
