// What the terminal process and the session process say to each other: descriptors, requests and frames. Scripts use the interrupts.
import type { AskedFact, Fact } from './facts';
import type { PaneModel } from './pane';
import type { Rich } from './rich';
import type { Asked, Choice, Screen } from './screen';
import type { CommandCall, RunOutcome } from './session';
import type { CompiledCell } from './type-service';

/** The session writes its answers to this descriptor, the first after stdin, stdout and stderr. */
export const answerDescriptor = 3;

/** On this descriptor the parent names the entry to interrupt, or a signal, one per line. Its end means that the parent is gone. */
export const interruptDescriptor = 4;

/** The entry that Ctrl-C stops in the process of a script: all of the script is one entry. */
export const scriptEntry = 1;

/** What the terminal asks of the session process. */
export type SessionRequest =
  | { readonly kind: 'run'; readonly id: number; readonly cell: CompiledCell; readonly screen: Screen }
  | { readonly kind: 'command'; readonly id: number; readonly call: CommandCall; readonly screen: Screen }
  /** What Tab may offer now; the session answers while an entry waits. */
  | { readonly kind: 'choices'; readonly id: number; readonly asked: Asked }
  | { readonly kind: 'facts'; readonly id: number; readonly asked: readonly AskedFact[] }
  /** The screen has changed: output from now on is for this one. */
  | { readonly kind: 'screen'; readonly screen: Screen }
  | { readonly kind: 'stop' };

/** The answer to a question of the user's code: without a text where nobody can be asked. */
export interface Answer {
  readonly id: number;
  readonly text?: string;
}

/** What the session process says: one JSON line each, written synchronously, so that the output of a busy loop appears at once and in order. */
export type SessionFrame =
  | { readonly kind: 'ready' }
  | { readonly kind: 'print' | 'output'; readonly text: string; readonly stream: 'out' | 'err' }
  | { readonly kind: 'progress'; readonly line?: string }
  | { readonly kind: 'pane'; readonly id: number; readonly pane?: PaneModel }
  | { readonly kind: 'rich'; readonly shown: Rich }
  /** The user's code asks, and waits for a line on its standard input: an `Answer`. */
  | { readonly kind: 'ask'; readonly id: number; readonly message: string }
  | { readonly kind: 'ended'; readonly id: number; readonly outcome: RunOutcome }
  | { readonly kind: 'choices'; readonly id: number; readonly choices: readonly Choice[] }
  | { readonly kind: 'facts'; readonly id: number; readonly facts: readonly Fact[] }
  /** The user's code ends the process, with this status. */
  | { readonly kind: 'leaving'; readonly status: number }
  /** The session could not start; the message is for the user. */
  | { readonly kind: 'failed'; readonly message: string };
