// The session in this process: evaluates entries, prints their values and errors, and stays alive whatever the user's code does.

import { rememberedSite } from '../../runtime/base/cut-text';
import { withCallSite } from '../../runtime/base/flow';
import type { Choice, Screen } from '../contract/screen';
import type { CommandCall, RunOutcome, Session, SessionEvents } from '../contract/session';
import type { CompiledCell } from '../contract/type-service';
import { isInterruption } from '../evaluate/breakable';
import { type Evaluation, Evaluator, type EvaluatorOptions, type RunOptions } from '../evaluate/evaluate';
import type { Waits } from '../evaluate/waits';
import { type Described, printValue } from '../print/print';
import { reportError } from '../print/report';
import { captureOutput, outputBroken } from './output';

/** What a command works on. */
export interface CommandInput {
  /** The value of its expression, where it has one. */
  readonly value: unknown;
  readonly cell: CompiledCell | undefined;
  readonly words: readonly string[];
  readonly screen: Screen;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
}

/** What is to be printed, or to be read in a pager. */
export type CommandAnswer = string | { readonly page: string };

export type SessionCommand = (input: CommandInput) => CommandAnswer | Promise<CommandAnswer>;

export interface LocalSessionOptions extends EvaluatorOptions {
  readonly events: SessionEvents;
  readonly commands?: Readonly<Record<string, SessionCommand>>;
  /** What can stand behind a command now, by its name. */
  readonly choices?: Readonly<Record<string, () => readonly Choice[]>>;
  /** What is said of values that are neither data nor datasets, or that nothing is; undefined for all others. */
  readonly describe?: (value: unknown, screen: Screen) => Described | 'nothing' | undefined;
  /** Called on Ctrl-C, to cancel what runs elsewhere: the jobs of the context. */
  readonly onInterrupt?: readonly (() => void)[];
  /** Stops what the session holds: the context. */
  readonly onStop?: () => Promise<void>;
}

const siteOf = ({ label: file, firstLine: line, text }: CompiledCell) => rememberedSite({ file, line, text });

const plainScreen: Screen = { columns: 80, color: false, live: false };

export class LocalSession implements Session {
  readonly #options: LocalSessionOptions;
  readonly #evaluator: Evaluator;
  readonly #undo: (() => void)[] = [];
  readonly #interruptHooks: (() => void)[];
  #screen: Screen = plainScreen;
  /** Rejects what the running entry is printing. */
  #stopPrinting: (() => void) | undefined;
  #interrupted = false;
  /** Aborts with the command that runs. */
  #interruption: AbortController | undefined;
  /** What `.errors` shows again. */
  #lastError: { readonly error: unknown; readonly cell: CompiledCell | undefined } | undefined;

  constructor(options: LocalSessionOptions) {
    this.#options = options;
    this.#evaluator = new Evaluator(options);
    this.#interruptHooks = [...(options.onInterrupt ?? [])];
    this.#undo.push(captureOutput((text, stream) => options.events.print(text, stream)));
    this.#surviveStrayErrors();
  }

  /** Adds to what Ctrl-C stops. */
  onInterrupt(hook: () => void): void {
    this.#interruptHooks.push(hook);
  }

  /** The names of the user's that have this value. */
  namesOf(value: unknown): string[] {
    return this.#evaluator.namesOf(value);
  }

  /** Gives a name of the prompt a value. */
  define(name: string, value: unknown): void {
    this.#evaluator.define(name, value);
  }

  async run(cell: CompiledCell, screen: Screen): Promise<RunOutcome> {
    return this.#evaluate(cell, screen, (value) => this.#print(cell, value, screen));
  }

  async command({ name, words, cell, quiet }: CommandCall, screen: Screen): Promise<RunOutcome> {
    if (name === 'run' && cell) return this.#evaluate(cell, screen, async () => {}, { keeps: cell.exported });
    if (name === 'errors') return this.#showLastError(words[0] === 'full', screen);
    const command = this.#options.commands?.[name];
    let page: string | undefined;
    const interruption = new AbortController();
    const { signal } = interruption;
    this.#interruption = interruption;
    const show = async (value: unknown) => {
      if (!command) throw new Error(`This session does not know the command ${name}.`);
      const answer = await this.#unlessInterrupted(Promise.resolve(command({ value, cell, words, screen, signal })));
      if (typeof answer === 'object') page = answer.page;
      else if (!quiet) this.#say(answer);
    };
    const outcome = cell ? await this.#evaluate(cell, screen, show, { keeps: false }) : await this.#without(screen, show);
    return outcome.status === 'ok' && page !== undefined ? { ...outcome, page } : outcome;
  }

  async choices(command: string): Promise<readonly Choice[]> {
    return this.#options.choices?.[command]?.() ?? [];
  }

  #without(screen: Screen, show: (value: unknown) => Promise<void>): Promise<RunOutcome> {
    this.#begin(screen);
    return this.#finish(undefined, screen, [], () => show(undefined));
  }

  /** Runs an entry of which only `waits` can be left. What comes of it is told by whoever asked. */
  evaluateInBackground(cell: CompiledCell, waits: Waits): Promise<Evaluation> {
    return withCallSite(siteOf(cell), () => this.#evaluator.run(cell, { background: waits }));
  }

  /** Has `.errors` show this error again; answers its report. */
  remember(error: unknown, cell: CompiledCell, screen: Screen): string {
    this.#lastError = { error, cell };
    return reportError(error, cell, screen);
  }

  setScreen(screen: Screen): void {
    this.#screen = screen;
  }

  /** The screen of the last entry, or as it is since. */
  get screen(): Screen {
    return this.#screen;
  }

  interrupt(): void {
    this.#interrupted = true;
    for (const hook of this.#interruptHooks) hook();
    this.#evaluator.interrupt();
    this.#interruption?.abort();
    this.#stopPrinting?.();
  }

  async stop(): Promise<void> {
    this.interrupt();
    for (const undo of this.#undo.splice(0)) undo();
    await this.#options.onStop?.();
  }

  /** What the entry starts, in whatever turn, knows by which text. */
  #evaluate(
    cell: CompiledCell,
    screen: Screen,
    show: (value: unknown) => Promise<void>,
    options: Pick<RunOptions, 'keeps'> = {},
  ): Promise<RunOutcome> {
    return withCallSite(siteOf(cell), () => this.#evaluateCell(cell, screen, show, options));
  }

  async #evaluateCell(
    cell: CompiledCell,
    screen: Screen,
    show: (value: unknown) => Promise<void>,
    options: Pick<RunOptions, 'keeps'>,
  ): Promise<RunOutcome> {
    this.#begin(screen);
    const evaluation = await this.#evaluator.run(cell, options);
    if (evaluation.status === 'interrupted') outputBroken();
    const names = [...cell.declared.map(({ name }) => name), ...(cell.result ? [cell.result.name] : [])];
    const initialised = evaluation.status === 'ok' ? names : evaluation.initialised;
    return this.#finish(cell, screen, initialised, async () => {
      if (evaluation.status === 'interrupted') this.#interrupted = true;
      if (evaluation.status === 'threw') throw evaluation.error;
      if (evaluation.status === 'ok') await show(evaluation.value);
    });
  }

  #begin(screen: Screen): void {
    this.#screen = screen;
    this.#interrupted = false;
  }

  /** What fails after an interrupt fails because of it: a cancelled job, an await that was left. */
  async #finish(
    cell: CompiledCell | undefined,
    screen: Screen,
    initialised: readonly string[],
    show: () => Promise<void>,
  ): Promise<RunOutcome> {
    try {
      await show();
    } catch (error) {
      if (!this.#interrupted && !isInterruption(error)) {
        this.#report(error, cell, screen);
        return { status: 'failed', initialised };
      }
      this.#interrupted = true;
    }
    return this.#interrupted ? { status: 'interrupted', initialised } : { status: 'ok', initialised };
  }

  async #print(cell: CompiledCell, value: unknown, screen: Screen): Promise<void> {
    if (!cell.result) return;
    const described = this.#options.describe?.(value, screen);
    if (described === 'nothing') return;
    this.#say(await this.#unlessInterrupted(printValue(cell.result.name, cell.result.type, value, screen, { described })));
  }

  /** Printing a dataset runs a job for its sample, which Ctrl-C stops like any other. */
  async #unlessInterrupted<T>(work: Promise<T>): Promise<T | undefined> {
    work.catch(() => {});
    const interruption = new Promise<undefined>((resolve) => {
      this.#stopPrinting = () => resolve(undefined);
    });
    try {
      return await Promise.race([work, interruption]);
    } finally {
      this.#stopPrinting = undefined;
    }
  }

  #report(error: unknown, cell: CompiledCell | undefined, screen: Screen): void {
    this.#lastError = { error, cell };
    this.#say(reportError(error, cell ?? {}, screen), 'err');
  }

  #showLastError(full: boolean, screen: Screen): RunOutcome {
    const last = this.#lastError;
    this.#say(last ? reportError(last.error, { ...last.cell, full }, screen) : 'no errors yet');
    return { status: 'ok' };
  }

  #say(text: string | undefined, stream: 'out' | 'err' = 'out'): void {
    if (text) this.#options.events.print(`${text}\n`, stream);
  }

  /** A late rejection or a timer that throws is reported, and the session goes on. */
  #surviveStrayErrors(): void {
    const report = (error: unknown) => {
      if (!isInterruption(error)) this.#report(error, undefined, this.#screen);
    };
    process.on('uncaughtException', report);
    process.on('unhandledRejection', report);
    this.#undo.push(() => process.off('uncaughtException', report));
    this.#undo.push(() => process.off('unhandledRejection', report));
  }
}
