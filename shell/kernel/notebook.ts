// What runs the cells of a notebook: the REPL of the prompt with its type service and session process, and a front end without a terminal.

import { checkMaster } from '../base/command-line';
import { InterruptLadder } from '../base/ctrl-c';
import { defaultSettings } from '../base/settings';
import { type SystemCommand, startSystem } from '../base/system-command';
import type { FrontEnd, SystemEnd } from '../contract/commands';
import type { Rich } from '../contract/rich';
import type { Asked, Screen, Settings } from '../contract/screen';
import type { EngineOptions } from '../contract/session';
import type { TypeService } from '../contract/type-service';
import type { Offer } from '../editor/editor';
import { newLineAt } from '../editor/indent';
import { commandOf } from '../repl/commands/commands';
import { dottedWord } from '../repl/entry-kind';
import { Repl } from '../repl/repl';
import { entriesOf, recalled } from '../repl/submitted';
import { enterSubmits } from '../terminal/enter-submits';
import { History, stateFolder } from '../terminal/history';
import { ChildSession, type SessionEnd } from '../terminal/session-client';
import { completeEntry } from '../terminal/tab-offers';
import { TypeServiceClient } from '../types/client';
import { notebookColumns, type Outputs } from './outputs';

/** How a cell ended. */
export type CellEnd =
  | { readonly status: 'ok'; readonly leaves: boolean }
  | { readonly status: 'failed'; readonly name: string; readonly message: string; readonly report: string };

export interface NotebookOptions {
  readonly engine: EngineOptions;
  readonly outputs: Outputs;
  /** Asks whoever is at the notebook; undefined where nobody can be asked. */
  readonly ask: (message: string) => Promise<string | undefined>;
}

type Failure = Extract<CellEnd, { status: 'failed' }>;

const failure = (name: string, message: string, report = message): Failure => ({ status: 'failed', name, message, report });

export class Notebook {
  readonly #options: NotebookOptions;
  readonly #outputs: Outputs;
  readonly #ladder = new InterruptLadder();
  readonly history: History;
  #master: string;
  #session: ChildSession;
  #types: TypeService;
  readonly #repl: Repl;
  #settings: Settings = defaultSettings;
  #running = false;
  #leaves = false;
  /** What was printed about errors of the entry that runs, unless the session has reported one. */
  #complaints = '';
  #reported: Failure | undefined;
  /** Why the session is gone, and its replacement does not run yet. */
  #lost: Failure | undefined;
  #command: SystemCommand | undefined;
  #stopping = false;

  constructor(options: NotebookOptions) {
    this.#options = options;
    this.#outputs = options.outputs;
    this.#master = options.engine.master;
    this.history = new History(stateFolder(), (message) => this.#note(message));
    this.#session = this.#startSession();
    this.#types = this.#startTypes();
    this.#repl = new Repl(this.#front(), this.#types, this.#session, { answers: true });
  }

  /** Runs the entries of a cell, up to the first that fails. */
  async run(code: string, label: string, remembers: boolean): Promise<CellEnd> {
    if (this.#lost) this.#renew();
    this.#running = true;
    this.#leaves = false;
    this.#ladder.reset();
    try {
      let line = 1;
      let from = 0;
      for (const typed of entriesOf(code)) {
        const at = code.indexOf(typed, from);
        if (at >= 0) {
          line = code.slice(0, at).split('\n').length;
          from = at + typed.length;
        }
        const entry = recalled(typed, this.history.numbered);
        if (entry === undefined) return failure('Error', `The history has no entry ${typed.trim()}; .history lists them.`);
        if (remembers) this.history.add(entry);
        const failed = await this.#runEntry(entry, { label, firstLine: line, folder: process.cwd(), isTyped: true });
        if (failed) return failed;
      }
      return { status: 'ok', leaves: this.#leaves };
    } finally {
      this.#running = false;
    }
  }

  async #runEntry(entry: string, origin: Parameters<Repl['run']>[1]): Promise<Failure | undefined> {
    this.#complaints = '';
    this.#reported = undefined;
    const end = await this.#repl.run(entry, origin);
    if (this.#lost) return this.#lost;
    const text = this.#complaints;
    if (end === 'ok') {
      if (text !== '') this.#outputs.print(text, 'err');
      return undefined;
    }
    if (end === 'interrupted') return failure('Interrupted', 'The cell was interrupted.', `${text}(interrupted)`);
    if (end === 'incomplete') return failure('Unfinished', 'The cell is unfinished.', `${text}The cell is unfinished.`);
    const reported = this.#reported as Failure | undefined;
    if (reported) return { ...reported, report: text + reported.report };
    return failure('Error', text.split('\n')[0].replace(/^error: /, ''), text);
  }

  /** Stops the cell that runs; one that does not stop loses its session at last. */
  interrupt(): void {
    const answer = this.#ladder.press(this.#running, Date.now());
    if (answer === 'hint') return;
    if (answer === 'restart') this.#session.kill('it did not answer the interrupt');
    else {
      this.#command?.interrupt();
      this.#repl.interrupt();
    }
    if (answer === 'warn')
      this.#note('Still stopping. Another interrupt ends this session and starts a new one; all names are lost.');
  }

  complete(text: string, cursor: number): Promise<Offer> {
    const choices = (asked: Asked) => this.#session.choices(asked);
    return completeEntry(text, cursor, { types: this.#types, lastValue: this.#repl.lastValue, choices });
  }

  /** The type and the first sentence of the name at a position, or what a command does. */
  async about(text: string, cursor: number): Promise<string | undefined> {
    const word = dottedWord(text);
    const command = word && commandOf(word);
    if (word && command && cursor < word.argumentStart) return `${command.usage}\n\n${command.brief}\n\n${command.help}`.trim();
    const start = word && command ? word.argumentStart : 0;
    const code = text.slice(start);
    const continued = this.#repl.continued(code);
    const found = await this.#types.quickInfo(continued, cursor - start + continued.length - code.length);
    // The type alone is that of a name which nobody declared.
    return found === 'any' ? undefined : found;
  }

  /** Whether a text is whole; else how its next line is indented. */
  async isWhole(text: string): Promise<{ readonly isWhole: boolean; readonly indent: string }> {
    const isWhole = await enterSubmits(text, { isSql: () => false, types: this.#types, repl: this.#repl });
    return { isWhole, indent: isWhole ? '' : newLineAt(text, text.length).indentation };
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#command?.interrupt();
    await Promise.allSettled([this.#session.stop(), this.#types.stop()]);
  }

  #note(message: string): void {
    this.#outputs.print(`(${message})\n`, 'err');
  }

  #screen(): Screen {
    const color = this.#settings.colors === 'on';
    return { columns: notebookColumns, color, live: true, rich: true, settings: this.#settings };
  }

  #startTypes(): TypeService {
    return new TypeServiceClient({
      cwd: process.cwd(),
      facts: (asked) => this.#session.facts(asked),
      onRestart: () => this.#note('The type service ended and was started again. All names are kept.'),
    });
  }

  #startSession(): ChildSession {
    /** What an earlier session still says belongs to nobody. */
    const current = (): Outputs | undefined => (session === this.#session ? this.#outputs : undefined);
    const session: ChildSession = new ChildSession({
      engine: { ...this.#options.engine, master: this.#master },
      events: {
        print: (text, stream) => current()?.print(text, stream),
        output: (text, stream) => current()?.output(text, stream),
        progress: (line) => current()?.progress(line),
        pane: (id, pane) => current()?.pane(id, pane),
        rich: (shown) => current() && this.#show(shown),
      },
      ask: (message) => this.#options.ask(message),
      onEnd: (end) => this.#sessionEnded(session, end),
    });
    return session;
  }

  #show(shown: Rich): void {
    if (shown.kind === 'error') this.#reported = failure(shown.name, shown.message, shown.report);
    else this.#outputs.show(shown);
  }

  #sessionEnded(session: ChildSession, end: SessionEnd): void {
    if (session !== this.#session || this.#stopping) return;
    this.#outputs.forget();
    const reason = end.kind === 'left' ? `its code ended it with status ${end.status}` : end.kind === 'died' ? end.reason : '';
    this.#lost =
      end.kind === 'failed'
        ? failure('NoSession', end.message.split('\n')[0], end.message)
        : failure('SessionEnded', `The session ended: ${reason}. Its names are lost; the next cell starts a new one.`);
    if (!this.#running && end.kind !== 'failed') this.#outputs.print(`${this.#lost.message}\n`, 'err');
  }

  /** The names are lost with the session, so the type service starts afresh too. */
  #renew(): void {
    this.#session = this.#startSession();
    void this.#types.stop();
    this.#types = this.#startTypes();
    // Where the system starts no process, the next cell tries again.
    this.#lost = undefined;
    this.#repl.renew(this.#types, this.#session);
  }

  async #reset(master?: string): Promise<void> {
    if (master !== undefined) {
      checkMaster(master);
      this.#master = master;
    }
    const old = this.#session;
    this.#outputs.forget();
    this.#renew();
    await old.stop();
    this.#note(master === undefined ? 'a fresh session' : `a fresh session on ${master}`);
  }

  async #system(command: string, folder: string): Promise<SystemEnd> {
    const output = (text: string, stream: 'out' | 'err') => this.#outputs.output(text, stream);
    const running = startSystem(command, { folder, alone: true, output });
    this.#command = running;
    return running.ended.finally(() => {
      this.#command = undefined;
    });
  }

  #front(): FrontEnd {
    const master = () => this.#master;
    return {
      get master() {
        return master();
      },
      settings: () => this.#settings,
      set: (settings) => {
        this.#settings = settings;
        this.#session.setScreen(this.#screen());
      },
      print: (text, stream) => {
        if (stream === 'err' && this.#running) this.#complaints += text;
        else this.#outputs.print(text, stream);
      },
      screen: () => this.#screen(),
      page: async (text) => this.#outputs.print(`${text}\n`, 'out'),
      system: (command, folder) => this.#system(command, folder),
      reset: (asked) => this.#reset(asked),
      readBlock: async () => undefined,
      readSql: () => false,
      clearScreen: () => this.#outputs.clear(),
      history: () => this.history.numbered,
      detach: () => false,
      leave: () => {
        this.#leaves = true;
      },
    };
  }
}
