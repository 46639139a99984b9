// Opens the session that runs in this process: its context on the master, the evaluator of the user's entries, and the commands on values.
import path from 'node:path';
import { connect } from '../cluster';
import * as api from '../runtime';
import { type CaptureWarning, openClasses, travelsAs } from '../runtime/exec/closure';
import { registerModule } from '../runtime/exec/modules';
import * as models from '../runtime/models';
import { StatusStore } from '../runtime/status/status-store';
import { cancelEntryJobs, cancelJobs, executorsText, jobsText } from './job-commands';
import { givePackages } from './own-packages';
import { packageVersion } from './package-root';
import { ShellPages } from './pages';
import { progressLine } from './progress';
import type { RunOutcome, Screen, Session, SessionEvents } from './session';
import { LocalSession, type SessionCommand } from './session-local';
import { ShellStreams } from './streams';
import { escapeControls } from './text';

/** What `import` from the package gives; a closure that uses it finds the engine's own on its executor. */
const packageExports = Object.defineProperty({ ...api, connect }, travelsAs, {
  value: () => ({ kind: 'engine', id: 'millrace' }),
});

/** A job shows its progress from this age on, so that quick ones do not flicker. */
const progressAfterSeconds = 0.5;
const progressEveryMs = 200;

export interface SessionOptions {
  readonly master: string;
  /** Heap of each executor in MB; a share of the machine's memory if left out. */
  readonly executorMemory?: number;
  readonly events: SessionEvents;
  /** The arguments of a script, `args` to it. */
  readonly args: readonly string[];
}

export async function openSession({ master, executorMemory, events, args }: SessionOptions): Promise<Session> {
  // Executors come up while the first entry is typed; a job waits for them, and says what is wrong if they don't.
  const sc = await connect(master, {
    executorMemory,
    onOutput: (line, stream) => events.print(`${escapeControls(line)}\n`, stream === 'stdout' ? 'out' : 'err'),
    onWarning: (warning) => events.print(warningText(warning), 'err'),
    onNotice: (text) => events.print(`${escapeControls(text)}\n`, 'err'),
  });
  const packages = { millrace: packageExports, 'millrace/models': models };
  givePackages(packages);
  const status = new StatusStore();
  sc.addListener(status.listener);
  const streams = new ShellStreams(sc, events, () => local.screen);
  const about = { started: sc.clock.now(), version: packageVersion() };
  const pages = new ShellPages({ sc, status, streams: () => streams.monitors(), ...about });
  const local: LocalSession = new LocalSession({
    cwd: process.cwd(),
    events,
    globals: { ...api, sc, args, stream: streams.stream, check: new api.StreamCheck(sc) },
    packages,
    onCompiled: (file, js) => registerModule(file, openClasses(js)),
    commands: commandsOf(sc, streams, pages),
    describe: streams.describe,
    onInterrupt: [() => cancelEntryJobs(sc)],
    onStop: async () => {
      await streams.leave();
      await pages.close();
      await sc.stop();
    },
  });
  return new WatchedSession(local, sc, events);
}

/** Adds to a session what lies around an entry: the names of its file, the progress of its jobs, and how long it took. */
class WatchedSession implements Session {
  readonly #session: LocalSession;
  readonly #sc: api.Context;
  readonly #events: SessionEvents;
  #label: string | undefined;

  constructor(session: LocalSession, sc: api.Context, events: SessionEvents) {
    this.#session = session;
    this.#sc = sc;
    this.#events = events;
  }

  run(...[cell, screen]: Parameters<Session['run']>): Promise<RunOutcome> {
    this.#namePlace(cell.label);
    return this.#watched(screen, () => this.#session.run(cell, screen));
  }

  async command(...[name, cell, screen]: Parameters<Session['command']>): Promise<RunOutcome> {
    if (name !== 'time' || !cell) return this.#watched(screen, () => this.#session.command(name, cell, screen));
    const started = performance.now();
    const outcome = await this.run(cell, screen);
    const seconds = (performance.now() - started) / 1000;
    this.#events.print(`${seconds < 10 ? seconds.toFixed(3) : seconds.toFixed(1)} s\n`, 'out');
    return outcome;
  }

  /** `__filename` and `__dirname` as in a module: of the file that is loaded, of the current folder at the prompt. */
  #namePlace(label: string): void {
    const typed = label.startsWith('<');
    const place = typed ? '<input>' : label;
    if (place === this.#label) return;
    this.#label = place;
    const file = path.resolve(place);
    this.#session.define('__filename', file);
    this.#session.define('__dirname', path.dirname(file));
  }

  setScreen(screen: Screen): void {
    this.#session.setScreen(screen);
  }

  interrupt(): void {
    this.#session.interrupt();
  }

  stop(): Promise<void> {
    return this.#session.stop();
  }

  async #watched(screen: Screen, run: () => Promise<RunOutcome>): Promise<RunOutcome> {
    if (!screen.live) return run();
    let shown = false;
    const timer = setInterval(() => {
      const job = this.#sc.progress();
      const due = job !== undefined && job.seconds >= progressAfterSeconds;
      if (!due && !shown) return;
      this.#events.progress(due ? progressLine({ ...job, stageIndex: job.stage - 1 }, screen.columns) : undefined);
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

function warningText({ place, message }: CaptureWarning): string {
  return `warning: ${place.file}:${place.line}:${place.column}: ${message}\n`;
}

function commandsOf(sc: api.Context, streams: ShellStreams, pages: ShellPages): Record<string, SessionCommand> {
  return {
    explain: (value) => {
      if (value instanceof api.RDD) return value.explain();
      if (value instanceof api.DStream) return value.toDebugString();
      throw new api.MillraceError('BAD_ARGUMENT', {
        operation: '.explain',
        argument: 'its value',
        value: value === null ? 'null' : typeof value,
        rule: 'a dataset or a stream',
        remedy: 'Leave out the action: .explain counts, not .explain counts.collect()',
      });
    },
    jobs: () => jobsText(sc),
    executors: () => executorsText(sc),
    cancel: (value) => cancelJobs(sc, value),
    streams: (_, { columns }) => streams.text(columns),
    ui: (word, screen) => pages.command(word, screen),
    stop: (name) => streams.stop(name as string | undefined),
  };
}
