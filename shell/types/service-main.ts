// The process of the type service: answers requests on stdin, after a plain start or from a startup snapshot.
import v8 from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Fact } from '../contract/facts';
import type { CheckOptions, CommitOptions, RanCell, TextOrigin } from '../contract/type-service';
import type { Committed } from './known-entries';
import { TypeServiceCore } from './service';
import { type Reply, type Request, readMessages, type StartOptions, writeMessage } from './service-messages';
import { warmLines } from './warm-lines';

/** Pause between two warm-up lines, so that a request meanwhile is answered first. */
const pauseMs = 30;
/** Warm-up waits until there was no request for this time. */
const busyMs = 250;

/** Requests after which garbage is collected in the next quiet moment, and how long it must have been quiet: a collection takes 0.2 s. */
const collectEvery = 60;
const quietMs = 1_500;

let lastRequest = 0;
let requestsSinceCollection = 0;
let collection: NodeJS.Timeout | undefined;

let core: TypeServiceCore | undefined;

function start(options: StartOptions): void {
  if (core) core.setFolder(options.cwd);
  else core = new TypeServiceCore(options);
  core.facts.isAsked = options.asks === true;
  // A snapshot holds parsed files but no machine code: the compiler gets fast by running, so it runs before the first request.
  if (options.warms !== false) warmWhenIdle(core, [...warmLines, ...warmLines]);
}

function warmWhenIdle(service: TypeServiceCore, lines: readonly string[]): void {
  if (lines.length === 0) return;
  const timer = setTimeout(() => {
    const busy = Date.now() - lastRequest < busyMs;
    if (!busy) service.warm(lines.slice(0, 1));
    warmWhenIdle(service, busy ? lines : lines.slice(1));
  }, pauseMs);
  timer.unref();
}

/**
 * By itself V8 collects when the heap has grown by a third, and an idle process never does: it would hold 40 MB of garbage for as long as the
 * user thinks.
 */
function collectWhenQuiet(): void {
  if (++requestsSinceCollection < collectEvery) return;
  collection ??= setTimeout(() => {
    collection = undefined;
    if (Date.now() - lastRequest < quietMs) return collectWhenQuiet();
    requestsSinceCollection = 0;
    v8.setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
  }, quietMs);
  collection.unref();
}

const optionsOf = (value: unknown): CheckOptions => (value ?? {}) as CheckOptions;

function answer({ method, args }: Request): unknown {
  if (method !== 'start') lastRequest = Date.now();
  collectWhenQuiet();
  if (method === 'start') return start(args[0] as StartOptions);
  if (!core) throw new Error('the service was not started');
  switch (method) {
    case 'compile':
      return core.compile(args[0] as string, (args[1] ?? undefined) as TextOrigin | undefined, optionsOf(args[2]));
    case 'compileScript':
      return core.compileScript(args[0] as string, args[1] as TextOrigin, optionsOf(args[2]));
    case 'commitScript':
      return core.commitScript(args[0] as readonly RanCell[]);
    case 'commit':
      return core.commit(
        args[0] as number,
        args[1] as readonly string[] | undefined,
        (args[2] ?? undefined) as CommitOptions | undefined,
      );
    case 'restore':
      return core.restore(args[0] as readonly Committed[], args[1] as number);
    case 'learn':
      return core.facts.learn(args[0] as readonly Fact[]);
    case 'isComplete':
      return core.isComplete(args[0] as string);
    case 'typeOf':
      return core.typeOf(args[0] as string, optionsOf(args[1]));
    case 'complete':
      return core.complete(args[0] as string, args[1] as number);
    case 'describe':
      return core.describe(args[0] as string, args[1] as number, args[2] as string);
    case 'signature':
      return core.signature(args[0] as string, args[1] as number);
    case 'doc':
      return core.doc(args[0] as string);
    case 'quickInfo':
      return core.quickInfo(args[0] as string, args[1] as number);
  }
}

function reply(request: Request): Reply {
  try {
    const value = answer(request);
    return { id: request.id, value, wanted: core?.facts.takeWanted() };
  } catch (error) {
    return { id: request.id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

function serve(): void {
  // A terminal sends Ctrl-C to every process of the group; it is meant for the session.
  process.on('SIGINT', () => {});
  // A suspend of the shell must not stop this process.
  process.on('SIGTSTP', () => {});
  process.stdin.on('end', () => process.exit(0));
  process.stdout.on('error', () => process.exit(0));
  readMessages(process.stdin, (message) => process.stdout.write(writeMessage(reply(message as Request))));
}

if (v8.startupSnapshot.isBuildingSnapshot()) {
  core = new TypeServiceCore(JSON.parse(process.argv[2]) as StartOptions);
  core.warm(warmLines);
  v8.startupSnapshot.setDeserializeMainFunction(serve);
} else {
  serve();
}
