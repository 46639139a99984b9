// Runs a script without a terminal: the session is in this process, the output is plain, the exit status reports how it ended.
import path from 'node:path';
import { MillraceError } from '../../runtime/base/errors';
import { type EndingSignal, endingSignals, exitStatus, signalStatus, suspendSignal } from '../base/ctrl-c';
import { endProcess } from '../base/end-process';
import { defaultSettings } from '../base/settings';
import { type SystemCommand, startSystem } from '../base/system-command';
import type { FrontEnd, SystemEnd } from '../contract/commands';
import { scriptEntry } from '../contract/protocol';
import type { Screen, Settings } from '../contract/screen';
import type { EngineOptions, Session } from '../contract/session';
import type { CompiledCell } from '../contract/type-service';
import { sendBreaksThrough } from '../evaluate/breakable';
import { InterruptGate } from '../evaluate/interrupt-gate';
import { holdScriptInput, readOnWhenContinued, whileInputFlows } from '../evaluate/script-input';
import { watchSyncChildren } from '../evaluate/sync-children';
import { reportError } from '../print/report-error';
import { escapeControls } from '../print/safe-text';
import { Repl } from '../repl/repl';
import { readScript, runText } from '../repl/run-text';
import { openSession } from '../session/open-session';
import { TypeServiceClient } from '../types/client';
import { ScriptLife } from './script-life';
import { ScriptOutput } from './script-output';
import { Watch } from './watch';

/** What to run. */
export type Script =
  | { readonly kind: 'file'; readonly file: string; readonly args: readonly string[] }
  | { readonly kind: 'text'; readonly label: string; readonly text: string; readonly args: readonly string[] };

export interface ScriptOptions extends EngineOptions {
  /** Runs the script again whenever one of its files changes, until a signal ends it. */
  readonly watch: boolean;
  /** True only checks the script and its modules; false runs it whatever their types are. */
  readonly check?: boolean;
}

/** How long the context may take to stop. */
const stopLimitMs = 2_000;
/** How long a slow reader of the output may take after an interrupt. */
const drainLimitMs = 1_000;
const brokenPipeStatus = 141;
/** As in Node: the script awaits what can never come. */
const stuckStatus = 13;

/**
 * Runs the script to its end, waits for what it has begun, and ends the process with its `process.exitCode`, 1 after an error, 130 after
 * Ctrl-C, 143 after SIGTERM.
 * The process is that of `shell/script/script-main.ts`; its parent forwards Ctrl-C.
 */
export async function runScript(script: Promise<Script>, options: ScriptOptions): Promise<never> {
  const run = new ScriptRun();
  return run.end(await run.run(script, options));
}

class ScriptRun {
  readonly #output = new ScriptOutput();
  /** The orderly end of the process; a signal that comes meanwhile changes nothing. */
  #ending: Promise<never> | undefined;
  #session: Session | undefined;
  #types: TypeServiceClient | undefined;
  #repl: Repl | undefined;
  #leaveStatus: number | undefined;
  #isInterrupted = false;
  /** An error that nobody caught has been reported. */
  #strayed = false;
  #isWatch = false;
  #check: boolean | undefined;
  #active = () => false;
  readonly #life = new ScriptLife({ isActive: () => this.#active(), stuck: (cell) => this.#stuck(cell) });
  /** Set while `--watch` waits for a change: Ctrl-C aborts it. */
  #waiting: AbortController | undefined;
  /** The command of the system that runs. */
  #command: SystemCommand | undefined;
  #settings: Settings = defaultSettings;
  #master = 'local';
  readonly #onSignal = (signal: NodeJS.Signals) => void this.end(exitStatus(signal as EndingSignal));

  constructor() {
    // A reader that has seen enough, such as `head`, is no error.
    process.stdout.on('error', (error: NodeJS.ErrnoException) => this.#outputFailed(error));
    for (const signal of endingSignals) process.on(signal, this.#onSignal);
    // Signals come through the gate; one sent by hand means the same. The user's handlers are called once.
    process.on('SIGINT', () => this.#interrupt());
    const { ppid } = process;
    process.on('SIGTSTP', () => {
      readOnWhenContinued();
      if (process.ppid === ppid) process.kill(ppid, suspendSignal);
    });
    const gate = new InterruptGate({
      interrupted: (again) => (again ? this.#interrupt() : process.emit('SIGINT')),
      orphaned: () => void this.end(exitStatus('SIGHUP')),
      ended: (signal) => process.emit(signal, signal),
    });
    sendBreaksThrough(gate);
    watchSyncChildren(gate);
    gate.begin(scriptEntry);
  }

  #outputFailed({ code, message }: NodeJS.ErrnoException): never {
    if (code !== 'EPIPE') this.#output.print(`error: cannot write the output: ${message}\n`, 'err');
    return process.exit(code === 'EPIPE' ? brokenPipeStatus : 1);
  }

  #interrupt(): void {
    this.#isInterrupted = true;
    if (this.#waiting) this.#waiting.abort();
    // As in Node, the script's own handler answers instead.
    else if (this.#life.isDraining) void (process.listenerCount('SIGINT') > 1 || this.end(exitStatus('SIGINT')));
    else if (this.#repl) this.#interruptRun();
    else void this.end(exitStatus('SIGINT'));
  }

  #interruptRun(): void {
    this.#command?.interrupt();
    this.#repl?.interrupt();
  }

  async run(asked: Promise<Script>, { master, executorMemory, config, spark, watch, check }: ScriptOptions): Promise<number> {
    this.#master = master;
    try {
      const script = await asked;
      const { label } = await source(script);
      holdScriptInput();
      process.argv = [process.argv[0], script.kind === 'file' ? path.resolve(script.file) : label, ...script.args];
      this.#types = new TypeServiceClient({
        cwd: process.cwd(),
        warms: false,
        holds: false,
        facts: async (asked) => (await this.#session?.facts(asked)) ?? [],
      });
      this.#isWatch = watch;
      this.#check = check;
      const session = await openSession({
        // What is only checked needs no executors.
        master: check ? 'local' : master,
        executorMemory,
        spark,
        config,
        args: script.args,
        events: {
          print: (text, stream) => this.#output.print(text, stream),
          output: (text, stream) => this.#output.output(text, stream),
          progress: () => {},
          pane: () => {},
        },
        script: { onStrayError: () => this.#stray() },
      });
      this.#session = session;
      this.#active = () => session.isActive();
      const repl = new Repl(this.#front(), this.#types, watch ? session : this.#released(session));
      this.#repl = repl;
      return watch ? await this.#runAgain(repl, script) : await this.#runOnce(repl, script);
    } catch (error) {
      if (!this.#ending) this.#output.print(reportError(error, {}, this.#screen()) + '\n', 'err');
      return 1;
    }
  }

  /** The session, in whose entries only the script keeps the process alive. */
  #released(session: Session): Session {
    return {
      run: (cell, screen) => this.#life.ofScript(cell, () => session.run(cell, screen)),
      command: (call, screen) => this.#life.ofScript(call.cell, () => session.command(call, screen)),
      choices: (asked) => session.choices(asked),
      facts: (asked) => session.facts(asked),
      setScreen: (screen) => session.setScreen(screen),
      interrupt: () => session.interrupt(),
      stop: () => session.stop(),
    };
  }

  /** An error that nobody caught ends a script, as it ends Node. */
  #stray(): void {
    if (this.#isInterrupted) return;
    this.#strayed = true;
    if (this.#isWatch) this.#interruptRun();
    else void this.end(1);
  }

  #stuck(cell: CompiledCell | undefined): void {
    const place = cell ? `${escapeControls(cell.label)}:${cell.firstLine}: ` : '';
    this.#output.print(
      `${place}error: this statement awaits what can never come: nothing is left to do that could end the wait\n`,
      'err',
    );
    void this.end(stuckStatus);
  }

  async #runOnce(repl: Repl, script: Script): Promise<number> {
    process.exitCode = undefined;
    this.#strayed = false;
    const end = await repl.guard(async () => {
      const { text, label, folder } = await source(script);
      const ended = await runText(repl, text, label, folder, this.#check);
      if (ended !== 'ok' || this.#leaveStatus !== undefined) return ended;
      // Its background entries, jobs, timers and servers belong to the script; streams end unless it awaits them.
      const settled = await repl.runInSession('settle', { quiet: true });
      if (settled === 'ok' && !this.#isWatch) await whileInputFlows(this.#life.drained());
      return settled;
    });
    if (this.#leaveStatus !== undefined) return this.#leaveStatus;
    if (end === 'interrupted') return this.#strayed ? 1 : exitStatus('SIGINT');
    return end === 'ok' ? Number(process.exitCode ?? 0) : 1;
  }

  /** Runs the script again and again in one session: executors stay, and what a run left running is stopped first. */
  async #runAgain(repl: Repl, script: Script): Promise<number> {
    const file = (script as Script & { kind: 'file' }).file;
    for (;;) {
      const watch = new Watch(path.resolve(file));
      const left = new AbortController();
      const run = this.#runOnce(repl, script);
      const changed = watch.change(left.signal);
      const early = await Promise.race([run.then(() => undefined), changed]);
      if (early !== undefined) this.#interruptRun();
      const status = await run;
      if (this.#leaveStatus !== undefined || (status === exitStatus('SIGINT') && early === undefined)) {
        left.abort();
        return status;
      }
      if (early === undefined)
        this.#output.print(`(${status === 0 ? 'done' : 'failed'}; waiting for a change of ${escapeControls(file)})\n`, 'err');
      this.#waiting = left;
      const next = await changed;
      this.#waiting = undefined;
      if (next === undefined) return exitStatus('SIGINT');
      const name = path.relative(process.cwd(), next);
      await repl.guard(() => repl.runInSession('cancel', { quiet: true }));
      await repl.guard(() => repl.runInSession('stop', { quiet: true }));
      this.#output.print(`(${escapeControls(name)} has changed: running again)\n`, 'err');
    }
  }

  /** Stops everything, flushes the last output, and ends the process. */
  end(status: number): Promise<never> {
    this.#ending ??= this.#end(status);
    return this.#ending;
  }

  async #end(status: number): Promise<never> {
    // What is broken off now is no news.
    process.on('unhandledRejection', () => {});
    // Stopping may leave no handle that keeps the process alive; this timer does.
    const timer = new Promise((resolve) => setTimeout(resolve, stopLimitMs));
    this.#command?.interrupt();
    await Promise.race([Promise.allSettled([this.#session?.stop(), this.#types?.stop()]), timer]);
    const written = Promise.all([drained(process.stdout), drained(process.stderr)]);
    // A write that a signal broke off never reports its end.
    const patience = new Promise((resolve) => setTimeout(resolve, drainLimitMs));
    await (status > signalStatus ? Promise.race([written, patience]) : written);
    endProcess(status);
  }

  async #system(command: string, folder: string): Promise<SystemEnd> {
    const running = startSystem(command, { folder, alone: true });
    this.#command = running;
    const end = await running.ended;
    this.#command = undefined;
    return end;
  }

  #screen(): Screen {
    const { colors } = this.#settings;
    const color = colors === 'auto' ? wantsColor(process.env) : colors === 'on';
    return { columns: process.stdout.columns || 80, color, live: false, settings: this.#settings };
  }

  #front(): FrontEnd {
    return {
      settings: () => this.#settings,
      set: (settings) => {
        this.#settings = settings;
      },
      page: async (text) => this.#output.print(`${text}\n`, 'out'),
      system: (command, folder) => this.#system(command, folder),
      // Once the process ends, errors of what it breaks off are not printed.
      print: (text, stream) => void (this.#ending || this.#output.print(text, stream)),
      screen: () => this.#screen(),
      readBlock: async () => undefined,
      clearScreen: () => {},
      readSql: () => false,
      master: this.#master,
      detach: () => false,
      reset: async () => {
        throw new MillraceError('BAD_ARGUMENT', {
          operation: '.reset',
          argument: 'the command',
          value: 'in a script',
          rule: 'at the prompt',
          remedy: 'Leave it out: each script has its own session.',
        });
      },
      history: () => [],
      leave: (status) => {
        this.#leaveStatus ??= status;
      },
    };
  }
}

/** A script prints plain text unless FORCE_COLOR asks for colours: a terminal may show its pipe. */
function wantsColor({ FORCE_COLOR: force }: NodeJS.ProcessEnv): boolean {
  return force !== undefined && force !== '0' && force !== 'false';
}

async function source(script: Script): Promise<{ text: string; label: string; folder: string }> {
  if (script.kind === 'text') return { text: script.text, label: script.label, folder: process.cwd() };
  const full = path.resolve(script.file);
  return { text: await readScript(full, script.file, process.cwd()), label: script.file, folder: path.dirname(full) };
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0 || stream.destroyed) resolve();
    else stream.once('drain', resolve);
  });
}
