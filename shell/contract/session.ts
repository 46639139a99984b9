// What runs the user's entries: evaluates compiled entries, prints their values, answers Ctrl-C. A script's session is in its process, the terminal's in a child.
import type { Config } from '../../runtime';
import type { AskedFact, Fact } from './facts';
import type { PaneModel } from './pane';
import type { Rich } from './rich';
import type { Asked, Choice, Screen } from './screen';
import type { CompiledCell } from './type-service';

/** Where the jobs of a session run, and how: what the command line chose. */
export interface EngineOptions {
  readonly master: string;
  /** Heap of each executor in MiB; a share of the machine's memory if left out. */
  readonly executorMemory?: number;
  /** Options of the context that differ from the defaults. */
  readonly config?: Partial<Config>;
  /** For the masters of Apache Spark: its folder, and its own settings. */
  readonly spark?: {
    readonly home?: string;
    readonly conf?: Readonly<Record<string, string>>;
    readonly shipNode?: boolean;
  };
}

/** How the process of a session starts. */
export interface SessionStart extends EngineOptions {
  /** `prompt(…)` asks whoever is at the front end. */
  readonly asks?: boolean;
}

/** A command that needs the session. */
export interface CommandCall {
  readonly name: string;
  /** Its arguments besides the expression; each command defines its words. */
  readonly words: readonly string[];
  /** The expression on whose value it works: `.explain EXPR` has one, `.jobs` none. */
  readonly cell?: CompiledCell;
  /** Its answer is not printed. */
  readonly quiet?: boolean;
}

export type RerunText = Pick<CompiledCell, 'label' | 'folder' | 'firstLine' | 'text' | 'result'>;

/** An entry to run again. Its value gets the name that it had. */
export interface EntryToRerun {
  readonly entry: RerunText;
  /** The names that it made. */
  readonly names: readonly string[];
  /** It is a file that ran as a module. */
  readonly isModule: boolean;
}

export type RunOutcome =
  | {
      readonly status: 'ok';
      readonly initialised?: readonly string[];
      readonly page?: string;
      /** What `.rerun` has to run. */
      readonly entries?: readonly EntryToRerun[];
      /** Names were declared again. */
      readonly redeclares?: boolean;
    }
  /** The error was printed. `initialised` are the names that got their value before it. */
  | { readonly status: 'failed'; readonly initialised: readonly string[] }
  | { readonly status: 'interrupted'; readonly initialised: readonly string[] };

export interface SessionEvents {
  /** Lines of the shell for the screen, above the prompt: values, errors, notices. */
  print(text: string, stream: 'out' | 'err'): void;
  /** What the user's code wrote to stdout or stderr: any part of a line. */
  output(text: string, stream: 'out' | 'err'): void;
  /** The progress line of the running job; undefined removes it. */
  progress(line: string | undefined): void;
  /** The state of a live pane; undefined closes it. Only called for a live screen. */
  pane(id: number, pane: PaneModel | undefined): void;
  /** A value, or the error that ended an entry. Only called for a rich screen. */
  rich?(shown: Rich): void;
}

export interface Session {
  /** Runs an entry, prints its value or error, and answers how it ended. Never rejects because of the user's code. */
  run(cell: CompiledCell, screen: Screen): Promise<RunOutcome>;
  /** Runs a dotted command that needs the session. */
  command(call: CommandCall, screen: Screen): Promise<RunOutcome>;
  /** What Tab may offer now; also answers while an entry waits. */
  choices(asked: Asked): Promise<readonly Choice[]>;
  /** What is known of queries before they run; also answers while an entry waits. */
  facts(asked: readonly AskedFact[]): Promise<readonly Fact[]>;
  /** The screen has changed: output between entries is for the new one. */
  setScreen(screen: Screen): void;
  /** Ctrl-C: breaks a synchronous loop, cancels jobs, abandons an await; all names stay. */
  interrupt(): void;
  /** Stops the context and ends. */
  stop(): Promise<void>;
}
