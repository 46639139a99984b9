// Runs a script without a terminal: the session in this process, plain output, and an exit status that tells.
import path from 'node:path';
import { type EndingSignal, exitStatus } from './interrupt';
import { readScript, runText } from './load';
import { openSession } from './open-session';
import { Repl, type Stage } from './repl';
import { reportError } from './report';
import type { Screen, Session } from './session';
import { TypeServiceClient } from './types/client';

/** What is to be run. */
export type Script =
  | { readonly kind: 'file'; readonly file: string; readonly args: readonly string[] }
  | { readonly kind: 'text'; readonly label: string; readonly text: string; readonly args: readonly string[] };

/** How long the context may take to stop. */
const stopLimitMs = 2_000;
/** How long a slow reader may take for the last output after an interrupt. */
const drainLimitMs = 1_000;
const brokenPipeStatus = 141;
/** Statuses above this tell of a signal. */
const signalStatus = 128;
const endingSignals = ['SIGTERM', 'SIGHUP'] satisfies EndingSignal[];

/** Runs the script to its end and ends the process: 0, 1 after an error, 130 after Ctrl-C, 143 after SIGTERM. */
export async function runScript(script: Script, master: string, executorMemory?: number): Promise<never> {
  const run = new ScriptRun();
  return run.end(await run.run(script, master, executorMemory));
}

class ScriptRun {
  // Taken before the session routes what the user's code writes.
  readonly #write = {
    out: process.stdout.write.bind(process.stdout) as (text: string) => boolean,
    err: process.stderr.write.bind(process.stderr) as (text: string) => boolean,
  };
  /** Ends the process in order; a signal that comes meanwhile changes nothing. */
  #ending: Promise<never> | undefined;
  #session: Session | undefined;
  #types: TypeServiceClient | undefined;
  #leaveStatus: number | undefined;
  readonly #onSignal = (signal: NodeJS.Signals) => void this.end(exitStatus(signal as EndingSignal));

  constructor() {
    // A reader that has seen enough, as `head`, is no error.
    process.stdout.on('error', () => process.exit(brokenPipeStatus));
  }

  async run(script: Script, master: string, executorMemory?: number): Promise<number> {
    this.#handleSignals();
    try {
      const { text, label, folder } = await source(script);
      process.argv = [process.argv[0], script.kind === 'file' ? path.resolve(script.file) : script.label, ...script.args];
      this.#types = new TypeServiceClient({ cwd: process.cwd() });
      this.#session = await openSession({
        master,
        executorMemory,
        args: script.args,
        events: { print: (printed, stream) => this.#write[stream](printed), progress: () => {}, pane: () => {} },
      });
      const repl = new Repl(this.#stage(), this.#types, this.#session);
      process.on('SIGINT', () => repl.interrupt());
      const end = await repl.guard(() => runText(repl, text, label, folder));
      if (this.#leaveStatus !== undefined) return this.#leaveStatus;
      return end === 'ok' ? 0 : end === 'interrupted' ? exitStatus('SIGINT') : 1;
    } catch (error) {
      this.#write.err(reportError(error, {}, screen()) + '\n');
      return 1;
    }
  }

  /** Stops everything, lets the last output out, and ends the process. */
  end(status: number): Promise<never> {
    this.#ending ??= this.#end(status);
    return this.#ending;
  }

  async #end(status: number): Promise<never> {
    // What is left to stop may hold no handle that keeps the process waiting; this timer does.
    const timer = new Promise((resolve) => setTimeout(resolve, stopLimitMs));
    await Promise.race([Promise.allSettled([this.#session?.stop(), this.#types?.stop()]), timer]);
    const written = Promise.all([drained(process.stdout), drained(process.stderr)]);
    // A write that a signal broke off never tells that it ended.
    const patience = new Promise((resolve) => setTimeout(resolve, drainLimitMs));
    await (status > signalStatus ? Promise.race([written, patience]) : written);
    process.exit(status);
  }

  #handleSignals(): void {
    for (const signal of endingSignals) process.on(signal, this.#onSignal);
  }

  #stage(): Stage {
    return {
      print: (text, stream) => this.#write[stream](text),
      screen,
      readBlock: async () => undefined,
      clearScreen: () => {},
      history: () => [],
      leave: (status) => {
        this.#leaveStatus ??= status;
      },
    };
  }
}

function screen(): Screen {
  return { columns: process.stdout.columns || 80, color: false, live: false };
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
