// The persisted partitions of one executor, in memory and on disk as their level says; and the news of them for the driver.
import { MillraceError } from '../base/errors';
import { frameBytes } from '../base/limits';
import type { AccumulatorUpdate, BlockId, CachedBlock } from '../plan/end';
import type { LevelFlags } from '../plan/storage-level';
import { decode, encode } from '../wire/codec';
import { BlockChunks, rowsOfPart, type StoredPart } from './block-chunks';
import { BlockUpdates } from './block-updates';
import { DiskStore } from './disk-store';
import { type FrameFile, type FrameFileWriter, frameOf, rowsOf } from './frame-file';
import { type Block, type Content, MemoryStore } from './memory-store';
import { sizeOfArray } from './size-of';

/** What a task wants persisted. */
export interface BlockRequest extends BlockId {
  readonly level: LevelFlags;
  readonly priority: number;
  readonly taskId: number;
  /** It is written to a file too, whatever its level: another executor may take it over. */
  readonly handsOver?: true;
}

/** A block as a task reads it. */
export interface StoredBlock {
  readonly parts: Iterable<StoredPart>;
  /** What its computation added to accumulators, where the driver may not know it. */
  readonly updates: readonly AccumulatorUpdate[];
}

/** What became of blocks since it was last told. */
export interface BlockNews {
  readonly cached: CachedBlock[];
  readonly evicted: BlockId[];
}

export class BlockStore {
  readonly memory: MemoryStore;
  readonly disk: DiskStore;
  /** Blocks that changed, by their id: where they are now. */
  readonly #changed = new Map<string, CachedBlock>();
  /** What was added to accumulators while blocks were computed. */
  readonly updates = new BlockUpdates();

  constructor(memoryBytes: number, folder: string) {
    this.memory = new MemoryStore(memoryBytes, (block) => this.#evicted(block));
    this.disk = new DiskStore(folder);
  }

  /** A block, if it is persisted. Calls `opened` with the file that must be closed in the end. */
  read(request: BlockRequest, opened: (file: FrameFile) => void): StoredBlock | undefined {
    const { rddId, partition, level } = request;
    const block = this.memory.get(rddId, partition);
    if (block) return { parts: partsOf(block.content), updates: this.updates.note(updatesOf(block.updates)) };
    // Partitions of levels without files have one where they were handed over.
    const file = this.disk.open(rddId, partition);
    if (!file) {
      if (usesFiles(level)) this.note({ rddId, partition, bytes: 0, diskBytes: 0 });
      return undefined;
    }
    opened(file);
    // A level with memory has it there again for the next time.
    const parts = level.useMemory ? this.#broughtIn(request, file) : file.rows();
    return { parts, updates: this.updates.note(updatesOf(file.note)) };
  }

  *#broughtIn(request: BlockRequest, file: FrameFile): Generator<readonly unknown[]> {
    const memory = new MemoryPart(this.memory, request);
    for (const chunk of file.rows()) {
      memory.add(chunk);
      yield chunk;
    }
    // Without room for it the driver knows that it need not be brought here again.
    const bytes = memory.commit(false, file.note);
    this.note({ rddId: request.rddId, partition: request.partition, bytes, diskBytes: file.bytes });
  }

  /** The parts of a block that lies in memory as values and texts. */
  stored(
    rddId: number,
    partition: number,
  ): (Pick<StoredBlock, 'updates'> & { readonly parts: readonly StoredPart[] }) | undefined {
    const block = this.memory.get(rddId, partition);
    if (block?.content.kind !== 'live') return undefined;
    return { parts: block.content.chunks, updates: this.updates.note(updatesOf(block.updates)) };
  }

  /** Whether a block can be read as it is. */
  has(rddId: number, partition: number): boolean {
    if (this.memory.get(rddId, partition)) return true;
    const file = this.disk.open(rddId, partition);
    file?.close();
    return file !== undefined;
  }

  /** Keeps what is added to it, once it is whole. */
  writer(request: BlockRequest): BlockWriter {
    return new BlockWriter(this, request);
  }

  note(block: CachedBlock): void {
    this.#changed.set(`${block.rddId}.${block.partition}`, block);
  }

  /** What changed since the last call. */
  takeNews(): BlockNews {
    const blocks = [...this.#changed.values()];
    this.#changed.clear();
    const isGone = ({ bytes, diskBytes }: CachedBlock) => bytes === 0 && diskBytes === 0;
    return {
      cached: blocks.filter((block) => !isGone(block)),
      evicted: blocks.filter(isGone).map(({ rddId, partition }) => ({ rddId, partition })),
    };
  }

  forget(rddId: number): void {
    this.memory.forget(rddId);
    this.disk.forget(rddId);
    this.updates.forget(rddId);
    for (const [id, block] of this.#changed) if (block.rddId === rddId) this.#changed.delete(id);
  }

  /** A block had to go from memory: it is written to disk where its level says so and the disk takes it. */
  #evicted(block: Block): void {
    const { rddId, partition, level } = block;
    let diskBytes = 0;
    if (usesFiles(level)) {
      const known = this.disk.open(rddId, partition);
      diskBytes = known?.bytes ?? this.#writeOut(block);
      known?.close();
    }
    this.note({ rddId, partition, bytes: 0, diskBytes });
  }

  #writeOut({ rddId, partition, content, updates }: Block): number {
    let file: FrameFileWriter | undefined;
    try {
      file = this.disk.writer(rddId, partition, -process.pid);
      if (content.kind === 'encoded') for (const frame of content.frames) file.add(frame);
      else for (const part of content.chunks) for (const frame of framesOfPart(part)) file.add(frame);
      if (updates) file.addNote(updates);
      return file.end();
    } catch {
      // A full disk, or values that no file can hold: the partition is computed again when it is asked for.
      file?.abandon();
      return 0;
    }
  }
}

/** Levels whose blocks may be in files: those with disk, and replicas. */
const usesFiles = (level: LevelFlags): boolean => level.useDisk || level.replication > 1;

const updatesOf = (bytes: Uint8Array | undefined): readonly AccumulatorUpdate[] =>
  bytes ? (decode(bytes, 'executor') as AccumulatorUpdate[]) : [];

function partsOf(content: Content): Iterable<StoredPart> {
  return content.kind === 'live' ? content.chunks : decoded(content.frames);
}

function* decoded(frames: readonly Buffer[]): Generator<unknown[]> {
  for (const frame of frames) yield rowsOf('a block in memory', frame);
}

/** An array as frames of about `frameBytes`. */
function* framesOf(chunk: readonly unknown[]): Generator<Buffer> {
  const rows = Math.max(1, Math.floor((chunk.length * frameBytes) / Math.max(1, sizeOfArray(chunk))));
  for (let from = 0; from < chunk.length; from += rows) yield frameOf(chunk.slice(from, from + rows));
}

function* framesOfPart(part: StoredPart): Generator<Buffer> {
  for (const rows of rowsOfPart(part)) yield* framesOf(rows);
}

/** The part of a block that goes to memory, as long as it may fit there. */
class MemoryPart {
  readonly #store: MemoryStore;
  readonly #request: BlockRequest;
  readonly #room: number;
  #chunks = new BlockChunks();
  #frames: Buffer[] = [];
  #frameBytes = 0;
  #fits = true;

  constructor(store: MemoryStore, request: BlockRequest) {
    this.#store = store;
    this.#request = request;
    this.#room = store.roomFor(request.rddId, request.partition, request.priority);
  }

  /** False once it is known not to fit; what was added before is still there then. */
  add(chunk: readonly unknown[]): boolean {
    if (!this.#fits) return false;
    if (this.#request.level.serialized) for (const frame of framesOf(chunk)) this.#addFrame(frame);
    else this.#chunks.add(chunk);
    this.#fits = this.#frameBytes + this.#chunks.bytes <= this.#room;
    return this.#fits;
  }

  #addFrame(frame: Buffer): void {
    this.#frames.push(frame);
    this.#frameBytes += frame.length;
  }

  /** What was added, as frames for a file; nothing is left here. */
  *takeFrames(): Generator<Buffer> {
    const [chunks, frames] = [this.#chunks.end(), this.#frames];
    this.#chunks = new BlockChunks();
    this.#frames = [];
    this.#fits = false;
    yield* frames;
    for (const part of chunks) yield* framesOfPart(part);
  }

  /** The bytes that are stored now. `encodedOnly` stores no live value of the task. */
  commit(encodedOnly: boolean, updates: Uint8Array | undefined): number {
    if (!this.#fits) return 0;
    const chunks = this.#chunks.end();
    if (encodedOnly && chunks.length > 0) {
      this.#chunks = new BlockChunks();
      for (const part of chunks) for (const frame of framesOfPart(part)) this.#addFrame(frame);
    }
    const { rddId, partition, level, priority } = this.#request;
    const content: Content =
      encodedOnly || level.serialized ? { kind: 'encoded', frames: this.#frames } : { kind: 'live', chunks };
    // An empty partition is persisted too.
    const bytes = Math.max(1, this.#frameBytes + this.#chunks.bytes + (updates?.length ?? 0));
    return this.#store.put({ rddId, partition, content, bytes, level, updates }, priority) ? bytes : 0;
  }
}

/** One partition on its way into the store: stored whole at its `commit`, or not at all. */
class BlockWriter {
  readonly #store: BlockStore;
  readonly #request: BlockRequest;
  #memory: MemoryPart | undefined;
  #file: FrameFileWriter | undefined;
  #rows = new BlockChunks();
  #rowBytes = 0;

  constructor(store: BlockStore, request: BlockRequest) {
    this.#store = store;
    this.#request = request;
    const { level } = request;
    if (level.useMemory) this.#memory = new MemoryPart(store.memory, request);
    if (!level.useMemory || level.replication > 1 || request.handsOver) this.#onDisk(() => this.#openFile());
  }

  /** False once it is known that nothing will be stored. */
  get hasRoom(): boolean {
    return this.#memory !== undefined || this.#file !== undefined;
  }

  add(chunk: readonly unknown[]): void {
    if (this.#file) this.#addToFile(chunk);
    if (!this.#memory || this.#memory.add(chunk)) return;
    const full = this.#memory;
    this.#memory = undefined;
    if (this.#file || !this.#request.level.useDisk) return;
    this.#onDisk(() => {
      this.#openFile();
      for (const frame of full.takeFrames()) this.#file!.add(frame);
    });
  }

  #openFile(): void {
    const { rddId, partition, taskId } = this.#request;
    this.#file = this.#store.disk.writer(rddId, partition, taskId);
  }

  #addToFile(chunk: readonly unknown[]): void {
    this.#rowBytes += sizeOfArray(chunk);
    this.#rows.add(chunk);
    if (this.#rowBytes >= frameBytes) this.#flush();
  }

  #flush(): void {
    const rows = this.#rows.end();
    this.#rows = new BlockChunks();
    this.#rowBytes = 0;
    if (rows.length > 0)
      this.#onDisk(() => {
        for (const part of rows) for (const frame of framesOfPart(part)) this.#file!.add(frame);
      });
  }

  /** A disk that is full costs the persisted partition, not the job; nor do values that cannot be written where no level asks for it. */
  #onDisk(write: () => void): void {
    try {
      write();
    } catch (e) {
      this.#file?.abandon();
      this.#file = undefined;
      const isAsked = !this.#request.handsOver || usesFiles(this.#request.level);
      if (isAsked && !(e instanceof MillraceError && e.code === 'DISK')) throw e;
    }
  }

  /** Keeps the partition with its accumulator updates; `encodedOnly` where its live values do not outlive the task. */
  commit(encodedOnly: boolean, added: readonly AccumulatorUpdate[] = []): void {
    const updates = added.length > 0 ? encode(added) : undefined;
    const bytes = this.#memory?.commit(encodedOnly, updates) ?? 0;
    let diskBytes = 0;
    if (this.#memory && bytes === 0 && !this.#file && this.#request.level.useDisk) this.#fallBack(this.#memory);
    this.#flush();
    this.#onDisk(() => {
      if (updates) this.#file?.addNote(updates);
      diskBytes = this.#file?.end() ?? 0;
    });
    this.#file = undefined;
    // They count for the partition even if it found no room: it counts once, however often it is computed.
    this.#store.updates.note(added);
    const { rddId, partition } = this.#request;
    if (bytes > 0 || diskBytes > 0) this.#store.note({ rddId, partition, bytes, diskBytes });
  }

  /** There was room when the partition was begun, and there is none any more. */
  #fallBack(memory: MemoryPart): void {
    this.#onDisk(() => {
      this.#openFile();
      for (const frame of memory.takeFrames()) this.#file!.add(frame);
    });
  }

  /** Leaves nothing behind of a partition that is not whole. */
  abandon(): void {
    this.#memory = undefined;
    this.#rows = new BlockChunks();
    this.#file?.abandon();
    this.#file = undefined;
  }
}
