// The memory that the two threads of an executor share: the state of the running task, its cancel flag and its progress.
import type { TaskControl } from '../../runtime/plan/task';

const idle = 0;
const running = 1;
const terminating = 2;

const stateWord = 0;
const cancelWord = 1;
/** The count of records comes after the two words, at a multiple of eight bytes. */
const recordsOffset = 8;
const totalBytes = 16;

/** The cancel word holds 32 bits of a task id: two tasks whose ids differ by 4 billion never run at once. */
const mark = (taskId: number): number => (taskId + 1) | 0;

export class SharedState {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #records: Float64Array;

  constructor(memory = new SharedArrayBuffer(totalBytes)) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, 2);
    this.#records = new Float64Array(memory, recordsOffset, 1);
  }

  /** Main thread: a task begins. */
  begin(): void {
    this.#records[0] = 0;
    Atomics.store(this.#words, stateWord, running);
  }

  /**
   * Main thread: the task has ended. If the link thread is just terminating it, this call never returns: the termination will come, and it
   * must not hit the next task.
   */
  finish(): void {
    while (Atomics.compareExchange(this.#words, stateWord, running, idle) === terminating);
  }

  /** Link thread: claims the right to terminate the running script; false when no task runs. */
  claimTermination(): boolean {
    return Atomics.compareExchange(this.#words, stateWord, running, terminating) === running;
  }

  /** Link thread: the termination has happened. */
  terminated(): void {
    Atomics.store(this.#words, stateWord, idle);
  }

  /** Link thread: asks the task to stop when it next checks its flag. */
  cancel(taskId: number): void {
    Atomics.store(this.#words, cancelWord, mark(taskId));
  }

  /** Link thread: the number of records that the running task has read. */
  get records(): number {
    return this.#records[0];
  }

  /** Main thread: the control of a task on this memory. */
  control(taskId: number): TaskControl {
    const own = mark(taskId);
    return {
      cancelled: () => Atomics.load(this.#words, cancelWord) === own,
      progress: (records) => {
        this.#records[0] = records;
      },
    };
  }
}
