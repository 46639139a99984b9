// What the process of the user says to the one that runs entries, and what that answers: descriptors, requests and frames.
import type { PaneModel } from './pane';
import type { Choice, Screen } from './screen';
import type { CommandCall, RunOutcome } from './session';
import type { CompiledCell } from './type-service';

/** The descriptor of the session's answers; after stdin, stdout and stderr. */
export const answerDescriptor = 3;

/** The descriptor on which the parent names the entry to be interrupted, or a signal, a line each. Its end tells that the parent is gone. */
export const interruptDescriptor = 4;

/** What Ctrl-C stops in the process of a script: all of it is one entry. */
export const scriptEntry = 1;

/** What the terminal asks of the session process. */
export type SessionRequest =
  | { readonly kind: 'run'; readonly id: number; readonly cell: CompiledCell; readonly screen: Screen }
  | { readonly kind: 'command'; readonly id: number; readonly call: CommandCall; readonly screen: Screen }
  /** What can stand behind a command now; asked and answered beside the entry that runs. */
  | { readonly kind: 'choices'; readonly id: number; readonly command: string }
  /** The screen has changed: what is printed from now on is for this one. */
  | { readonly kind: 'screen'; readonly screen: Screen }
  | { readonly kind: 'stop' };

/** What the session process says, one JSON line each, written synchronously so that a busy loop's output is seen at once and in order. */
export type SessionFrame =
  | { readonly kind: 'ready' }
  | { readonly kind: 'print'; readonly text: string; readonly stream: 'out' | 'err' }
  | { readonly kind: 'progress'; readonly line?: string }
  | { readonly kind: 'pane'; readonly id: number; readonly pane?: PaneModel }
  | { readonly kind: 'ended'; readonly id: number; readonly outcome: RunOutcome }
  | { readonly kind: 'choices'; readonly id: number; readonly choices: readonly Choice[] }
  /** The user's code ends the process, with this status. */
  | { readonly kind: 'leaving'; readonly status: number }
  /** The session could not begin; the message is for the user. */
  | { readonly kind: 'failed'; readonly message: string };
