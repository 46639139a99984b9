// `millrace serve`: runs a server until it is stopped, or tells how the one that runs is doing.
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { defaultGraceMs, defaultLogMb, logFiles } from '../cluster/base/limits';
import { parseMaster } from '../cluster/driver/master-url';
import { readServerInfo } from '../cluster/serve/answers';
import { attach } from '../cluster/serve/attach';
import { KeptFolder } from '../cluster/serve/keep/kept-folder';
import { ownToken, parseAddress, tokenFile } from '../cluster/serve/line/address';
import { EventLog } from '../cluster/serve/observe/event-log';
import { ServerMetrics } from '../cluster/serve/observe/metrics';
import type { ServerObserver } from '../cluster/serve/observe/server-event';
import { WatchPage } from '../cluster/serve/observe/watch-page';
import { passInstancesOn } from '../cluster/serve/opaque-instances';
import { openBackend } from '../cluster/serve/open-backend';
import { claim, placeOf } from '../cluster/serve/place';
import { Resident } from '../cluster/serve/resident';
import { MillraceServer, type ServerOptions } from '../cluster/serve/server';
import { quotasHelp, readQuotas } from '../cluster/serve/session/quotas';
import { isLocal } from '../cluster/spark/spark-master';
import { makeConfig } from '../runtime/base/config';
import { asError, MillraceError } from '../runtime/base/errors';
import { isLoopback } from '../runtime/base/remote/loopback';
import { sparkSetting } from './base/command-line';
import { confHelp, readConf } from './base/conf';
import { repeated, runCommand } from './base/run-command';
import { serverLines } from './print/server-lines';

/** A day. */
const longestGraceS = 86_400;

interface Options {
  readonly master: string;
  readonly socket?: string;
  readonly executorMemory?: string;
  readonly conf: readonly string[];
  readonly sparkHome?: string;
  readonly sparkConf?: Readonly<Record<string, string>>;
  readonly grace: string;
  readonly listen?: string;
  readonly tokenFile?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly group?: string;
  readonly keep?: string;
  readonly run: readonly string[];
  readonly metrics?: string;
  readonly log?: string;
  readonly logSize: string;
  readonly status: boolean;
  readonly stop: boolean;
}

function command(): Command {
  return new Command('millrace serve')
    .description('Holds one engine that shells, scripts and programs share: they attach with --master serve.')
    .option(
      '-m, --master <master>',
      'where jobs run: local[N], local[*], or with Apache Spark spark-local[N] or spark://host:port',
      'local[*]',
    )
    .option('--socket <path>', "the Unix socket; by default one in the user's runtime folder")
    .option('--executor-memory <MiB>', "heap of each executor; by default a share of this machine's memory")
    .option(
      '--conf <KEY=VALUE>',
      'set an option of the engine or a quota of sessions, listed below; repeat it for more',
      repeated,
      [],
    )
    .option('--spark-home <folder>', 'the folder of Apache Spark')
    .option('--spark-conf <KEY=VALUE>', 'a setting of Apache Spark itself; repeat it for more', sparkSetting)
    .option('--grace <SECONDS>', 'how long to wait for a session whose connection is lost', String(defaultGraceMs / 1000))
    .option(
      '--listen <HOST:PORT>',
      'listen at a port too: attach with --master millrace://HOST:PORT; TLS is demanded beyond loopback',
    )
    .option('--token-file <file>', 'the token of that port, for you alone; made where there is none')
    .option('--tls-cert <file>', 'the certificate of that port, in PEM')
    .option('--tls-key <file>', 'its key, in PEM')
    .option('--group <name>', 'let the users of this group attach at the socket: whoever may is trusted with all that you may do')
    .option('--keep <folder>', 'keep what is published there: the next server with this folder publishes it again')
    .option('--run <script>', 'run a script as a session, again where it fails; repeat it for more', repeated, [])
    .option('--metrics <port>', 'serve /metrics for Prometheus and /health at this port of 127.0.0.1')
    .option('--log <file>', 'write what happens as JSON lines')
    .option('--log-size <MiB>', `the size at which the log begins a new file, of ${logFiles}`, String(defaultLogMb))
    .option('--status', 'tell how the running server is doing, and which sessions it has', false)
    .option('--stop', 'end the running server with its sessions', false)
    .addHelpText('after', () => `\n${confHelp()}\n\n${quotasHelp()}`);
}

/** Runs the command; answers the exit status. */
export function serve(args: readonly string[]): Promise<number> {
  return runCommand<Options>(command(), args, (options) => {
    if (options.status) return status(options);
    return options.stop ? stop(options) : run(options);
  });
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

/** A whole number in a range. Throws BAD_OPTION. */
function numberOf(option: string, text: string, least: number, most: number): number {
  const n = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(n) && n >= least && n <= most) return n;
  throw new MillraceError('BAD_OPTION', { option, value: text, rule: `a whole number from ${least} to ${most}` });
}

/** The port with its certificate. Throws BAD_OPTION where TLS is missing beyond loopback, or its files cannot be read. */
function portOf({ listen, tlsCert, tlsKey }: Options): ServerOptions['port'] {
  if (listen === undefined) return undefined;
  const { host, port } = parseAddress(listen);
  if (tlsCert === undefined || tlsKey === undefined) {
    if (isLoopback(host) && tlsCert === tlsKey) return { host, port };
    const rule = `an address of this machine alone, such as 127.0.0.1:${port}, or given with --tls-cert and --tls-key`;
    throw new MillraceError('BAD_OPTION', { option: '--listen', value: listen, rule });
  }
  return { host, port, tls: { cert: fileOf('--tls-cert', tlsCert), key: fileOf('--tls-key', tlsKey) } };
}

function fileOf(option: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (e) {
    throw new MillraceError('BAD_OPTION', { option, value: file, rule: `a file that can be read (${asError(e).message})` });
  }
}

/** What watches a server: its log, its figures, and the page of both. */
class Watch {
  readonly metrics = new ServerMetrics();
  readonly #log: EventLog | undefined;
  readonly #port: number | undefined;
  #page: WatchPage | undefined;

  /** Throws BAD_OPTION or DISK. */
  constructor({ log, logSize, metrics }: Options) {
    const bytes = numberOf('--log-size', logSize, 1, 1 << 20) * 2 ** 20;
    this.#port = metrics === undefined ? undefined : numberOf('--metrics', metrics, 0, 65_535);
    this.#log = log === undefined ? undefined : new EventLog(log, bytes, print);
  }

  readonly observe: ServerObserver = (event) => {
    this.metrics.take(event);
    if (event.event !== 'taskEnded') this.#log?.write(event, Date.now());
  };

  async open(server: MillraceServer): Promise<void> {
    if (this.#port === undefined) return;
    this.#page = await WatchPage.open(this.#port, {
      metrics: () => this.metrics.text(server, Date.now()),
      health: () => {
        const { executors, sessions } = server.info();
        return { isWell: executors > 0, facts: { executors, sessions: sessions.length } };
      },
    });
    print(`Figures at http://127.0.0.1:${this.#page.port}/metrics, health at /health.`);
  }

  async close(): Promise<void> {
    await this.#page?.close();
    this.#log?.close();
  }
}

async function run(options: Options): Promise<number> {
  const { master, socket, conf, grace } = options;
  const parsed = parseMaster(master);
  if (parsed.kind !== 'pool' && !(parsed.kind === 'spark' && (isLocal(parsed.url) || parsed.url.startsWith('spark://')))) {
    const rule = 'local[N], local[*], spark-local[N] or spark://host:port';
    throw new MillraceError('BAD_OPTION', { option: 'The master of a server', value: master, rule });
  }
  const graceMs = graceMsOf(grace);
  passInstancesOn();
  const port = portOf(options);
  const portToken = port && ownToken(tokenFile(options.tokenFile));
  const place = placeOf(socket);
  const executorMemory = options.executorMemory === undefined ? undefined : Number(options.executorMemory);
  const { quotas, rest } = readQuotas(conf);
  const config = { schedulerMode: 'FAIR' as const, ...(rest.length > 0 ? readConf(rest) : {}) };
  const claimed = claim(place);
  let keep: KeptFolder | undefined;
  let server: MillraceServer | undefined;
  let watch: Watch | undefined;
  try {
    keep = options.keep === undefined ? undefined : KeptFolder.open(options.keep);
    watch = new Watch(options);
    const opened = await openBackend(master, parsed, {
      executorMemory,
      holds: true,
      spark: { home: options.sparkHome, conf: options.sparkConf, onReady: ({ name }) => print(`${name} is there.`) },
      onOutput: (line, stream, executorId) => server?.output(line, stream, executorId),
    });
    if (opened.shortage) print(opened.shortage);
    const served = { ...opened, master };
    server = await MillraceServer.start({ place, claim: claimed }, served, makeConfig(opened.slots, config), {
      print,
      graceMs,
      observe: watch.observe,
      port,
      portToken,
      keep,
      quotas,
    });
    if (options.group !== undefined) claimed.shareWith(options.group);
    await watch.open(server);
  } catch (e) {
    if (server) await server.stop();
    else {
      claimed.release();
      keep?.close();
    }
    await watch?.close();
    throw e;
  }
  print(`Serving ${master} at ${place.socket} (process ${process.pid}).`);
  print(`Attach with: millrace --master ${socket === undefined ? 'serve' : `serve:${place.socket}`}`);
  if (port) print(`Listening at ${port.host}:${server.port}; the token is in ${tokenFile(options.tokenFile)}.`);
  if (keep)
    print(
      `Keeping what is published in ${keep.path}; ${server.published.list().length + server.windows.list().length} found there.`,
    );
  const residents = options.run.map((file) => residentOf(file, place.socket, watch.observe));
  await Promise.race([server.stopped, signalled()]);
  await Promise.all(residents.map((one) => one.stop()));
  await server.stop();
  await watch.close();
  print('The server has ended.');
  return 0;
}

/** A script on the server, by the program that runs here. */
function residentOf(file: string, socket: string, observe: ServerObserver): Resident {
  const command = [process.argv[1], '--master', `serve:${socket}`, file];
  return new Resident({ file, command, observe, print });
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
