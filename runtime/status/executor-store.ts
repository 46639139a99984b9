// The executors of a session, those that were lost, and the partitions that each keeps.

import { cutText } from '../base/cut-text';
import type { BlockUpdated, ExecutorAdded, ExecutorRemoved, TaskEnded, TaskStart } from '../scheduler/listener-bus';

export interface ExecutorRecord {
  readonly executorId: string;
  readonly host: string;
  readonly pid?: number;
  readonly slots: number;
  readonly storageBytes?: number;
  readonly added: number;
  /** When and why it was lost. */
  removed?: number;
  reason?: string;
  running: number;
  done: number;
  failed: number;
  /** Time that its tasks took, in milliseconds. */
  taskMs: number;
}

/** The partitions of a dataset that an executor keeps in memory, and their bytes. */
export interface HeldPartitions {
  readonly executorId: string;
  readonly partitions: number;
  readonly bytes: number;
}

const rememberedLost = 50;

export class ExecutorStore {
  readonly #executors = new Map<string, ExecutorRecord>();
  #lost: ExecutorRecord[] = [];
  /** How many were ever lost. */
  losses = 0;
  /** By dataset and executor: the bytes of each partition in its memory. */
  readonly #held = new Map<number, Map<string, Map<number, number>>>();
  /** By dataset: its partitions that are in files. */
  readonly #onDisk = new Map<number, Set<number>>();

  alive(): ExecutorRecord[] {
    return [...this.#executors.values()];
  }

  /** The last ones that were lost, oldest first. */
  lost(): readonly ExecutorRecord[] {
    return this.#lost;
  }

  /** Which executors keep partitions of a dataset in memory. */
  holders(rddId: number): HeldPartitions[] {
    return [...(this.#held.get(rddId) ?? [])].map(([executorId, blocks]) => {
      return { executorId, partitions: blocks.size, bytes: sum(blocks.values()) };
    });
  }

  /** How many partitions of a dataset are kept in files. */
  onDisk(rddId: number): number {
    return this.#onDisk.get(rddId)?.size ?? 0;
  }

  /** Bytes of persisted partitions in the memory of an executor. */
  memoryOf(executorId: string): number {
    return sum([...this.#held.values()].map((byExecutor) => sum(byExecutor.get(executorId)?.values() ?? [])));
  }

  onAdded({ time, ...executor }: ExecutorAdded): void {
    this.#executors.set(executor.executorId, { ...executor, added: time, running: 0, done: 0, failed: 0, taskMs: 0 });
  }

  onRemoved({ executorId, reason, time }: ExecutorRemoved): void {
    const executor = this.#executors.get(executorId);
    for (const byExecutor of this.#held.values()) byExecutor.delete(executorId);
    if (!executor) return;
    this.#executors.delete(executorId);
    this.losses++;
    this.#lost = [...this.#lost, { ...executor, removed: time, reason: cutText(reason), running: 0 }].slice(-rememberedLost);
  }

  onTaskStart({ executorId }: TaskStart): void {
    const executor = this.#executors.get(executorId);
    if (executor) executor.running++;
  }

  onTaskEnd({ executorId, end, metrics }: TaskEnded): void {
    const executor = this.#executors.get(executorId);
    if (!executor) return;
    executor.running--;
    if (end === 'success') executor.done++;
    else if (end !== 'cancelled') executor.failed++;
    executor.taskMs += metrics?.runMs ?? 0;
  }

  onBlock(block: BlockUpdated): void {
    this.#onMemory(block);
    const { rddId, partition, diskBytes } = block;
    const partitions = this.#onDisk.get(rddId) ?? new Set();
    if (diskBytes > 0) this.#onDisk.set(rddId, partitions.add(partition));
    else if (partitions.delete(partition) && partitions.size === 0) this.#onDisk.delete(rddId);
  }

  #onMemory({ executorId, rddId, partition, bytes }: BlockUpdated): void {
    const byExecutor = this.#held.get(rddId) ?? new Map<string, Map<number, number>>();
    this.#held.set(rddId, byExecutor);
    const blocks = byExecutor.get(executorId) ?? new Map<number, number>();
    if (bytes > 0) blocks.set(partition, bytes);
    else blocks.delete(partition);
    if (blocks.size > 0) byExecutor.set(executorId, blocks);
    else byExecutor.delete(executorId);
    if (byExecutor.size === 0) this.#held.delete(rddId);
  }

  onUnpersist(rddId: number): void {
    this.#held.delete(rddId);
    this.#onDisk.delete(rddId);
  }
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
