// Decoded copies of persisted partitions whose bytes another process holds: rows that are read again need not be sent and decoded again.
import { BlockChunks, type StoredPart } from './block-chunks';
import { MemoryStore } from './memory-store';

/** One computation of a persisted partition. */
export interface Computation {
  /** The definition that computed it: a number that no other one gets. */
  readonly definition: number;
  readonly partition: number;
  /** Differs from those of all other computations, also of the same partition. */
  readonly id: string;
}

/** A copy that is read, or that is yet to be made. */
export interface PartitionCopy {
  /** The rows, where they are held. */
  readonly parts: readonly StoredPart[] | undefined;
  /** Takes the rows of a copy that is not held, as they are read. */
  writer(): CopyWriter;
}

interface CopyWriter {
  add(rows: readonly unknown[]): void;
  /** All rows have come: without it nothing is held. */
  end(): void;
}

const level = { useMemory: true, useDisk: false, serialized: false, replication: 1 } as const;

/** Copies up to a limit of bytes: those of the dataset that was read longest ago go first. */
export class PartitionCopies {
  readonly #memory: MemoryStore;
  /** The ids of those that are held, by definition and partition. */
  readonly #ids = new Map<number, Map<number, string>>();

  constructor(limitBytes: number) {
    this.#memory = new MemoryStore(limitBytes, ({ rddId, partition }) => this.#forget(rddId, partition));
  }

  /** An estimate of what they take in memory. */
  get bytes(): number {
    return this.#memory.used;
  }

  of({ definition, partition, id }: Computation): PartitionCopy {
    const block = this.#ids.get(definition)?.get(partition) === id ? this.#memory.get(definition, partition) : undefined;
    const parts = block?.content.kind === 'live' ? block.content.chunks : undefined;
    return { parts, writer: () => this.#writer({ definition, partition, id }) };
  }

  #writer({ definition, partition, id }: Computation): CopyWriter {
    // A copy of another computation is of no use any more.
    this.#memory.remove(definition, partition);
    this.#forget(definition, partition);
    const room = this.#memory.roomFor(definition, partition, 0);
    let chunks: BlockChunks | undefined = new BlockChunks();
    const add = (rows: readonly unknown[]) => {
      chunks?.add(rows);
      // What does not fit is let go at once: the rows that come are still to be decoded.
      if (chunks && chunks.bytes > room) chunks = undefined;
    };
    const end = () => {
      if (!chunks) return;
      const content = { kind: 'live', chunks: chunks.end() } as const;
      if (!this.#memory.put({ rddId: definition, partition, content, bytes: chunks.bytes, level })) return;
      const ids = this.#ids.get(definition) ?? new Map<number, string>();
      this.#ids.set(definition, ids.set(partition, id));
    };
    return { add, end };
  }

  /** Lets go of what is unpersisted: of the definitions up to the newest one, these live. */
  retain(newest: number, living: readonly number[]): void {
    for (const definition of [...this.#ids.keys()])
      if (definition <= newest && !living.includes(definition)) {
        this.#memory.forget(definition);
        this.#ids.delete(definition);
      }
  }

  #forget(definition: number, partition: number): void {
    const ids = this.#ids.get(definition);
    if (ids?.delete(partition) && ids.size === 0) this.#ids.delete(definition);
  }
}
