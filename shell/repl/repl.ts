// The REPL: takes entries one by one through check, run and commit, or to their command; the same for terminal and scripts.
import path from 'node:path';
import { asError, MillraceError } from '../../runtime/base/errors';
import { nearest } from '../../runtime/base/nearest';
import { continuationStart } from '../base/continuation';
import type { CommandHost, EntryEnd, FrontEnd, SessionWork, SystemEnd } from '../contract/commands';
import type { RunOutcome, Session } from '../contract/session';
import type {
  CheckOptions,
  CompiledCell,
  Diagnostic,
  ModuleErrors,
  RanCell,
  TextOrigin,
  TypeService,
} from '../contract/type-service';
import { formatDiagnostics, reportError } from '../print/report-error';
import { type EntrySession, holdingBack } from './checked-entries';
import { commandNames, commandOf } from './commands/commands';
import { dottedWord } from './entry-kind';
import { NestedLoads } from './nested-loads';
import { rerunEntries } from './rerun';
import { loadFile, moduleText, type StatementRunner } from './run-text';
import { isForeign, wordHint } from './word-hints';

const inputLabel = '<input>';
const turnMs = 20; // Statements of a script that await nothing run so long at a stretch.

export class Repl implements StatementRunner {
  readonly #front: FrontEnd;
  readonly #answers: boolean;
  #types: TypeService;
  #session: EntrySession;
  readonly #accepted: string[] = [];
  readonly #loads = new NestedLoads();
  /** The name of the value that an entry with a leading dot continues. */
  #lastValue: string | undefined;
  /** The last entry has no value, or not the one that was meant. */
  #failed = false;
  /** Set while an entry runs: ends its wait for the type service. The session answers interrupts itself. */
  #abandon: (() => void) | undefined;
  #interrupted = false;
  /** An entry has declared names again since the last prompt. */
  #redeclares = false;
  #abandoned: Promise<'abandoned'> = new Promise(() => {});

  /** `answers`: declarations hold the answers of jobs, as at the prompt; in scripts they hold promises, as everywhere in TypeScript. */
  constructor(front: FrontEnd, types: TypeService, session: Session, { answers = false } = {}) {
    this.#answers = answers;
    this.#front = front;
    this.#types = types;
    this.#session = holdingBack(session, () => this.#interrupted);
  }

  get lastValue(): string | undefined {
    return this.#lastValue;
  }

  /** The entries that ran, in order; running them again restores the names. */
  get accepted(): readonly string[] {
    return this.#accepted;
  }

  /** Continues with a fresh session that knows no names yet. */
  renew(types: TypeService, session: Session): void {
    this.#types = types;
    this.#session = holdingBack(session, () => this.#interrupted);
    this.#lastValue = undefined;
    this.#failed = false;
    this.#accepted.length = 0;
  }

  /** Takes one entry to its end. Never rejects: errors are printed. */
  run(text: string, origin?: TextOrigin): Promise<EntryEnd> {
    return this.guard(async () => {
      this.#redeclares = false;
      const end = await this.dispatch(text, origin);
      if (this.#redeclares && this.#front.settings().hints) await this.runInSession('stale', { words: ['notice'] });
      return end;
    });
  }

  /** Runs the entries of stale names again, as if they were typed again, up to the first that fails. */
  async rerun(names: readonly string[]): Promise<EntryEnd> {
    const outcome = await this.#session.command({ name: 'rerun', words: names }, this.#front.screen());
    if (outcome.status !== 'ok') return outcome.status;
    return rerunEntries(outcome.entries ?? [], {
      run: ({ text, result }, origin) => this.runTypeScript(text, origin, result?.name),
      runModule: (file, folder) => this.runModule(file, folder),
      print: (text, stream) => this.#front.print(text, stream),
    });
  }

  /** Does `work` so that `interrupt` can stop it and errors are printed. */
  async guard(work: () => Promise<EntryEnd>): Promise<EntryEnd> {
    this.#interrupted = false;
    this.#abandoned = new Promise((resolve) => {
      this.#abandon = () => resolve('abandoned');
    });
    try {
      return await work();
    } catch (error) {
      if (this.#interrupted) return 'interrupted';
      this.fail(error);
      return 'failed';
    } finally {
      this.#abandon = undefined;
    }
  }

  /** Ctrl-C: stops the running entry, whether it is checked or runs in the session. */
  interrupt(): void {
    this.#interrupted = true;
    this.#session.interrupt();
    this.#types.interrupt();
    this.#abandon?.();
  }

  /** Settles as the work does, or rejects when the user interrupts. */
  unlessInterrupted<T>(work: Promise<T>): Promise<T> {
    const interruption = this.#abandoned.then((): never => {
      throw new Error('The user interrupted.');
    });
    return Promise.race([work, interruption]);
  }

  /** Prints an error of the shell: what happened and what to do. */
  fail(thrown: unknown): void {
    this.#front.print(ended(reportError(asError(thrown), {}, this.#front.screen())), 'err');
  }

  /** Prints the type errors of a text. */
  complain(diagnostics: readonly Diagnostic[], text: string, origin?: TextOrigin): void {
    const report = formatDiagnostics(
      diagnostics,
      text,
      origin?.label ?? inputLabel,
      origin?.firstLine ?? 1,
      this.#front.screen(),
    );
    this.#front.print(ended(report), 'err');
  }

  /** Checks TypeScript; if it passes, runs it and commits its names. Its value gets the name `result`, if one is given. */
  async runTypeScript(text: string, origin?: TextOrigin, result?: string): Promise<EntryEnd> {
    this.#failed = true;
    const cell = await this.compile(text, origin, { result });
    if (typeof cell === 'string') return cell;
    const end = await this.#finish(cell, await this.#session.run(cell, this.#front.screen()));
    this.#failed = end !== 'ok';
    return end;
  }

  /** Checks a text as a whole, and runs its statements one after the other, up to the first that fails. */
  async runStatements(typed: string, origin: TextOrigin): Promise<EntryEnd> {
    const text = this.continued(typed);
    const cells = await this.#compileScript(text, origin);
    if (typeof cells === 'string') return cells;
    const ran: RanCell[] = [];
    let end: EntryEnd = 'ok';
    let turned = performance.now();
    for (const cell of cells) {
      // Signals, timers and sockets get their turn between statements that await nothing.
      if (performance.now() - turned > turnMs) {
        await new Promise(setImmediate);
        turned = performance.now();
      }
      // Ctrl-C may come between two statements.
      if (this.#interrupted) end = 'interrupted';
      if (end !== 'ok') break;
      const outcome = await this.#session.run(cell, this.#front.screen());
      end = outcome.status;
      if (end === 'ok' || outcome.initialised!.length > 0) {
        ran.push({ cellId: cell.id, names: outcome.initialised });
        this.#remember(cell, outcome);
      }
      if (end === 'ok') this.#accepted.push(cell.script ?? cell.text);
    }
    await this.#types.commitScript(ran);
    this.#failed = end !== 'ok';
    return end;
  }

  /** Only checks a text; its names are known to the texts that are checked after it. */
  async checkStatements(text: string, origin: TextOrigin): Promise<EntryEnd> {
    const cells = await this.#compileScript(text, origin);
    if (typeof cells === 'string') return cells;
    await this.#types.commitScript(cells.map(({ id }) => ({ cellId: id })));
    return 'ok';
  }

  /** Checks a script; answers its compiled statements, or how it ended (already reported). */
  async #compileScript(text: string, origin: TextOrigin): Promise<readonly CompiledCell[] | EntryEnd> {
    const script = await this.#unlessAbandoned(this.#types.compileScript(text, origin, this.#checkOptions()));
    if (script === 'interrupted') return script;
    if (script.status === 'ok') return script.cells;
    this.complain(script.diagnostics, text, origin);
    this.#complainOfModules(script.modules);
    return 'failed';
  }

  /** Runs a command of the session, on the value of an expression if there is one. */
  async runInSession(
    name: string,
    { expression, words = [], keeps = false, quiet = false }: SessionWork = {},
  ): Promise<EntryEnd> {
    const cell = expression === undefined ? undefined : await this.compile(this.continued(expression));
    if (typeof cell === 'string') return cell;
    const outcome = await this.#session.command({ name, words, cell, quiet }, this.#front.screen());
    if (cell && keeps) return this.#finish(cell, outcome);
    if (outcome.status === 'ok' && outcome.page !== undefined) await this.#front.page(outcome.page);
    return outcome.status;
  }

  /** Starts an entry in the background. Its names are known at once; they get their values when it ends. */
  async runInBackground(expression: string): Promise<EntryEnd> {
    // What runs in the background is awaited by whom it pleases.
    const cell = await this.compile(this.continued(expression), undefined, { answers: false });
    if (typeof cell === 'string') return cell;
    const { status } = await this.#session.command({ name: 'bg', words: [], cell }, this.#front.screen());
    if (status === 'ok') {
      await this.#types.commit(cell.id, undefined, { inBackground: true });
      this.#accepted.push(cell.script ?? cell.text);
    }
    return status;
  }

  /** Runs a file as a module: only its exports become names. */
  async runModule(file: string, folder: string): Promise<EntryEnd> {
    const { text, origin } = await this.unlessInterrupted(moduleText(file, folder));
    const cell = await this.compile(text, origin, { answers: false });
    if (cell === 'incomplete') throw new MillraceError('UNFINISHED_SCRIPT', { label: file });
    if (typeof cell === 'string') return cell;
    const outcome = await this.#session.command({ name: 'run', words: [], cell }, this.#front.screen());
    const names = cell.exported.filter((name) => outcome.status === 'ok' || outcome.initialised.includes(name));
    await this.#types.commit(cell.id, names, { isModule: true });
    if (outcome.status !== 'ok') return outcome.status;
    this.#accepted.push(`.run ${JSON.stringify(origin.file)}`);
    this.#front.print(names.length === 0 ? '(the file exports no names)\n' : `(names: ${names.join(', ')})\n`, 'out');
    return 'ok';
  }

  /** Runs the rc file: `.save` leaves its entries out. */
  async runQuietly(file: string): Promise<EntryEnd> {
    const end = await this.#load(file, process.cwd());
    this.#accepted.length = 0;
    return end;
  }

  /** The text, with the last value put in front if it begins with a dot. */
  continued(text: string): string {
    const dot = this.#lastValue === undefined ? undefined : continuationStart(text);
    return dot === undefined ? text : text.slice(0, dot) + this.#lastValue + text.slice(dot);
  }

  #load(file: string, folder: string): Promise<EntryEnd> {
    return this.#loads.within(file, folder, () => loadFile(this, file, folder));
  }

  /** Checks a text; answers the compiled entry, or how it ended (already reported). */
  async compile(text: string, origin?: TextOrigin, options?: CheckOptions): Promise<CompiledCell | EntryEnd> {
    const result = await this.#unlessAbandoned(this.#types.compile(text, origin, { ...this.#checkOptions(), ...options }));
    if (result === 'interrupted') return result;
    if (result.status === 'ok') {
      if (this.#complainOfModules(result.modules))
        this.#front.print('(What it imports has type errors. It runs all the same; in a script it would not.)\n', 'err');
      return result.cell;
    }
    const hint = origin === undefined || origin.isTyped ? wordHint(text) : undefined;
    if (result.status === 'incomplete' && hint === undefined) return 'incomplete';
    if (hint !== undefined && (result.status === 'incomplete' || result.diagnostics.some(isForeign))) {
      this.#front.print(`(${hint}.)\n`, 'err');
    } else if (result.status === 'error') this.complain(result.diagnostics, text, origin);
    return 'failed';
  }

  /** Prints the type errors of the user's modules; answers whether there are any. */
  #complainOfModules(modules: readonly ModuleErrors[] = []): boolean {
    for (const { file: label, text, diagnostics } of modules)
      this.complain(diagnostics, text, { label, firstLine: 1, folder: path.dirname(label) });
    return modules.length > 0;
  }

  async #unlessAbandoned<T>(answer: Promise<T>): Promise<T | 'interrupted'> {
    const first = await Promise.race([answer, this.#abandoned]);
    // The answer may have come in the same turn as the interrupt.
    return first === 'abandoned' || this.#interrupted ? 'interrupted' : first;
  }

  #checkOptions(): CheckOptions {
    return { answers: this.#answers, strict: this.#front.settings().strict };
  }

  /** Runs an entry: a command or TypeScript. */
  async dispatch(text: string, origin?: TextOrigin): Promise<EntryEnd> {
    if (this.#interrupted) return 'interrupted';
    const word = dottedWord(text);
    const command = word && commandOf(word);
    if (word && command) return command.run(this.#commandHost(origin), word.argument);
    if (word && this.#isMisspelt(word.sign, word.argument)) return this.#unknownCommand(word.sign + word.word, word.word);
    if (this.#continuesFailure(text)) return 'failed';
    const end = await this.runTypeScript(this.continued(text), origin);
    if (end === 'failed' && word && word.argument === '') this.#suggest(word.word);
    return end;
  }

  /** An indented chain belongs to the entry before it. Where that failed, an older value would be a wrong one; this says so. */
  #continuesFailure(text: string): boolean {
    if (!this.#failed || !continuationStart(text)) return false;
    this.#front.print('This line continues the entry before it, which failed: it was not run.\n', 'err');
    return true;
  }

  /** Whether an unknown word is a misspelt command: `.lod file.ts` is no chain, and a chain needs a last value. */
  #isMisspelt(sign: '.' | ':', argument: string): boolean {
    return sign === ':' || this.#lastValue === undefined || /^[\w"'/~]/.test(argument);
  }

  #unknownCommand(written: string, word: string): EntryEnd {
    const meant = nearest(word, commandNames());
    const advice = meant === undefined ? 'Try .help for the list.' : `Did you mean .${meant}?`;
    this.#front.print(`There is no command ${written}. ${advice}\n`, 'err');
    return 'failed';
  }

  #suggest(word: string): void {
    const meant = nearest(word, commandNames());
    if (meant !== undefined) this.#front.print(`(Did you mean the command .${meant}?)\n`, 'err');
  }

  async #finish(cell: CompiledCell, outcome: RunOutcome): Promise<EntryEnd> {
    if (outcome.status === 'ok' || outcome.initialised.length > 0) {
      await this.#types.commit(cell.id, outcome.initialised);
      this.#remember(cell, outcome);
    }
    if (outcome.status === 'ok') this.#accepted.push(cell.script ?? cell.text);
    return outcome.status;
  }

  #remember(cell: CompiledCell, { initialised, ...outcome }: RunOutcome): void {
    if (outcome.status === 'ok' && outcome.redeclares) this.#redeclares = true;
    const isThere = (name: string) => initialised === undefined || initialised.includes(name);
    const values = cell.declared.filter(({ name, kind }) => ['const', 'let', 'var'].includes(kind) && isThere(name));
    const last = cell.result?.name ?? values.at(-1)?.name;
    if (last !== undefined) this.#lastValue = last;
  }

  #commandHost(origin?: TextOrigin): CommandHost {
    return {
      front: this.#front,
      accepted: this.#accepted,
      folder: origin?.folder ?? process.cwd(),
      typeOf: (expression) => this.#typeOf(expression),
      doc: (name) => this.#types.doc(name),
      lastValue: this.#lastValue,
      typeText: async (expression) => {
        const answer = await this.#types.typeOf(expression);
        return 'type' in answer ? answer.type : undefined;
      },
      system: (command) => this.#system(command),
      path: (expression, command) => this.#path(expression, command),
      inSession: (name, work) => this.runInSession(name, work),
      inBackground: (expression) => this.runInBackground(expression),
      entry: (text) => this.runTypeScript(this.continued(text)),
      load: (file, folder) => this.#load(file, folder),
      runModule: (file, folder) => this.runModule(file, folder),
      rerun: (names) => this.rerun(names),
    };
  }

  async #system(command: string): Promise<SystemEnd | EntryEnd> {
    const outcome = await this.#session.command({ name: 'folder', words: [] }, this.#front.screen());
    if (outcome.status !== 'ok') return outcome.status;
    const end = await this.#front.system(command, outcome.page ?? process.cwd());
    return this.#interrupted ? 'interrupted' : end;
  }

  async #path(expression: string, command: string): Promise<{ readonly path: string } | EntryEnd> {
    const cell = await this.compile(this.continued(expression));
    if (typeof cell === 'string') return cell;
    const outcome = await this.#session.command({ name: 'path', words: [command], cell }, this.#front.screen());
    return outcome.status === 'ok' ? { path: outcome.page ?? '' } : outcome.status;
  }

  async #typeOf(expression: string): Promise<EntryEnd> {
    const text = this.continued(expression);
    const answer = await Promise.race([this.#types.typeOf(text, this.#checkOptions()), this.#abandoned]);
    if (answer === 'abandoned') return 'interrupted';
    if ('type' in answer) {
      this.#front.print(answer.type + '\n', 'out');
      return 'ok';
    }
    this.complain(answer.diagnostics, text);
    return 'failed';
  }
}

function ended(text: string): string {
  return text.endsWith('\n') ? text : text + '\n';
}
