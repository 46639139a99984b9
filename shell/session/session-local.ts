// The session of this process: evaluates entries, prints values and errors, and survives whatever the user's code does.

import { rememberedSite } from '../../runtime/base/cut-text';
import { withCallSite } from '../../runtime/base/flow';
import { restoreBuiltins, watchBuiltins } from '../../runtime/closure/guarded-builtins';
import type { AskedFact, Fact } from '../contract/facts';
import type { Asked, Choice, Screen } from '../contract/screen';
import type { CommandCall, EntryToRerun, RunOutcome, Session, SessionEvents } from '../contract/session';
import type { CompiledCell } from '../contract/type-service';
import { isInterruption } from '../evaluate/breakable';
import { type Evaluation, Evaluator, type EvaluatorOptions, type RunOptions } from '../evaluate/evaluate';
import type { Waits } from '../evaluate/interruptible-waits';
import type { StaleNames } from '../evaluate/stale-names';
import { htmlTable } from '../print/html-table';
import { type Described, printValue, type ShownTable } from '../print/print-value';
import { namedError } from '../print/report-error';
import type { SourceText } from '../print/user-frames';
import { shownOf } from './dataset-of';
import { LastError, lastErrorName } from './last-error';
import { liveNames } from './live-names';
import { captureOutput, outputBroken } from './user-output';

/** The input of a command. */
export interface CommandInput {
  /** The value of its expression, if it has one. */
  readonly value: unknown;
  readonly cell: CompiledCell | undefined;
  readonly words: readonly string[];
  readonly screen: Screen;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
}

/** Text to print, or to show in a pager; or what is to run again. */
export type CommandAnswer = string | Shown | { readonly page: string } | { readonly entries: readonly EntryToRerun[] };

/** What a command shows: a rich screen gets its other forms too. */
export interface Shown {
  readonly text: string;
  readonly html?: string;
  readonly svg?: string;
}

export type SessionCommand = (input: CommandInput) => CommandAnswer | Promise<CommandAnswer>;

export interface LocalSessionOptions extends EvaluatorOptions {
  readonly events: SessionEvents;
  readonly commands?: Readonly<Record<string, SessionCommand>>;
  /** The completions for each command, by its name. */
  readonly choices?: Readonly<Record<string, () => readonly Choice[]>>;
  /** What is known of queries; `valueOf` gives the values of the user's names. */
  readonly facts?: (asked: readonly AskedFact[], valueOf: (name: string) => unknown) => Promise<readonly Fact[]>;
  /** How to describe a value that is neither data nor a dataset; 'nothing' prints nothing, undefined means any other value. */
  readonly describe?: (value: unknown, screen: Screen) => Described | 'nothing' | undefined;
  /** For scripts: prints nothing for a value that is undefined, whatever its static type. */
  readonly hidesUndefined?: boolean;
  /** Called before each entry and command. */
  readonly onBegin?: (screen: Screen) => void;
  /** Called on Ctrl-C, to cancel the jobs of the context. */
  readonly onInterrupt?: readonly (() => void)[];
  /** Called after the report of an error that nobody caught. Without it the session goes on. */
  readonly onStrayError?: () => void;
  /** Stops the context. */
  readonly onStop?: () => Promise<void>;
}

const siteOf = ({ label: file, firstLine: line, text }: CompiledCell) => rememberedSite({ file, line, text });

/** How often the built-ins are looked at while an entry runs. */
const checkMs = 100;

const plainScreen: Screen = { columns: 80, color: false, live: false };

export class LocalSession implements Session {
  readonly #options: LocalSessionOptions;
  readonly #evaluator: Evaluator;
  readonly #undo: (() => void)[] = [];
  readonly #interruptHooks: (() => void)[];
  #screen: Screen = plainScreen;
  /** That of the last entry: a stray error is of its file, or of one that it imported. */
  #label: string | undefined;
  /** Rejects the print of the running entry. */
  #stopPrinting: (() => void) | undefined;
  #interrupted = false;
  /** Built-ins that the running entry changed, as was told. */
  readonly #toldChanged = new Set<string>();
  /** Aborts the running command. */
  #interruption: AbortController | undefined;
  readonly lastError = new LastError((error) => this.#evaluator.update(lastErrorName, error));

  constructor(options: LocalSessionOptions) {
    this.#options = options;
    this.#evaluator = new Evaluator(options);
    this.#evaluator.update(lastErrorName, undefined);
    this.#interruptHooks = [...(options.onInterrupt ?? [])];
    this.#undo.push(captureOutput((text, stream) => this.#output(text, stream)));
    this.#surviveStrayErrors();
    watchBuiltins((names, isBack) => this.#tellChanged(names, isBack));
  }

  /** Adds a function that Ctrl-C calls. */
  onInterrupt(hook: () => void): void {
    this.#interruptHooks.push(hook);
  }

  /** The user's names for this value. */
  namesOf(value: unknown): string[] {
    return this.#evaluator.namesOf(value);
  }

  /** What is known of names that use older definitions of others. */
  get stale(): StaleNames {
    return this.#evaluator.stale;
  }

  /** Gives a name of the prompt a value. */
  define(name: string, value: unknown): void {
    this.#evaluator.define(name, value);
  }

  /** Gives a name of the prompt another value, unless the user has declared it. */
  update(name: string, value: unknown): void {
    this.#evaluator.update(name, value);
  }

  async run(cell: CompiledCell, screen: Screen): Promise<RunOutcome> {
    return this.#evaluate(cell, screen, (value) => this.#print(cell, value, screen));
  }

  async command({ name, words, cell, quiet }: CommandCall, screen: Screen): Promise<RunOutcome> {
    if (name === 'run' && cell) return this.#evaluate(cell, screen, async () => {}, { keeps: cell.exported });
    const command = this.#options.commands?.[name];
    let more: Exclude<CommandAnswer, string | Shown> | undefined;
    const interruption = new AbortController();
    const { signal } = interruption;
    this.#interruption = interruption;
    const show = async (value: unknown) => {
      if (!command) throw new Error(`This session does not know the command ${name}.`);
      const answer = await this.#unlessInterrupted(Promise.resolve(command({ value, cell, words, screen, signal })));
      if (typeof answer === 'object' && !('text' in answer)) more = answer;
      else if (!quiet && answer !== undefined) this.#show('display', answer, screen);
    };
    const outcome = cell ? await this.#evaluate(cell, screen, show, { keeps: false }) : await this.#without(screen, show);
    return outcome.status === 'ok' ? { ...outcome, ...more } : outcome;
  }

  async choices(asked: Asked): Promise<readonly Choice[]> {
    if ('command' in asked) return this.#options.choices?.[asked.command]?.() ?? [];
    const root = this.#evaluator.valueOf(asked.value.path[0]);
    return root ? liveNames(root.value, asked.value, asked.word) : [];
  }

  /** What is known of queries, whose tables may be variables of the session. */
  async facts(asked: readonly AskedFact[]): Promise<readonly Fact[]> {
    const valueOf = (name: string) => this.#evaluator.valueOf(name)?.value;
    return (await this.#options.facts?.(asked, valueOf)) ?? asked.map(({ key }) => ({ key }));
  }

  #without(screen: Screen, show: (value: unknown) => Promise<void>): Promise<RunOutcome> {
    this.#begin(screen);
    return this.#finish(undefined, screen, [], () => show(undefined));
  }

  /** Runs an entry that only `waits` can interrupt. The caller reports its end. */
  evaluateInBackground(cell: CompiledCell, waits: Waits): Promise<Evaluation> {
    return withCallSite(siteOf(cell), () => this.#evaluator.run(cell, { background: waits }));
  }

  setScreen(screen: Screen): void {
    this.#screen = screen;
  }

  /** The current screen: that of the last entry, or a later size. */
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

  /** Everything the entry starts, even later, carries the entry's text. */
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
    this.#label = cell.label;
    // The code of timers and promises runs at any time.
    const check = setInterval(restoreBuiltins, checkMs).unref();
    const evaluation = await this.#evaluator.run(cell, options).finally(() => clearInterval(check));
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
    this.#options.onBegin?.(screen);
    this.#interrupted = false;
    this.#toldChanged.clear();
  }

  /** A failure after an interrupt counts as interrupted: the interrupt cancelled its job or its await. */
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
        this.#fail(error, cell ?? {}, screen);
        return { status: 'failed', initialised };
      }
      this.#interrupted = true;
    }
    if (this.#interrupted) return { status: 'interrupted', initialised };
    return { status: 'ok', initialised, redeclares: cell !== undefined && this.stale.hasNews };
  }

  async #print(cell: CompiledCell, value: unknown, screen: Screen): Promise<void> {
    if (!cell.result) return;
    // A statement of a script, such as the await of a timer: there is nobody who asked for its value.
    if (value === undefined && this.#options.hidesUndefined) return;
    const described = this.#options.describe?.(value, screen);
    if (described === 'nothing') return;
    const { name, type } = cell.result;
    let html: string | undefined;
    const onTable = screen.rich ? (table: ShownTable) => (html = htmlTable(table)) : undefined;
    const text = await this.#unlessInterrupted(printValue(name, type, shownOf(value), screen, { described, onTable }));
    if (text) this.#show('value', { text, html }, screen);
  }

  #show(kind: 'value' | 'display', shown: string | Shown, { rich }: Screen): void {
    const forms = typeof shown === 'string' ? { text: shown } : shown;
    const { rich: event } = this.#options.events;
    const isRich = kind === 'value' || forms.html !== undefined || forms.svg !== undefined;
    if (rich && event && isRich) event({ kind, ...forms });
    else this.#say(forms.text);
  }

  /** Printing a dataset runs a job for its sample; Ctrl-C stops that job too. */
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

  /** The error that ends an entry. */
  #fail(error: unknown, source: SourceText, screen: Screen): void {
    const { rich } = this.#options.events;
    if (!screen.rich || !rich) return this.#report(error, source, screen);
    const report = this.lastError.report(error, source, screen);
    rich({ kind: 'error', ...namedError(error), report });
  }

  #report(error: unknown, source: SourceText, screen: Screen): void {
    this.#say(this.lastError.report(error, source, screen), 'err');
  }

  #say(text: string | undefined, stream: 'out' | 'err' = 'out'): void {
    if (text) this.#options.events.print(`${text}\n`, stream);
  }

  #output(text: string, stream: 'out' | 'err'): void {
    restoreBuiltins();
    this.#options.events.output(text, stream);
  }

  /** Each name once an entry: a timer may change it again and again. */
  #tellChanged(names: readonly string[], isBack: boolean): void {
    const news = names.filter((name) => !this.#toldChanged.has(name));
    for (const name of news) this.#toldChanged.add(name);
    if (news.length === 0) return;
    const end = isBack
      ? 'The session needs what was there, so it is back.'
      : 'It cannot be put back, and the session needs it: .reset starts a fresh one.';
    this.#say(`warning: your code changed ${news.join(', ')}. ${end}`, 'err');
  }

  /** A late rejection or a timer that throws is reported. At the prompt the session goes on; a script leaves it to its own handlers first. */
  #surviveStrayErrors(): void {
    const { onStrayError } = this.#options;
    for (const event of ['uncaughtException', 'unhandledRejection']) {
      const report = (error: unknown) => {
        restoreBuiltins();
        const isCancelled = this.#interrupted && (error as { code?: unknown } | null)?.code === 'JOB_CANCELLED';
        if (isInterruption(error) || isCancelled || (onStrayError && process.listenerCount(event) > 1)) return;
        this.#report(error, { label: this.#label }, this.#screen);
        onStrayError?.();
      };
      process.on(event, report);
      this.#undo.push(() => process.off(event, report));
    }
  }
}
