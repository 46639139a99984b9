// Wraps a session: adds `__filename` and `__dirname`, the progress of jobs, hints, and the time of `.time`.
import path from 'node:path';
import type { Context } from '../../runtime';
import type { AskedFact, Fact } from '../contract/facts';
import type { Asked, Choice, Screen } from '../contract/screen';
import type { CommandCall, RunOutcome, Session, SessionEvents } from '../contract/session';
import type { CompiledCell } from '../contract/type-service';
import { homeOf, moduleOf } from '../evaluate/entry-home';
import { groupByKeyHint } from '../print/group-by-key-hint';
import { progressLine } from '../print/progress';
import type { Backgrounds } from './background-entries';
import type { LocalSession } from './session-local';
import type { ShellStreams } from './stream-commands';

/** A job shows progress only from this age on, so that quick jobs do not flicker. */
const progressAfterSeconds = 0.5;
const progressEveryMs = 200;

interface SessionParts {
  readonly backgrounds: Backgrounds;
  readonly streams: ShellStreams;
  readonly events: SessionEvents;
}

export class WatchedSession implements Session {
  readonly #session: LocalSession;
  readonly #sc: Context;
  readonly #events: SessionEvents;
  readonly #backgrounds: Backgrounds;
  readonly #streams: ShellStreams;
  /** Entries that already got a hint. */
  readonly #hinted = new Set<string>();
  #hasTerminal = true;
  #home: string | undefined;

  constructor(session: LocalSession, sc: Context, { backgrounds, streams, events }: SessionParts) {
    this.#session = session;
    this.#sc = sc;
    this.#backgrounds = backgrounds;
    this.#streams = streams;
    this.#events = events;
  }

  /** Whether jobs, streams or background entries run, or a server has a question to answer. */
  isActive(): boolean {
    const isRunning = this.#sc.jobs().some(({ status }) => status === 'running');
    return isRunning || this.#sc.engine.shared?.isAsking === true || this.#backgrounds.ids.length > 0 || this.#streams.isActive;
  }

  run(cell: CompiledCell, screen: Screen): Promise<RunOutcome> {
    this.#begin(cell, screen);
    return this.#watched(screen, () => this.#session.run(cell, screen));
  }

  async command(call: CommandCall, screen: Screen): Promise<RunOutcome> {
    const { name, cell } = call;
    if (!cell) return this.#watched(screen, () => this.#session.command(call, screen));
    if (name === 'time') return this.#timed(cell, screen);
    this.#begin(cell, screen);
    if (name === 'bg') {
      this.#events.print(`(${this.#backgrounds.start(cell)})\n`, 'out');
      return { status: 'ok' };
    }
    return this.#watched(screen, () => this.#session.command(call, screen));
  }

  choices(asked: Asked): Promise<readonly Choice[]> {
    return this.#session.choices(asked);
  }

  facts(asked: readonly AskedFact[]): Promise<readonly Fact[]> {
    return this.#session.facts(asked);
  }

  setScreen(screen: Screen): void {
    const isThere = screen.isDetached !== true;
    if (isThere !== this.#hasTerminal) this.#sc.engine.shared?.setTerminal(isThere);
    this.#hasTerminal = isThere;
    this.#session.setScreen(screen);
  }

  interrupt(): void {
    this.#session.interrupt();
  }

  stop(): Promise<void> {
    return this.#session.stop();
  }

  async #timed(cell: CompiledCell, screen: Screen): Promise<RunOutcome> {
    const started = performance.now();
    const outcome = await this.run(cell, screen);
    const seconds = (performance.now() - started) / 1000;
    this.#events.print(`${seconds < 10 ? seconds.toFixed(3) : seconds.toFixed(1)} s\n`, 'out');
    return outcome;
  }

  #begin(cell: CompiledCell, screen: Screen): void {
    this.#namePlace(homeOf(cell));
    if (!screen.live || screen.settings?.hints === false || this.#hinted.has(cell.text)) return;
    const hint = groupByKeyHint(cell.js);
    if (hint === undefined) return;
    this.#hinted.add(cell.text);
    this.#events.print(`(${hint})\n`, 'out');
  }

  /** `__filename` and its like, as in a module: of the loaded file, or of the current folder at the prompt. */
  #namePlace(file: string): void {
    if (file === this.#home) return;
    this.#home = file;
    this.#session.define('__filename', file);
    this.#session.define('__dirname', path.dirname(file));
    const module = moduleOf(file);
    this.#session.update('module', module);
    this.#session.update('exports', module.exports);
  }

  async #watched(screen: Screen, run: () => Promise<RunOutcome>): Promise<RunOutcome> {
    if (!screen.live || screen.settings?.progress === false) return run();
    let shown = false;
    const timer = setInterval(() => {
      const job = this.#sc.progress();
      const due = job !== undefined && job.seconds >= progressAfterSeconds;
      if (!due && !shown) return;
      const { columns } = this.#session.screen;
      this.#events.progress(due ? progressLine(job, columns) : undefined);
      shown = due;
    }, progressEveryMs);
    try {
      return await run();
    } finally {
      clearInterval(timer);
      if (shown) this.#events.progress(undefined);
    }
  }
}
