// Opens the session of this process: its context on the master, the evaluator of entries, and the commands on values.
import { basename } from 'node:path';
import { connect, resourcesText } from '../../cluster';
import * as api from '../../runtime';
import { type CaptureWarning, shippedModuleText, travelsAs } from '../../runtime/closure';
import { registerModule } from '../../runtime/closure/ship-modules';
import { cancelWork } from '../../runtime/context/running-work';
import * as models from '../../runtime/models';
import type { ForeignEngine } from '../../runtime/scheduler/loop';
import { useTimeZone } from '../../runtime/schema/time-zone';
import { StatusStore } from '../../runtime/status/status-store';
import { packageVersion } from '../base/package-root';
import type { Screen } from '../contract/screen';
import type { EngineOptions, SessionEvents } from '../contract/session';
import { givePackages } from '../evaluate/own-packages';
import { escapeControls } from '../print/safe-text';
import { skewNotice } from '../print/skew-notice';
import { noPrompt, prompt } from './ask';
import { Backgrounds } from './background-entries';
import { cancelEntryJobs } from './job-texts';
import { queryFacts } from './query-facts';
import { LocalSession } from './session-local';
import { isSilent } from './silent-values';
import { StaleCommands } from './stale-commands';
import { ShellStreams } from './stream-commands';
import { ShellPages } from './ui-server';
import { sessionChoices, sessionCommands } from './value-commands';
import { WatchedSession } from './watched-session';

/** The modules that `import … from 'millrace'` returns here; a closure gets the executor's own instead. */
const packageExports = Object.defineProperty({ ...api, connect }, travelsAs, {
  value: () => ({ kind: 'engine', id: 'millrace' }),
});

export interface SessionOptions extends EngineOptions {
  readonly events: SessionEvents;
  /** The arguments of a script: its `args`. */
  readonly args: readonly string[];
  /** `prompt(…)`, where the front end can ask. */
  readonly ask?: (message?: string, initial?: string) => string | null;
  /** For a script: only what it has begun itself keeps this process alive. */
  readonly script?: {
    /** Called after the report of an error that nobody caught. */
    readonly onStrayError: () => void;
  };
}

/** That an engine of others is there, and where its own pages are. */
const startedText = ({ name, pages }: ForeignEngine): string =>
  `${name} is there${pages ? `; its own pages are at ${pages}` : ''}`;

type OnStageCompleted = NonNullable<api.Listener['onStageCompleted']>;

export async function openSession(options: SessionOptions): Promise<WatchedSession> {
  const { master, executorMemory, config, spark, events, args, script } = options;
  // Executors start while the user types. A job waits for them, and reports why if they do not start.
  const sc = await connect(master, {
    executorMemory,
    config,
    spark: { ...spark, ...(script === undefined && { onReady: (engine) => events.print(`(${startedText(engine)})\n`, 'out') }) },
    // How the other sessions of a server see it.
    name: script === undefined ? ['prompt', process.env['MILLRACE_PROMPT']].filter(Boolean).join(' ') : basename(process.argv[1]),
    holds: script === undefined,
    onOutput: (line, stream) => events.print(`${escapeControls(line)}\n`, stream === 'stdout' ? 'out' : 'err'),
    onWarning: (warning) => events.print(warningText(warning), 'err'),
    onNotice: (text) => events.print(`${escapeControls(text)}\n`, 'err'),
  });
  const packages = { millrace: packageExports, 'millrace/models': models };
  givePackages(packages);
  const status = new StatusStore();
  sc.addListener(status.listener);
  const streams = new ShellStreams(sc, events, () => local.screen);
  const backgrounds = new Backgrounds(sc, () => local, events);
  // Registered after the store, which must receive the event first.
  sc.addListener({ onStageCompleted: tellSkew(sc, status, events, () => local.screen) });
  const about = { started: sc.clock.now(), version: packageVersion() };
  const pages = new ShellPages({ sc, status, streams: () => streams.monitors(), ...about });
  const resources = resourcesText(master, executorMemory);
  const stale = new StaleCommands(() => local.stale);
  const parts = { sc, streams, status, backgrounds, pages, stale, resources, local: () => local };
  const local: LocalSession = new LocalSession({
    cwd: process.cwd(),
    events,
    globals: {
      ...api,
      sc,
      sql: sc.sql,
      args,
      stream: streams.stream,
      check: new api.StreamCheck(sc),
      prompt: script ? prompt : (options.ask ?? noPrompt),
    },
    packages,
    onCompiled: (file, js) => registerModule(file, shippedModuleText(js)),
    commands: sessionCommands(parts),
    choices: sessionChoices(parts),
    facts: queryFacts(sc),
    describe: (value, screen) => (isSilent(value, screen) ? 'nothing' : streams.describe(value, screen)),
    onStrayError: script?.onStrayError,
    hidesUndefined: script !== undefined,
    onBegin: ({ settings }) => followZone(settings?.timeZone, sc.config.timeZone),
    onInterrupt: [() => cancelEntryJobs(sc), () => cancelWork(sc)],
    onStop: async () => {
      await streams.leave();
      await pages.close();
      await sc.stop();
    },
  });
  return new WatchedSession(local, sc, { backgrounds, streams, events });
}

/** The zone that `.set` chose, or else the one of the context. */
function followZone(chosen = 'auto', own: string): void {
  const zone = chosen === 'auto' ? own : chosen;
  useTimeZone(zone === 'local' ? undefined : zone);
}

/** Warns when a skewed stage has ended, once for each title: a stream or a loop repeats the same stage. */
function tellSkew(sc: api.Context, status: StatusStore, events: SessionEvents, screen: () => Screen): OnStageCompleted {
  const warned = new Set<string>();
  return ({ stageId, failure }) => {
    const { live, settings } = screen();
    const stage = status.stage(stageId);
    if (!live || settings?.hints === false || failure !== undefined || !stage || warned.has(stage.graph.title)) return;
    const notice = skewNotice(stage, sc.clock.now());
    if (notice === undefined) return;
    warned.add(stage.graph.title);
    events.print(`(${escapeControls(notice)})\n`, 'out');
  };
}

function warningText({ place, message }: CaptureWarning): string {
  return `warning: ${place.file}:${place.line}:${place.column}: ${message}\n`;
}
