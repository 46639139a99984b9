// The terminal process: paints the prompt before anything heavy starts, then runs the typed entries in order in the session process.
import type { ReadStream, WriteStream } from 'node:tty';
import { checkMaster } from '../base/command-line';
import { endingSignals, exitStatus, InterruptLadder } from '../base/ctrl-c';
import { endProcess, terminalIsGone } from '../base/end-process';
import { detachPrompt, heldTerminal } from '../base/held-terminal';
import { later } from '../base/later';
import { defaultSettings } from '../base/settings';
import type { FrontEnd } from '../contract/commands';
import type { PaneModel } from '../contract/pane';
import type { Asked, Screen, Settings } from '../contract/screen';
import type { EngineOptions } from '../contract/session';
import type { SignatureHint, TypeService } from '../contract/type-service';
import { BlockEditor } from '../editor/block-editor';
import type { Parts } from '../editor/colours';
import type { Editor, EditorHost, Offer } from '../editor/editor';
import { PlainEditor } from '../editor/plain-editor';
import { commandOf } from '../repl/commands/commands';
import { dottedWord } from '../repl/entry-kind';
import { Repl } from '../repl/repl';
import { entriesOf, recalled } from '../repl/submitted';
import { bannerText } from './banner';
import { canPaint } from './can-paint';
import { enterSubmits } from './enter-submits';
import { History, stateFolder } from './history';
import { PaneBoard } from './live-panes';
import { OtherPrograms } from './other-programs';
import { rcFile } from './rc';
import { writeReplay } from './replay';
import { screenNow } from './screen-now';
import { ChildSession, type SessionEnd } from './session-client';
import { completeEntry } from './tab-offers';

export interface TerminalOptions extends EngineOptions {
  /** No banner. */
  readonly quiet: boolean;
  /** Runs the rc file, if there is one, before the first entry. */
  readonly rc: boolean;
}

/** How long leaving may take in total. */
const leaveLimitMs = 3_000;

/** Shows the prompt and serves it until the user leaves, which ends the process. */
export function runTerminal(options: TerminalOptions): void {
  new Terminal(options).start();
}

class Terminal implements EditorHost {
  readonly #options: TerminalOptions;
  readonly #history: History;
  readonly #editor: Editor;
  readonly #plain: PlainEditor | undefined;
  readonly #ladder = new InterruptLadder();
  readonly #panes = new PaneBoard(() => this.#screen().color);
  readonly #others: OtherPrograms;
  #types: TypeService | undefined;
  #session: ChildSession | undefined;
  #repl: Repl | undefined;
  readonly #queue: string[] = [];
  #running = false;
  #leaveStatus: number | undefined;
  #finishing = false;
  #settings: Settings = defaultSettings;
  #master: string;
  /** Where jobs ran before `.master`. */
  #masterBefore: string | undefined;
  #replacement: (() => Promise<void>) | undefined;
  #toldRestart = false;
  /** Entries are SQL, but for commands. */
  #readsSql = false;

  constructor(options: TerminalOptions) {
    this.#options = options;
    this.#master = options.master;
    const folder = stateFolder();
    this.#history = new History(folder, (message) => this.#note(message));
    this.#plain = canPaint(process) ? undefined : new PlainEditor(process.stdin, process.stdout);
    this.#editor = this.#plain ?? this.#blockEditor();
    this.#others = new OtherPrograms(this.#editor, { paints: this.#plain === undefined });
  }

  start(): void {
    if (!this.#options.quiet) this.#editor.print(bannerText(this.#options.master, this.#screen().color));
    this.#handleSignals();
    this.#editor.start(this);
    // The prompt is on the screen; only now is there time for anything else.
    setImmediate(() => this.#open());
  }

  submit(text: string): void {
    for (const typed of entriesOf(text)) {
      const entry = recalled(typed, this.#history.numbered);
      if (entry === undefined) this.#note(`The history has no entry ${typed.trim()}; .history lists them with their numbers.`);
      else if (this.#queue.push(entry)) this.#history.add(entry);
    }
    void this.#pump();
  }

  isComplete(submitted: string): boolean | Promise<boolean> {
    const isSql = (text: string) => this.#isSql(text);
    return enterSubmits(submitted, { isSql, types: this.#types, repl: this.#repl });
  }

  parts(text: string): Parts {
    const word = dottedWord(text);
    const command = word && commandOf(word);
    if (!word || !command) return { command: 0, code: this.#isSql(text) ? text.length : 0 };
    const length = word.sign.length + word.word.length;
    return {
      command: length,
      code: command.argument === 'expression' || command.argument === 'export' ? word.argumentStart : text.length,
    };
  }

  #isSql(text: string): boolean {
    return this.#readsSql && dottedWord(text) === undefined;
  }

  async complete(text: string, cursor: number): Promise<Offer> {
    if (this.#isSql(text) || !this.#types || !this.#repl) return { start: cursor, end: cursor, entries: [] };
    const choices = async (asked: Asked) => (await this.#session?.choices(asked)) ?? [];
    return completeEntry(text, cursor, { types: this.#types, lastValue: this.#repl.lastValue, choices });
  }

  async signature(text: string, cursor: number): Promise<SignatureHint | undefined> {
    const [code, at] = this.#codeAt(text, cursor);
    return this.#settings.signatures ? this.#types?.signature(code, at) : undefined;
  }

  async about(text: string, cursor: number): Promise<string | undefined> {
    const [code, at] = this.#codeAt(text, cursor);
    return this.#types?.quickInfo(code, at);
  }

  /** The TypeScript of an entry, as it is checked, and the cursor in it. */
  #codeAt(text: string, cursor: number): [code: string, cursor: number] {
    const { code: start } = this.parts(text);
    const code = text.slice(start);
    const continued = this.#repl?.continued(code) ?? code;
    return [continued, cursor - start + continued.length - code.length];
  }

  interrupt(): void {
    const answer = this.#ladder.press(this.#running, Date.now());
    if (answer === 'hint') {
      this.#note('To leave, press Ctrl-D or type .exit');
      return;
    }
    this.#dropQueue();
    if (answer === 'restart') this.#session?.kill('it did not answer Ctrl-C');
    else this.#repl?.interrupt();
    if (answer === 'warn')
      this.#note('Still stopping. Another Ctrl-C ends this session and starts a new one; all names are lost.');
  }

  leave(): void {
    if (this.#readsSql) return void this.#setSql(false);
    this.#leaveStatus ??= 0;
    if (terminalIsGone()) void this.#finish(exitStatus('SIGHUP'));
    else if (this.#running) this.#note('The shell leaves when this entry ends; Ctrl-C stops it.');
    else if (this.#queue.length === 0) void this.#finish(this.#leaveStatus);
  }

  #blockEditor(): BlockEditor {
    const earlier = { entries: () => this.#history.entries, refreshed: () => this.#history.refreshed() };
    const color = () => this.#screen().color;
    return new BlockEditor(process.stdin as ReadStream, process.stdout as WriteStream, { earlier, color });
  }

  #setSql(on: boolean): true {
    this.#readsSql = on;
    this.#editor.setPrompt(on ? 'sql> ' : undefined);
    return true;
  }

  #note(message: string): void {
    this.#editor.print(`(${message})\n`);
  }

  #screen(): Screen {
    return screenNow(this.#settings, this.#plain === undefined);
  }

  #open(): void {
    const session = this.#startSession();
    const types = this.#startTypes();
    const repl = new Repl(this.#front(), types, session, { answers: true });
    this.#repl = repl;
    void this.#runRc(repl).then(() => this.#pump());
  }

  /** Entries typed meanwhile wait. An error in the file is reported, and what ran before stays. */
  async #runRc(repl: Repl): Promise<void> {
    const file = this.#rcFile();
    if (file === undefined) return;
    const wasRunning = this.#running;
    this.#running = true;
    this.#editor.setBusy(true);
    const end = await repl.guard(() => repl.runQuietly(file));
    if (end !== 'ok') this.#noteRc(file);
    this.#running = wasRunning;
    this.#editor.setBusy(wasRunning);
  }

  #rcFile(): string | undefined {
    return this.#options.rc ? rcFile() : undefined;
  }

  #noteRc(file: string): void {
    this.#note(`${file} did not run to its end; --no-rc skips it.`);
  }

  #startTypes(): TypeService {
    // Loaded here, so that it does not delay the first paint.
    const { TypeServiceClient } = require('../types/client') as typeof import('../types/client');
    this.#types = new TypeServiceClient({
      cwd: process.cwd(),
      facts: async (asked) => (await this.#session?.facts(asked)) ?? [],
      onRestart: () => this.#noteRestart(),
    });
    return this.#types;
  }

  /** Once: an entry that it cannot check is reported by itself. */
  #noteRestart(): void {
    if (!this.#toldRestart) this.#note('The type service ended and was started again. All names are kept.');
    this.#toldRestart = true;
  }

  #startSession(): ChildSession {
    const { executorMemory, config, spark } = this.#options;
    const master = this.#master;
    const session = new ChildSession({
      engine: { master, executorMemory, config, spark },
      events: {
        print: (text) => this.#editor.print(text),
        output: (text) => this.#editor.write(text),
        progress: (line) => this.#editor.setProgress(line),
        pane: (id, pane) => this.#showPane(id, pane),
      },
      onEnd: (end) => this.#sessionEnded(session, end),
    });
    this.#session = session;
    return session;
  }

  #showPane(id: number, pane: PaneModel | undefined): void {
    const { columns } = this.#screen();
    if (pane) this.#panes.update(id, pane);
    else this.#editor.print(this.#panes.close(id, columns));
    this.#editor.setPanes(this.#panes.isEmpty ? undefined : this.#panes.render);
  }

  /** Prints the last state of every pane above the prompt. */
  #closePanes(): void {
    if (this.#panes.isEmpty) return;
    this.#editor.print(this.#panes.closeAll(this.#screen().columns));
    this.#editor.setPanes(undefined);
  }

  #front(): FrontEnd {
    return {
      settings: () => this.#settings,
      set: (settings) => {
        this.#settings = settings;
        this.#session?.setScreen(this.#screen());
      },
      page: (text) => this.#others.page(text, this.#settings.pager),
      system: (command, folder) => this.#others.system(command, folder),
      master: this.#master,
      reset: (master) => this.#reset(master),
      print: (text) => this.#editor.print(text),
      screen: () => this.#screen(),
      readBlock: () => this.#editor.readBlock(),
      readSql: (on) => this.#setSql(on),
      clearScreen: () => this.#editor.clearScreen(),
      history: () => this.#history.numbered,
      detach: detachPrompt,
      leave: (status) => {
        if (this.#readsSql) return void this.#setSql(false);
        // Entries typed after it do not run.
        this.#queue.length = 0;
        this.#leaveStatus = status;
      },
    };
  }

  /** Runs the waiting entries one after the other; each is echoed when it starts. */
  async #pump(): Promise<void> {
    if (this.#running || !this.#repl || this.#finishing) return;
    this.#running = true;
    this.#editor.setBusy(true);
    for (let entry = this.#queue.shift(); entry !== undefined && !this.#finishing; entry = this.#queue.shift()) {
      this.#ladder.reset();
      this.#editor.setWaiting([...this.#queue]);
      this.#editor.echo(entry);
      const end = await this.#repl.run(this.#isSql(entry) ? `.sql ${entry}` : entry);
      if (end === 'incomplete') this.#goOn(entry);
      if (this.#replacement) await this.#replacement();
      else if (end === 'interrupted') this.#note('interrupted');
    }
    this.#running = false;
    this.#ladder.reset();
    this.#editor.setWaiting([]);
    if (this.#leaveStatus !== undefined) await this.#finish(this.#leaveStatus);
    else this.#editor.setBusy(false);
  }

  /** The checker found an entry unfinished that looked whole: it goes back into the editor. */
  #goOn(entry: string): void {
    this.#note('This entry is unfinished: finish it, or press Ctrl-C to drop it.');
    this.#editor.edit(entry + '\n');
  }

  #dropQueue(): void {
    if (this.#queue.length === 0) return;
    this.#note(`${this.#queue.length} waiting ${this.#queue.length === 1 ? 'entry' : 'entries'} dropped`);
    this.#queue.length = 0;
    this.#editor.setWaiting([]);
  }

  #sessionEnded(session: ChildSession, end: SessionEnd): void {
    if (session !== this.#session || this.#finishing) return;
    if (end.kind === 'left') {
      void this.#finish(end.status);
      return;
    }
    if (end.kind === 'failed') {
      this.#editor.print(end.message + '\n');
      if (this.#masterBefore === undefined) return void this.#finish(1);
      [this.#master, this.#masterBefore] = [this.#masterBefore, undefined];
      this.#note(`a fresh session on ${this.#master}, as before`);
      return this.#replaceSession();
    }
    this.#dropQueue();
    this.#closePanes();
    this.#editor.print(`The session ended: ${end.reason}. Its names are lost; a new session starts.\n`);
    for (const note of writeReplay(this.#repl?.accepted ?? [])) this.#note(note);
    this.#replaceSession();
  }

  async #reset(master?: string): Promise<void> {
    if (master !== undefined) {
      checkMaster(master);
      [this.#masterBefore, this.#master] = [this.#master, master];
    }
    const old = this.#session;
    this.#closePanes();
    void this.#types?.stop();
    const session = this.#startSession();
    // At once: a file that resets the session goes on in the new one.
    this.#repl?.renew(this.#startTypes(), session);
    await old?.stop();
    this.#note(master === undefined ? 'a fresh session' : `a fresh session on ${master}`);
    const file = this.#rcFile();
    if (file !== undefined && (await this.#repl?.runQuietly(file)) !== 'ok') this.#noteRc(file);
  }

  /** The names are lost with the process, so the type service restarts too. */
  #replaceSession(): void {
    void this.#types?.stop();
    const session = this.#startSession();
    const types = this.#startTypes();
    const renew = async () => {
      this.#replacement = undefined;
      this.#repl?.renew(types, session);
      if (this.#repl) await this.#runRc(this.#repl);
    };
    // A running entry still uses the old ones; they are replaced when it ends.
    if (this.#running) this.#replacement = renew;
    else void renew().then(() => this.#pump());
  }

  #handleSignals(): void {
    process.on('SIGINT', () => {
      if (!this.#others.takeInterrupt() && !this.#plain?.dropEntry()) this.interrupt();
    });
    for (const signal of endingSignals) {
      process.on(signal, () => void this.#finish(exitStatus(signal)));
    }
    const tell = () => this.#session?.setScreen(this.#screen());
    process.stdout.on('resize', tell);
    heldTerminal()?.watch(tell);
    for (const stream of [process.stdin, process.stdout]) stream.on('error', () => void this.#finish(exitStatus('SIGHUP')));
    process.on('exit', () => this.#editor.stop());
  }

  async #finish(status: number): Promise<void> {
    if (this.#finishing) return;
    this.#finishing = true;
    this.#editor.setPanes(undefined);
    this.#editor.stop();
    // Streams process what they received; their last output and the last state of their panes follow.
    await Promise.race([Promise.allSettled([this.#session?.stop(), this.#types?.stop()]), later(leaveLimitMs, undefined)]);
    this.#closePanes();
    await heldTerminal()?.leave(status);
    endProcess(status);
  }
}
