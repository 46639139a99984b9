// What the two threads of an executor say to each other: the link thread owns the socket, the main thread runs the tasks.
import type { Forget, TaskSpec } from '../../runtime/plan/task';
import type { SentEnd } from '../link/protocol';

/** What the link thread is given at its start. */
export interface LinkData {
  readonly executorId: string;
  readonly port: number;
  readonly token: string;
  readonly memory: SharedArrayBuffer;
}

/** Work is handed over only while no task runs, so that a terminated script never takes a message with it. */
export type Work =
  | { readonly kind: 'task'; readonly task: TaskSpec }
  | { readonly kind: 'blob'; readonly id: string; readonly bytes: Uint8Array }
  | { readonly kind: 'forget'; readonly what: Forget };

export type ToMain =
  | Work
  /** Abandon the task if it is still awaiting something after the grace. */
  | { readonly kind: 'cancel'; readonly taskId: number }
  /** Nothing: gives a thread that idles in a task's await some JavaScript to terminate. */
  | { readonly kind: 'nudge' }
  /** Say `rested` once nothing runs any more. */
  | { readonly kind: 'rest'; readonly number: number };

export type ToLink =
  | { readonly kind: 'ready' }
  | { readonly kind: 'rested'; readonly number: number }
  | { readonly kind: 'ended'; readonly taskId: number; readonly end: SentEnd; readonly tail: Uint8Array };

/** Below this size a copy is cheaper than finding out whether the memory may be moved. */
const copiedBytes = 65_536;

/** The bytes in memory that can be moved to the other thread: their own where they fill most of it, else a copy's. */
export function movable(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  const whole = bytes.byteLength > copiedBytes && bytes.byteLength * 2 >= buffer.byteLength && buffer instanceof ArrayBuffer;
  return whole ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}
