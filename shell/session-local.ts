// The session in this process: evaluates entries, prints their values and errors, and stays alive whatever the user's code does.
import { withCallSite } from '../runtime/flow';
import { rememberedSite } from '../runtime/status/cut-text';
import { isInterruption } from './breakable';
import { Evaluator, type EvaluatorOptions } from './evaluate';
import { captureOutput, outputBroken } from './output';
import { type Described, printValue } from './print';
import { reportError } from './report';
import type { RunOutcome, Screen, Session, SessionEvents } from './session';
import type { CompiledCell } from './types/protocol';

/** A dotted command that needs the session: gets the value of its expression, or its words, if it has any, and answers what to print. */
export type SessionCommand = (value: unknown, screen: Screen, cell: CompiledCell | undefined) => string | Promise<string>;

export interface LocalSessionOptions extends EvaluatorOptions {
  readonly events: SessionEvents;
  readonly commands?: Readonly<Record<string, SessionCommand>>;
  /** What is said of values that are neither data nor datasets, or that nothing is; undefined for all others. */
  readonly describe?: (value: unknown, screen: Screen) => Described | 'nothing' | undefined;
  /** Called on Ctrl-C, to cancel what runs elsewhere: the jobs of the context. */
  readonly onInterrupt?: readonly (() => void)[];
  /** Stops what the session holds: the context. */
  readonly onStop?: () => Promise<void>;
}

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

  /** Gives a name of the prompt a value. */
  define(name: string, value: unknown): void {
    this.#evaluator.define(name, value);
  }

  async run(cell: CompiledCell, screen: Screen): Promise<RunOutcome> {
    return this.#evaluate(cell, screen, (value) => this.#print(cell, value, screen));
  }

  async command(name: string, cell: CompiledCell | undefined, screen: Screen): Promise<RunOutcome> {
    if (name === 'errors' || name === 'errors full') return this.#showLastError(name === 'errors full', screen);
    const [word, ...argument] = name.split(' ');
    const command = this.#options.commands?.[word];
    const show = async (value: unknown) => {
      if (!command) throw new Error(`This session does not know the command ${name}.`);
      this.#say(await this.#unlessInterrupted(Promise.resolve(command(value, screen, cell))));
    };
    if (cell) return this.#evaluate(cell, screen, show);
    this.#begin(screen);
    return this.#finish(undefined, screen, [], () => show(argument.length === 0 ? undefined : argument.join(' ')));
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
    this.#stopPrinting?.();
  }

  async stop(): Promise<void> {
    this.interrupt();
    for (const undo of this.#undo.splice(0)) undo();
    await this.#options.onStop?.();
  }

  /** What the entry starts, in whatever turn, knows by which text. */
  #evaluate(cell: CompiledCell, screen: Screen, show: (value: unknown) => Promise<void>): Promise<RunOutcome> {
    const { label: file, firstLine: line, text } = cell;
    return withCallSite(rememberedSite({ file, line, text }), () => this.#evaluateCell(cell, screen, show));
  }

  async #evaluateCell(cell: CompiledCell, screen: Screen, show: (value: unknown) => Promise<void>): Promise<RunOutcome> {
    this.#begin(screen);
    const evaluation = await this.#evaluator.run(cell);
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
    this.#say(await this.#unlessInterrupted(printValue(cell.result.name, cell.result.type, value, screen, described)));
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
