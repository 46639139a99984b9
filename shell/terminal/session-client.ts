// The session as the terminal sees it: a child process that gets requests over its IPC channel and answers in lines on descriptor 3.
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { killGroup } from '../../cluster/base/child-process';
import { withOneArena } from '../base/one-arena';
import { entryArguments } from '../base/package-root';
import type { AskedFact, Fact } from '../contract/facts';
import { type Answer, answerDescriptor, interruptDescriptor, type SessionFrame, type SessionRequest } from '../contract/protocol';
import type { Asked, Choice, Screen } from '../contract/screen';
import type { CommandCall, EngineOptions, RunOutcome, Session, SessionEvents, SessionStart } from '../contract/session';
import type { CompiledCell } from '../contract/type-service';

export type SessionEnd =
  | { readonly kind: 'left'; readonly status: number }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'died'; readonly reason: string };

/** How long a session has to end its jobs and executors before it is killed. */
const stopLimitMs = 2_000;

/** How long Tab waits for the session: one that is busy with the user's loop does not answer. */
const choicesLimitMs = 1_000;

/** The start of a crash report that V8 writes for its own developers. */
const crashReport = /^(?:<--- Last few GCs --->|FATAL ERROR|#$|# Fatal error)/m;

export interface ChildSessionOptions {
  readonly engine: EngineOptions;
  readonly events: SessionEvents;
  /** Asks the user for `prompt(…)`; undefined where nobody can be asked. Without it the session has nobody. */
  readonly ask?: (message: string) => Promise<string | undefined>;
  /** The process is gone, although nobody stopped it. */
  onEnd(end: SessionEnd): void;
}

interface Pending {
  readonly id: number;
  readonly resolve: (outcome: RunOutcome) => void;
}

const abandoned: RunOutcome = { status: 'interrupted', initialised: [] };

export class ChildSession implements Session {
  readonly #options: ChildSessionOptions;
  readonly #child: ChildProcess;
  readonly #interrupts: Writable;
  readonly #exited: Promise<void>;
  #ready = false;
  /** Requests made before the process listened. */
  #early: SessionRequest[] = [];
  #pending: Pending | undefined;
  /** Resolves the pending requests for choices, by id. */
  readonly #asking = new Map<number, (choices: readonly Choice[]) => void>();
  /** Resolves the pending requests for facts, by id; the type service does not wait for those of a session that is gone. */
  readonly #learning = new Map<number, (facts: readonly Fact[]) => void>();
  #lastId = 0;
  #stopping = false;
  #isGone = false;
  #end: SessionEnd | undefined;
  #errorText = '';

  constructor(options: ChildSessionOptions) {
    this.#options = options;
    const asks = options.ask !== undefined;
    const start: SessionStart = { ...options.engine, asks };
    this.#child = spawn(
      process.execPath,
      [...entryArguments('session.js', 'shell/session/session-main.ts'), JSON.stringify(start)],
      {
        env: withOneArena(),
        stdio: [asks ? 'pipe' : 'ignore', 'pipe', 'pipe', 'pipe', 'pipe', 'ipc'],
        // A process group of its own: the terminal process gets the signals of the terminal's keys and forwards their meaning.
        detached: true,
      },
    );
    this.#interrupts = this.#child.stdio[interruptDescriptor] as Writable;
    // The exit of the process reports its end.
    this.#interrupts.on('error', () => {});
    this.#child.stdin?.on('error', () => {});
    readLines(this.#child.stdio[answerDescriptor] as Readable, (line) => this.#takeLine(line));
    readText(this.#child.stdout, (text) => options.events.output(text, 'out'));
    readText(this.#child.stderr, (text) => this.#stderr(text));
    this.#exited = new Promise((resolve) => {
      // Not 'exit': answers may still be in the pipe then.
      this.#child.once('close', (status, signal) => {
        this.#closed(status, signal);
        resolve();
      });
      this.#child.once('error', (error) => {
        this.#end ??= { kind: 'died', reason: error.message };
        this.#closed(null, null);
        resolve();
      });
    });
  }

  run(cell: CompiledCell, screen: Screen): Promise<RunOutcome> {
    return this.#ask((id) => ({ kind: 'run', id, cell, screen }));
  }

  command(call: CommandCall, screen: Screen): Promise<RunOutcome> {
    return this.#ask((id) => ({ kind: 'command', id, call, screen }));
  }

  choices(asked: Asked): Promise<readonly Choice[]> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#offer(id, []), choicesLimitMs);
      this.#asking.set(id, (choices) => {
        clearTimeout(timer);
        resolve(choices);
      });
      this.#send({ kind: 'choices', id, asked });
    });
  }

  facts(asked: readonly AskedFact[]): Promise<readonly Fact[]> {
    if (this.#isGone) return Promise.resolve([]);
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#learning.set(id, resolve);
      this.#send({ kind: 'facts', id, asked });
    });
  }

  #offer(id: number, choices: readonly Choice[]): void {
    this.#asking.get(id)?.(choices);
    this.#asking.delete(id);
  }

  setScreen(screen: Screen): void {
    this.#send({ kind: 'screen', screen });
  }

  interrupt(): void {
    if (!this.#pending) return;
    if (this.#ready) {
      this.#interrupts.write(`${this.#pending.id}\n`);
      return;
    }
    // Before it is ready, the process would die of the signal; a request that it has not received is simply dropped.
    this.#early = [];
    this.#settle(this.#pending.id, abandoned);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#send({ kind: 'stop' });
    const timer = setTimeout(() => this.#killAll(), stopLimitMs);
    await this.#exited;
    clearTimeout(timer);
  }

  /** Kills the process; `onEnd` gets the reason. */
  kill(reason: string): void {
    this.#end ??= { kind: 'died', reason };
    this.#killAll();
  }

  /** With the processes that the user's code started and waits for. */
  #killAll(): void {
    if (this.#child.pid !== undefined) killGroup(this.#child.pid);
  }

  #ask(request: (id: number) => SessionRequest): Promise<RunOutcome> {
    if (this.#isGone) return Promise.resolve(abandoned);
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#pending = { id, resolve };
      this.#send(request(id));
    });
  }

  #send(request: SessionRequest): void {
    if (!this.#ready) this.#early.push(request);
    else if (this.#child.connected) this.#child.send(request);
  }

  #takeLine(line: string): void {
    let frame: SessionFrame;
    try {
      frame = JSON.parse(line) as SessionFrame;
    } catch {
      // An interrupt broke off this print.
      return;
    }
    this.#take(frame);
  }

  #take(frame: SessionFrame): void {
    switch (frame.kind) {
      case 'ready':
        this.#listens();
        break;
      case 'print':
      case 'output':
        this.#options.events[frame.kind](frame.text, frame.stream);
        break;
      case 'progress':
        this.#options.events.progress(frame.line);
        break;
      case 'pane':
        this.#options.events.pane(frame.id, frame.pane);
        break;
      case 'rich':
        this.#options.events.rich?.(frame.shown);
        break;
      case 'ask':
        void this.#answer(frame.id, frame.message);
        break;
      case 'ended':
        this.#settle(frame.id, frame.outcome);
        break;
      case 'choices':
        this.#offer(frame.id, frame.choices);
        break;
      case 'facts':
        this.#learning.get(frame.id)?.(frame.facts);
        this.#learning.delete(frame.id);
        break;
      case 'leaving':
        this.#end ??= { kind: 'left', status: frame.status };
        break;
      case 'failed':
        this.#end ??= { kind: 'failed', message: frame.message };
        break;
    }
  }

  async #answer(id: number, message: string): Promise<void> {
    const answer: Answer = { id, text: await this.#options.ask?.(message) };
    this.#child.stdin?.write(`${JSON.stringify(answer)}\n`);
  }

  #listens(): void {
    this.#ready = true;
    const early = this.#early;
    this.#early = [];
    for (const request of early) this.#send(request);
  }

  #settle(id: number, outcome: RunOutcome): void {
    const pending = this.#pending;
    if (pending?.id !== id) return;
    this.#pending = undefined;
    pending.resolve(outcome);
  }

  #stderr(text: string): void {
    // The cause of death is in the last lines. Anything but a crash report is the user's output.
    this.#errorText = (this.#errorText + text).slice(-16_384);
    if (!crashReport.test(this.#errorText)) this.#options.events.output(text, 'err');
  }

  #closed(status: number | null, signal: NodeJS.Signals | null): void {
    this.#isGone = true;
    for (const learn of this.#learning.values()) learn([]);
    this.#learning.clear();
    this.#options.events.progress(undefined);
    if (!this.#stopping) this.#options.onEnd(this.#end ?? { kind: 'died', reason: this.#causeOfDeath(status, signal) });
    if (this.#pending) this.#settle(this.#pending.id, abandoned);
  }

  #causeOfDeath(status: number | null, signal: NodeJS.Signals | null): string {
    if (/heap out of memory|Allocation failed/.test(this.#errorText)) return 'it ran out of memory';
    return signal ? `${signal} ended it` : `it ended with status ${status}`;
  }
}

function readText(stream: Readable | null, take: (text: string) => void): void {
  stream?.setEncoding('utf8');
  stream?.on('data', take);
}

function readLines(stream: Readable, take: (line: string) => void): void {
  let parts: string[] = [];
  readText(stream, (text) => {
    const lines = text.split('\n');
    parts.push(lines[0]);
    if (lines.length === 1) return;
    take(parts.join(''));
    for (const line of lines.slice(1, -1)) take(line);
    parts = [lines[lines.length - 1]];
  });
}
