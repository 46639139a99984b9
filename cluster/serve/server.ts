// A server: one engine, and the sessions that share it. Each message of the engine goes to the session that it concerns.
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Config } from '../../runtime/base/config';
import { MillraceError } from '../../runtime/base/errors';
import { type Clock, systemClock } from '../../runtime/base/time';
import type { EngineMaker } from '../../runtime/context/options';
import type { AccumulatorUpdate } from '../../runtime/plan/end';
import type { Engine } from '../../runtime/plan/engine';
import type { DatasetNode } from '../../runtime/plan/node';
import type { ServerInfo } from '../../runtime/plan/sharing/shared-datasets';
import type { TaskBackend } from '../../runtime/scheduler/backend';
import { type Listener, ListenerBus, type ListenerEvents } from '../../runtime/scheduler/listener-bus';
import { type EngineStatus, Scheduler } from '../../runtime/scheduler/loop';
import { encode } from '../../runtime/wire/codec';
import { defaultGraceMs, maxSessions, maxToExecutorBytes, sessionPath, sessionStateMs } from '../base/limits';
import type { OutputListener } from '../base/output-lines';
import { packageVersion } from '../base/program-path';
import { type DoorOptions, DriverDoor } from '../driver/driver-door';
import { Connection } from '../link/connection';
import { refuse } from '../link/fields';
import { type EventName, eventNames } from './events';
import { encodeFailure } from './failure';
import { Keeper } from './keep/keeper';
import type { KeptFolder } from './keep/kept-folder';
import { ServerLine } from './line/server-line';
import { observeEngine } from './observe/observe-engine';
import type { ServerObserver } from './observe/server-event';
import type { Claim, ServerPlace } from './place';
import { checkToServer, type Question, serveProtocol, type ToServer, type ToSession, type Visitor } from './protocol';
import { PublishedTable } from './published-table';
import { answerQuestion } from './questions';
import { ServerBlobs } from './server-blobs';
import { sessionOf, sharedNumberOf } from './session/own-ids';
import { defaultQuotas, type Quotas } from './session/quotas';
import { ServerSession, type SharedEngine } from './session/server-session';
import { poolsOfSessions, SessionPools } from './session/session-pools';
import { PublishedWindows } from './windows/published-windows';

/** What a server runs its jobs on. */
export interface ServedBackend {
  readonly backend: TaskBackend | EngineMaker;
  readonly slots: number;
  readonly master: string;
  /** Where the engine has its files. */
  readonly folder: string;
}

export interface ServerOptions {
  /** Takes a line about what happened. */
  readonly print?: (text: string) => void;
  readonly clock?: Clock;
  /** How long a session is waited for whose connection is lost. */
  readonly graceMs?: number;
  /** Hears of what happens. */
  readonly observe?: ServerObserver;
  /** A port that it listens at besides its socket, and the token for that. */
  readonly port?: NonNullable<DoorOptions['port']>;
  readonly portToken?: Buffer;
  /** Where it keeps what is published for the next server. */
  readonly keep?: KeptFolder;
  /** What each session may have. */
  readonly quotas?: Quotas;
}

/** Blobs that executors hold under their own name; others are parts of programs and splits. */
const onExecutors = /^(broadcast|classes|modules|file)-/;

interface Owner {
  readonly session: ServerSession;
  readonly job: number;
}

export class MillraceServer implements SharedEngine {
  readonly engine: Engine<EngineStatus>;
  readonly blobs: ServerBlobs;
  readonly published: PublishedTable;
  readonly windows: PublishedWindows;
  readonly keeper: Keeper | undefined;
  readonly quotas: Quotas;
  readonly #pools: SessionPools;
  readonly #clock: Clock;
  readonly #config: Config;
  readonly #served: ServedBackend;
  readonly #sessions = new Map<number, ServerSession>();
  readonly #lines = new Map<number, ServerLine>();
  readonly #graceMs: number;
  readonly #owners = new Map<number, Owner>();
  readonly #since: number;
  readonly #print: (text: string) => void;
  /** Resolves when somebody has asked it to stop. */
  readonly stopped: Promise<void>;
  /** Has it end. */
  askToStop!: () => void;
  #lastSession = 0;
  #door: DriverDoor | undefined;
  #portDoor: DriverDoor | undefined;
  readonly observe: ServerObserver;
  #claim: Claim | undefined;
  #timer: NodeJS.Timeout | undefined;

  private constructor(
    served: ServedBackend,
    config: Config,
    { print = () => {}, clock = systemClock, graceMs, observe = () => {}, keep, quotas = defaultQuotas }: ServerOptions,
  ) {
    this.observe = observe;
    this.#graceMs = graceMs ?? defaultGraceMs;
    this.quotas = quotas;
    this.#pools = new SessionPools(config.pools);
    this.#served = served;
    this.#config = config;
    this.#clock = clock;
    this.#since = clock.now();
    this.#print = print;
    const notice = (text: string) => this.#notice(text);
    const bus = new ListenerBus(notice);
    bus.add(this.#listener());
    const mergeAccumulators = (updates: readonly AccumulatorUpdate[]) => this.#merge(updates);
    const { backend, slots } = served;
    const hooks = { slots, bus, notice, mergeAccumulators, sessionFolders: () => this.#sessionFolders() };
    const own = { ...config, pools: poolsOfSessions(config.pools) };
    this.engine = typeof backend === 'function' ? backend(own, clock, hooks) : new Scheduler(backend, own, clock, hooks);
    this.blobs = new ServerBlobs((id) => {
      if (onExecutors.test(id)) this.engine.release({ kind: 'blob', id });
    }, quotas.sessionValueBytes);
    this.published = new PublishedTable({
      engine: () => this.engine,
      blobs: () => this.blobs,
      isAttached: (session) => this.#sessions.has(session),
      isOwned: (kind, id) => this.#sessions.get(sessionOf(id))?.owns(kind, id) === true,
      labelOf: (session) => this.#sessions.get(session)?.label ?? `session ${session}`,
      now: () => clock.now(),
      settled: (dataset) => this.keeper?.settled(dataset),
      mostBytes: quotas.sessionPublishedBytes,
    });
    this.windows = new PublishedWindows(this.published, served.folder, {
      windows: () => {
        for (const session of this.#sessions.values()) session.tellWindows(this.windows.list());
      },
      batch: (window, batch) => {
        for (const session of this.#sessions.values()) session.tellBatch(window, batch);
      },
    });
    const { blobs, published, windows } = this;
    const define = (node: DatasetNode) => this.engine.define([node]);
    const { folder } = served;
    this.keeper = keep && new Keeper(keep, { blobs, published, windows, folder, define, tell: notice });
    this.stopped = new Promise((resolve) => {
      this.askToStop = resolve;
    });
  }

  /** Starts a server at a place that was claimed for it; stopping it gives the place back. Rejects with NO_EXECUTORS. */
  static async start(
    { place, claim }: { readonly place: ServerPlace; readonly claim: Claim },
    served: ServedBackend,
    config: Config,
    options: ServerOptions = {},
  ): Promise<MillraceServer> {
    const server = new MillraceServer(served, config, options);
    server.#claim = claim;
    try {
      await server.engine.start(server.blobs);
      await server.keeper?.restore();
      const door = {
        holds: true,
        token: claim.token,
        url: sessionPath,
        maxPayload: maxToExecutorBytes,
        awaited: () => maxSessions - server.#sessions.size,
        admits: () => true,
        entered: (_: string, ws: WebSocket, socket: Socket) => server.#enter(ws, socket),
      };
      server.#door = await DriverDoor.open(place.socket, door);
      const { port, portToken } = options;
      if (port && portToken) server.#portDoor = await DriverDoor.open('', { ...door, port, token: portToken });
      server.observe({ event: 'serverStarted', master: served.master, pid: process.pid });
    } catch (e) {
      await server.stop();
      throw e;
    }
    return server;
  }

  /** Ends all sessions, the engine, and the claim on the place. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const goodbye = new MillraceError('SERVER_GONE', { socket: this.#door?.path ?? '', reason: 'it was stopped' });
    for (const line of this.#lines.values()) line.close({ kind: 'turnedAway' }, encodeFailure(goodbye));
    for (const session of [...this.#sessions.values()]) this.#leave(session, ': the server was stopped');
    // A turn for the goodbyes to leave.
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([this.#door?.close(), this.#portDoor?.close()]);
    this.observe({ event: 'serverStopped' });
    this.#claim?.release();
    await this.keeper?.finish();
    await this.engine.stop();
    this.keeper?.close();
  }

  /** The port that it listens at. */
  get port(): number | undefined {
    return this.#portDoor?.port;
  }

  /** A line that the user's functions printed: it goes to whose task the executor runs, or ran last. */
  readonly output: OutputListener = (line, stream, executorId) => {
    // Apache Spark does not say of which task a line is.
    const number = executorId === undefined ? this.#ranLast : this.#ran.get(executorId);
    const session = this.#sessions.get(number ?? 0);
    session?.tellOutput(line, stream);
  };

  /** The session whose task each executor began last. */
  readonly #ran = new Map<string, number>();
  #ranLast: number | undefined;

  #enter(ws: WebSocket, socket: Socket): void {
    let line: ServerLine | undefined;
    const connection: Connection = new Connection(ws, socket, {
      message: (control, tail) => {
        const message = checkToServer(control);
        if (line) line.take(message, tail);
        else line = this.#begin(message, connection);
      },
      closed: (reason, how) => line?.dropped(connection, reason, how),
      // A session that runs a loop of its user says nothing for as long; its end closes the socket.
      silent: () => {},
    });
  }

  /** Takes the first message of a connection. */
  #begin(message: ToServer, connection: Connection): ServerLine | undefined {
    try {
      if (message.kind === 'attach') return this.#attach(message.visitor, connection);
      return message.kind === 'resume' ? this.#resume(message, connection) : refuse('something else than an attach');
    } catch (e) {
      if (!(e instanceof MillraceError) || e.code === 'PROTOCOL') throw e;
      connection.send({ kind: 'turnedAway' } satisfies ToSession, encodeFailure(e));
      return undefined;
    }
  }

  #resume({ session, key, read }: ToServer & { kind: 'resume' }, connection: Connection): ServerLine {
    const line = this.#lines.get(session);
    if (line?.key !== key)
      throw new MillraceError('SERVER_GONE', { socket: this.#door!.path, reason: 'it has ended this session' });
    line.resume(connection, read);
    this.observe({ event: 'sessionResumed', session });
    return line;
  }

  #attach(visitor: Visitor, connection: Connection): ServerLine {
    const turnAway = (reason: string, remedy: string): never => {
      throw new MillraceError('SERVER_REFUSED', { socket: this.#door!.path, reason, remedy });
    };
    const version = packageVersion();
    if (visitor.protocol !== serveProtocol || visitor.version !== version)
      turnAway(`it runs Millrace ${version}, and this is ${visitor.version}`, 'Start both from the same installation.');
    if (this.#sessions.size >= maxSessions)
      turnAway(`it has ${maxSessions} sessions already`, 'End one of them: .sessions shows them.');
    const graceMs = this.#graceMs;
    const line = new ServerLine({
      visitor,
      graceMs,
      mostBytes: this.quotas.sessionUnreadBytes,
      take: (message, tail) => session.take(message, tail),
      ended: (reason) => {
        this.#leave(session, ': the session has ended', reason);
        if (reason !== undefined) this.#print(`session ${session.number}: ${reason}`);
      },
    });
    const number = ++this.#lastSession;
    const session = new ServerSession(number, visitor, this, {
      since: this.#clock.now(),
      pool: this.#pools.take(number, visitor.name),
      send: (message, tail) => line.send(message, tail),
      unreadBytes: () => line.unreadBytes,
    });
    this.#sessions.set(number, session);
    this.#lines.set(number, line);
    this.observe({ event: 'sessionAttached', session: number, name: visitor.name, pid: visitor.pid });
    const { slots, master, folder } = this.#served;
    const sharesFolder = this.engine.status.sharesFolder !== false;
    const place = { slots, master, folder, sharesFolder, keeps: this.keeper !== undefined };
    const welcome = { kind: 'welcome', session: number, key: line.key, graceMs, ...place } as const;
    line.open(connection, welcome, encode(this.#config));
    session.tellState(this.engine.status.running());
    session.tellPublished(this.published.list());
    session.tellWindows(this.windows.list());
    for (const [window, batch] of this.windows.batches()) session.tellBatch(window, batch);
    return line;
  }

  #leave(session: ServerSession, reason: string, why?: string): void {
    if (!this.#sessions.delete(session.number)) return;
    this.observe({ event: 'sessionEnded', session: session.number, reason: why });
    this.#lines.delete(session.number);
    this.#pools.leave(session.number);
    session.end(reason);
    this.windows.leave(session.number);
  }

  // What sessions share.

  began(engineJob: number, session: ServerSession, job: number): void {
    this.#owners.set(engineJob, { session, job });
    this.#timer ??= setInterval(() => this.#tellStates(), sessionStateMs).unref();
  }

  over(engineJob: number): void {
    this.#owners.delete(engineJob);
  }

  #tellStates(): void {
    const busy = [...this.#sessions.values()].filter((session) => session.isBusy);
    if (busy.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    const status = this.engine.status.running();
    for (const session of busy) session.tellState(status);
  }

  answer(question: Question, session: ServerSession): unknown {
    return answerQuestion(this, question, session);
  }

  tellPublished(): void {
    const list = this.published.list();
    for (const session of this.#sessions.values()) session.tellPublished(list);
  }

  info(): ServerInfo {
    const sessions = [...this.#sessions.values()].map(({ number, visitor, since, summary }) => {
      const isConnected = this.#lines.get(number)?.isConnected === true;
      return { session: number, name: visitor.name, pid: visitor.pid, since, ...summary, isConnected };
    });
    const executors = this.engine.status.executors().length;
    return { pid: process.pid, since: this.#since, master: this.#served.master, executors, sessions };
  }

  // What the engine tells.

  #listener(): Listener {
    return Object.fromEntries(
      eventNames.map((name) => [name, (event: ListenerEvents[EventName]) => this.#tell(name, event)]),
    ) as Listener;
  }

  #tell<K extends EventName>(name: K, event: ListenerEvents[K]): void {
    const { jobId: engineJob } = event as { jobId?: number };
    observeEngine(name, event, engineJob === undefined ? undefined : this.#owners.get(engineJob), this.observe);
    const { jobId, rddId, executorId } = event as { jobId?: number; rddId?: number; executorId?: string };
    const owner = jobId === undefined ? undefined : this.#owners.get(jobId);
    if (owner) {
      if (name === 'onTaskStart') {
        this.#ranLast = owner.session.number;
        this.#ran.set(executorId!, this.#ranLast);
      }
      return owner.session.tellOfJob(owner.job, name, event);
    }
    if (jobId !== undefined) return;
    if (rddId !== undefined) {
      // A session that unpersists hears of it by itself.
      if (name !== 'onUnpersist') this.#sessions.get(sessionOf(rddId))?.tell(name, event);
      return;
    }
    if (name === 'onExecutorRemoved') this.#ran.delete(executorId!);
    const status = this.engine.status.running();
    for (const session of this.#sessions.values()) {
      session.tell(name, event);
      session.tellState(status);
    }
  }

  /** Where tasks run elsewhere, the engine sends files of sessions along. */
  #sessionFolders(): string[] {
    return [...this.#sessions.values()].flatMap((session) => session.folder ?? []);
  }

  #merge(updates: readonly AccumulatorUpdate[]): void {
    const bySession = new Map<number, AccumulatorUpdate[]>();
    for (const update of updates) {
      const number = sessionOf(sharedNumberOf(update.id) ?? 0);
      bySession.set(number, [...(bySession.get(number) ?? []), update]);
    }
    for (const [number, own] of bySession) this.#sessions.get(number)?.tellUpdates(own);
  }

  #notice(text: string): void {
    this.observe({ event: 'notice', text });
    this.#print(text);
    for (const session of this.#sessions.values()) session.tellNotice(text);
  }
}
