// Where and how the partitions of a persisted dataset are kept: in memory or on disk, as live values or encoded, once or twice.
import { MillraceError } from '../base/errors';

/** A level as plain data, for the tasks that keep blocks. */
export interface LevelFlags {
  readonly useMemory: boolean;
  readonly useDisk: boolean;
  readonly serialized: boolean;
  readonly replication: number;
}

/** Spark's bound on the copies of a block. */
const mostReplicas = 39;

/**
 * How a persisted dataset is kept; the constants are Spark's, and so are the flags. `serialized` is the form in memory: live values are
 * read fastest, encoded ones take about a third of the space and none of the heap. What a level with memory cannot keep there goes to
 * disk where it has `useDisk`, and is computed again where it has not. With two replicas the second one is a file that every executor
 * of the machine reads, so that the loss of an executor loses no partition.
 * @example StorageLevel.MEMORY_AND_DISK.useDisk
 */
export class StorageLevel implements LevelFlags {
  /**
   * Not kept.
   * @example sc.range(3).storageLevel.equals(StorageLevel.NONE)
   */
  static readonly NONE = new StorageLevel(false, false, true);
  /**
   * In memory; what does not fit is computed again.
   * @example sc.range(3).persist(StorageLevel.MEMORY_ONLY)
   */
  static readonly MEMORY_ONLY = new StorageLevel(true, false);
  /**
   * The same, and a second copy on disk.
   * @example sc.range(3).persist(StorageLevel.MEMORY_ONLY_2)
   */
  static readonly MEMORY_ONLY_2 = new StorageLevel(true, false, false, 2);
  /**
   * In memory as bytes, which are smaller.
   * @example sc.range(3).persist(StorageLevel.MEMORY_ONLY_SER)
   */
  static readonly MEMORY_ONLY_SER = new StorageLevel(true, false, true);
  /**
   * The same, and a second copy on disk.
   * @example sc.range(3).persist(StorageLevel.MEMORY_ONLY_SER_2)
   */
  static readonly MEMORY_ONLY_SER_2 = new StorageLevel(true, false, true, 2);
  /**
   * In memory; what does not fit goes to disk.
   * @example sc.range(3).persist(StorageLevel.MEMORY_AND_DISK)
   */
  static readonly MEMORY_AND_DISK = new StorageLevel(true, true);
  /**
   * The same, with two copies.
   * @example sc.range(3).persist(StorageLevel.MEMORY_AND_DISK_2)
   */
  static readonly MEMORY_AND_DISK_2 = new StorageLevel(true, true, false, 2);
  /**
   * In memory as bytes; what does not fit goes to disk.
   * @example sc.range(3).persist(StorageLevel.MEMORY_AND_DISK_SER)
   */
  static readonly MEMORY_AND_DISK_SER = new StorageLevel(true, true, true);
  /**
   * The same, with two copies.
   * @example sc.range(3).persist(StorageLevel.MEMORY_AND_DISK_SER_2)
   */
  static readonly MEMORY_AND_DISK_SER_2 = new StorageLevel(true, true, true, 2);
  /**
   * On disk.
   * @example sc.range(3).persist(StorageLevel.DISK_ONLY)
   */
  static readonly DISK_ONLY = new StorageLevel(false, true, true);
  /**
   * On disk, with two copies.
   * @example sc.range(3).persist(StorageLevel.DISK_ONLY_2)
   */
  static readonly DISK_ONLY_2 = new StorageLevel(false, true, true, 2);

  /**
   * Whether partitions are kept in memory.
   * @example StorageLevel.DISK_ONLY.useMemory
   */
  readonly useMemory: boolean;
  /**
   * Whether partitions are kept on disk: those that do not fit into memory, or all.
   * @example StorageLevel.MEMORY_AND_DISK.useDisk
   */
  readonly useDisk: boolean;
  /**
   * Whether partitions are kept in memory as bytes: smaller, and decoded at each use.
   * @example StorageLevel.MEMORY_ONLY_SER.serialized
   */
  readonly serialized: boolean;
  /**
   * How many copies are kept.
   * @example StorageLevel.MEMORY_ONLY_2.replication // 2
   */
  readonly replication: number;

  /** Throws BAD_OPTION for a number of replicas below 1 or above 39. */
  constructor(useMemory: boolean, useDisk: boolean, serialized = false, replication = 1) {
    if (!Number.isInteger(replication) || replication < 1 || replication > mostReplicas)
      throw new MillraceError('BAD_OPTION', {
        option: 'replication',
        value: String(replication),
        rule: `a whole number from 1 to ${mostReplicas}`,
      });
    this.useMemory = useMemory;
    this.useDisk = useDisk;
    this.serialized = serialized;
    this.replication = replication;
    Object.freeze(this);
  }

  /**
   * Whether anything is kept at all.
   * @example StorageLevel.NONE.isKept
   */
  get isKept(): boolean {
    return this.useMemory || this.useDisk;
  }

  /**
   * Whether all flags are the same.
   * @example StorageLevel.NONE.equals(StorageLevel.DISK_ONLY)
   */
  equals(other: StorageLevel): boolean {
    return (
      this.useMemory === other.useMemory &&
      this.useDisk === other.useDisk &&
      this.serialized === other.serialized &&
      this.replication === other.replication
    );
  }

  get flags(): LevelFlags {
    const { useMemory, useDisk, serialized, replication } = this;
    return { useMemory, useDisk, serialized, replication };
  }

  /**
   * The name of the constant with these flags, or the flags.
   * @example String(StorageLevel.MEMORY_ONLY) // 'MEMORY_ONLY'
   */
  toString(): string {
    const named = levelNames.find((name) => StorageLevel[name].equals(this));
    if (named) return named;
    const places = [this.useMemory && 'memory', this.useDisk && 'disk', this.serialized && 'serialized'].filter(Boolean);
    return `StorageLevel(${[...places, `${this.replication} replicas`].join(', ')})`;
  }
}

/** The names of the levels, as they are written at the prompt. */
export const levelNames = (Object.keys(StorageLevel) as (keyof typeof StorageLevel)[]).filter(
  (name): name is Exclude<keyof typeof StorageLevel, 'prototype'> => name !== 'prototype',
);

/** The name of a level that is plain data. */
export const levelText = ({ useMemory, useDisk, serialized, replication }: LevelFlags): string =>
  String(new StorageLevel(useMemory, useDisk, serialized, replication));
