// `millrace serve`: runs a server until it is stopped, or tells how the one that runs is doing.
import { Command, CommanderError } from 'commander';
import { defaultGraceMs } from '../cluster/base/limits';
import { parseMaster } from '../cluster/driver/master-url';
import { readServerInfo } from '../cluster/serve/answers';
import { attach } from '../cluster/serve/attach';
import { passInstancesOn } from '../cluster/serve/opaque-instances';
import { openBackend } from '../cluster/serve/open-backend';
import { claim, placeOf } from '../cluster/serve/place';
import { MillraceServer } from '../cluster/serve/server';
import { makeConfig } from '../runtime/base/config';
import { asError, MillraceError } from '../runtime/base/errors';
import { confHelp, readConf } from './base/conf';
import { serverLines } from './print/server-lines';

/** A day. */
const longestGraceS = 86_400;

interface Options {
  readonly master: string;
  readonly socket?: string;
  readonly executorMemory?: string;
  readonly conf: readonly string[];
  readonly grace: string;
  readonly status: boolean;
  readonly stop: boolean;
}

function command(): Command {
  return new Command('millrace serve')
    .description('Holds one engine that shells, scripts and programs share: they attach with --master serve.')
    .option('-m, --master <master>', 'where jobs run, as for millrace itself', 'local[*]')
    .option('--socket <path>', "the Unix socket; by default one in the user's runtime folder")
    .option('--executor-memory <MiB>', "heap of each executor; by default a share of this machine's memory")
    .option(
      '--conf <KEY=VALUE>',
      'set an option of the engine, listed below; repeat it for more',
      (text: string, all: string[]) => [...all, text],
      [],
    )
    .option('--grace <SECONDS>', 'how long to wait for a session whose connection is lost', String(defaultGraceMs / 1000))
    .option('--status', 'tell how the running server is doing, and which sessions it has', false)
    .option('--stop', 'end the running server with its sessions', false)
    .helpOption('-h, --help', 'show this help')
    .addHelpText('after', () => `\n${confHelp()}`)
    .exitOverride()
    .showHelpAfterError('(millrace serve --help lists the options)');
}

/** Runs the command; answers the exit status. */
export async function serve(args: readonly string[]): Promise<number> {
  const program = command();
  try {
    program.parse(args, { from: 'user' });
  } catch (e) {
    if (e instanceof CommanderError) return e.exitCode === 0 ? 0 : 2;
    throw e;
  }
  const options = program.opts<Options>();
  try {
    if (options.status) return await status(options);
    if (options.stop) return await stop(options);
    return await run(options);
  } catch (e) {
    const { message, remedy = '' } = asError(e) as Error & { remedy?: string };
    process.stderr.write(`error: ${message}\n${remedy}\n`);
    return 1;
  }
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Throws BAD_OPTION. */
function graceMsOf(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds >= 0 && seconds <= longestGraceS) return Math.round(seconds * 1000);
  throw new MillraceError('BAD_OPTION', {
    option: '--grace',
    value: text,
    rule: `a number of seconds, from 0 to ${longestGraceS}`,
  });
}

async function run({ master, socket, conf, grace, ...options }: Options): Promise<number> {
  const parsed = parseMaster(master);
  if (parsed.kind !== 'pool') {
    // Spark's part numbers datasets by 32 bits, and gets the user's code from its own process: not from sessions yet.
    const rule = 'local[N] or local[*]: a server runs its jobs on executors of its own';
    throw new MillraceError('BAD_OPTION', { option: 'The master of a server', value: master, rule });
  }
  const graceMs = graceMsOf(grace);
  passInstancesOn();
  const place = placeOf(socket);
  const executorMemory = options.executorMemory === undefined ? undefined : Number(options.executorMemory);
  const config = { schedulerMode: 'FAIR' as const, ...(conf.length > 0 ? readConf(conf) : {}) };
  const claimed = claim(place);
  let server: MillraceServer | undefined;
  try {
    const opened = await openBackend(master, parsed, {
      executorMemory,
      holds: true,
      onOutput: (line, stream, executorId) => server?.output(line, stream, executorId),
    });
    if (opened.shortage) print(opened.shortage);
    const served = { ...opened, master };
    server = await MillraceServer.start({ place, claim: claimed }, served, makeConfig(opened.slots, config), { print, graceMs });
  } catch (e) {
    claimed.release();
    throw e;
  }
  print(`Serving ${master} at ${place.socket} (process ${process.pid}).`);
  print(`Attach with: millrace --master ${socket === undefined ? 'serve' : `serve:${place.socket}`}`);
  await Promise.race([server.stopped, signalled()]);
  await server.stop();
  print('The server has ended.');
  return 0;
}

const signalled = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });

async function status({ socket }: Options): Promise<number> {
  const link = await attach(placeOf(socket), { name: 'millrace serve --status', holds: true });
  const info = readServerInfo(await link.ask({ kind: 'sessions' }));
  link.close();
  const sessions = info.sessions.filter(({ session }) => session !== link.welcome.session);
  for (const line of serverLines({ ...info, sessions }, Date.now())) print(line);
  return 0;
}

async function stop({ socket }: Options): Promise<number> {
  const place = placeOf(socket);
  const link = await attach(place, { name: 'millrace serve --stop', holds: true });
  const gone = new Promise<void>((resolve) => link.listen({ message: () => {}, gone: () => resolve(), notice: () => {} }));
  await link.ask({ kind: 'stop' });
  await gone;
  print(`The server at ${place.socket} has ended.`);
  return 0;
}
