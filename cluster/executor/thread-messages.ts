// The messages between the two threads of an executor: the link thread owns the socket, the main thread runs the tasks.
import type { Forget, TaskSpec } from '../../runtime/plan/task';
import type { SentEnd } from '../link/protocol';

/** The data that the link thread gets at its start. */
export interface LinkData {
  readonly executorId: string;
  readonly socket: string;
  readonly token: string;
  readonly memory: SharedArrayBuffer;
}

/** Work reaches the main thread only while no task runs, so that a terminated script never loses a message. */
export type Work =
  | { readonly kind: 'task'; readonly task: TaskSpec }
  | { readonly kind: 'blob'; readonly id: string; readonly bytes: Uint8Array }
  | { readonly kind: 'forget'; readonly what: Forget };

export type ToMain =
  | Work
  /** Abandon the task if it is still awaiting something after the grace. */
  | { readonly kind: 'cancel'; readonly taskId: number }
  /** Does nothing. It gives a thread that idles in a task's await some JavaScript to terminate. */
  | { readonly kind: 'nudge' }
  /** Reply `rested` once no script runs any more. */
  | { readonly kind: 'rest'; readonly number: number };

export type ToLink =
  | { readonly kind: 'ready' }
  | { readonly kind: 'rested'; readonly number: number }
  | {
      readonly kind: 'ended';
      readonly taskId: number;
      readonly end: SentEnd;
      readonly tail: Uint8Array;
      /** No task can run here any more. */
      readonly isExhausted: boolean;
    };

/** Up to this size a copy is cheaper than moving the memory. */
const copiedBytes = 65_536;

/** The bytes in memory that can be moved to the other thread: their own if they fill most of it, else a copy. */
export function movable(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  const whole = bytes.byteLength > copiedBytes && bytes.byteLength * 2 >= buffer.byteLength && buffer instanceof ArrayBuffer;
  return whole ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}
