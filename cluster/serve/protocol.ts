// All messages between a server and its sessions: closed unions, checked field by field on receipt.
//
// A message is a control text (superjson) and a binary tail in one frame, as between a driver and its executors. Datasets, jobs, events and
// errors are in the tail. The rows of an answer stay the bytes that an executor wrote: the server does not read them.

import { maxPartitions } from '../../runtime/base/limits';
import type { Release } from '../../runtime/plan/engine';
import type { JobCode } from '../../runtime/plan/job';
import type { PublicationWithCode, WindowPublication } from '../../runtime/plan/sharing/shared-datasets';
import { maxPublishedName, maxPublishedText, maxTaskBlobs } from '../base/limits';
import { countItem, Fields, readBoolean, refuse, textItem } from '../link/fields';
import { type EventName, eventNames } from './events';

/** Both sides must have the same; rises with each change of these messages. */
export const serveProtocol = 7;

/** Who attaches, for `.sessions`. */
export interface Visitor {
  readonly protocol: number;
  /** The version of Millrace. */
  readonly version: string;
  /** Its process, as process-owner.ts names one. */
  readonly pid: number;
  readonly namespace: string;
  readonly started: string;
  /** What it is: `prompt`, or the name of a script or program. */
  readonly name: string;
  /** The folder of its files; empty where it has none. */
  readonly folder: string;
}

/** The number of a job in its session, and whether its events are wanted. */
export interface SessionJob {
  readonly job: number;
  readonly heard: boolean;
}

/** What a session asks for; each question gets one answer. */
export type Question =
  | { readonly kind: 'sessions' }
  /** How the published datasets are used. */
  | { readonly kind: 'uses' }
  /** Publishes a dataset; where the server keeps, a job writes its files. */
  | { readonly kind: 'publish'; readonly what: PublicationWithCode; readonly by?: SessionJob }
  | { readonly kind: 'unpublish'; readonly name: string }
  /** Names a stream; the answer is its number. */
  | { readonly kind: 'beginWindow'; readonly what: WindowPublication }
  | {
      readonly kind: 'addBatch';
      readonly window: number;
      readonly time: number;
      readonly dataset: number;
      readonly code: JobCode;
    }
  | { readonly kind: 'endWindow'; readonly window: number }
  /** Has the server end, with all its sessions. */
  | { readonly kind: 'stop' };

export type ToServer =
  /** The first message after the handshake. */
  | { readonly kind: 'attach'; readonly visitor: Visitor }
  /** The first message of a later connection of a session: it goes on, and has read so many messages. */
  | { readonly kind: 'resume'; readonly session: number; readonly key: string; readonly read: number }
  /** How many messages were read; `line.ts` counts all but this one and those that begin a connection. */
  | { readonly kind: 'read'; readonly messages: number }
  /** Stores a blob; the tail is its bytes. */
  | { readonly kind: 'blob'; readonly id: string }
  | { readonly kind: 'dropBlobs'; readonly ids: readonly string[] }
  /** Defines datasets: the tail, by `encodeDatasets`. */
  | { readonly kind: 'define' }
  /** Runs a job: the tail, by `encodeJob`. `heard` says whether its events are wanted. */
  | { readonly kind: 'run'; readonly job: number; readonly heard: boolean }
  | { readonly kind: 'cancel'; readonly job: number; readonly reason: string }
  | { readonly kind: 'release'; readonly what: Release }
  /** Begins to use a published dataset; its release ends that. */
  | { readonly kind: 'open'; readonly dataset: number; readonly name: string }
  /** The terminal of a prompt is gone, or there again. */
  | { readonly kind: 'terminal'; readonly isThere: boolean }
  /** Numbers only rise. */
  | { readonly kind: 'ask'; readonly number: number; readonly question: Question };

export type ToSession =
  /** The answer to `attach`; the tail has the configuration of the engine. */
  | {
      readonly kind: 'welcome';
      readonly session: number;
      readonly key: string;
      readonly graceMs: number;
      readonly slots: number;
      /** Where the server runs its tasks: `local[4]`. */
      readonly master: string;
      /** Whether tasks see the folders of sessions. */
      readonly sharesFolder: boolean;
      /** The folder of its engine. */
      readonly folder: string;
      /** Whether it writes what is published for the next server. */
      readonly keeps: boolean;
    }
  /** The answer to `resume`: the server has read so many messages. */
  | { readonly kind: 'resumed'; readonly read: number }
  | { readonly kind: 'read'; readonly messages: number }
  /** The server does not take this session, or ends it; the tail is the error. */
  | { readonly kind: 'turnedAway' }
  /** The answer of one partition: the tail. */
  | { readonly kind: 'answer'; readonly job: number; readonly partition: number }
  /** Updates of accumulators: the tail. */
  | { readonly kind: 'updates' }
  /** What happened, for listeners: the tail. */
  | { readonly kind: 'event'; readonly name: EventName }
  /** Running jobs, executors and persisted datasets: the tail, see state.ts. */
  | { readonly kind: 'state' }
  /** A job has ended; the tail is its error, or empty. */
  | { readonly kind: 'ended'; readonly job: number; readonly records: number; readonly stageIds: readonly number[] }
  /** The published datasets have changed: the tail has them, by `encodePublished`. */
  | { readonly kind: 'published' }
  /** The published streams have changed: the tail has them, by `encodeWindows`. */
  | { readonly kind: 'windows' }
  /** A batch of a published stream: the tail has it, by `encodePublished`. */
  | { readonly kind: 'batch'; readonly window: number; readonly time: number }
  | { readonly kind: 'notice'; readonly text: string }
  /** A line that the user's functions printed on an executor. */
  | { readonly kind: 'output'; readonly line: string; readonly stream: 'stdout' | 'stderr' }
  /** There was no room for these: jobs that need them fail. They are to be sent again before the next one. */
  | { readonly kind: 'noRoom'; readonly datasets: readonly number[]; readonly blobs: readonly string[] }
  /** The answer to a question: the tail. */
  | { readonly kind: 'told'; readonly question: number }
  /** A question was refused: the tail is the error. */
  | { readonly kind: 'refused'; readonly question: number };

const idLength = 256;
const textLength = 1 << 20;
const longestPath = 4096;
const mostStages = 1_000_000;
const mostRefused = 1_000_000;

/** Checks a message of a session. Throws PROTOCOL. */
export function checkToServer(value: unknown): ToServer {
  const message = new Fields('message', value);
  const checked = readToServer(message);
  message.end();
  return checked;
}

function readToServer(message: Fields): ToServer {
  const kind = message.string('kind', idLength);
  switch (kind) {
    case 'attach':
      return { kind, visitor: readVisitor(message.object('visitor')) };
    case 'resume':
      return {
        kind,
        session: message.integer('session'),
        key: message.string('key', idLength),
        read: message.integer('read'),
      };
    case 'read':
      return { kind, messages: message.integer('messages') };
    case 'blob':
      return { kind, id: message.string('id', idLength) };
    case 'dropBlobs':
      return { kind, ids: message.list('ids', maxTaskBlobs, textItem(idLength)) };
    case 'define':
      return { kind };
    case 'run':
      return { kind, job: message.integer('job'), heard: readBoolean(message, 'heard') };
    case 'cancel':
      return { kind, job: message.integer('job'), reason: message.string('reason', textLength) };
    case 'release':
      return { kind, what: readRelease(message.object('what')) };
    case 'open':
      return { kind, dataset: message.integer('dataset'), name: message.string('name', maxPublishedName) };
    case 'terminal':
      return { kind, isThere: readBoolean(message, 'isThere') };
    case 'ask':
      return { kind, number: message.integer('number'), question: readQuestion(message.object('question')) };
    default:
      return refuse(`unknown message kind ${kind.slice(0, 40)}`);
  }
}

function readVisitor(visitor: Fields): Visitor {
  const read = {
    protocol: visitor.integer('protocol'),
    version: visitor.string('version', idLength),
    pid: visitor.integer('pid'),
    namespace: visitor.string('namespace', idLength),
    started: visitor.string('started', idLength),
    name: visitor.string('name', idLength),
    folder: visitor.string('folder', longestPath),
  };
  visitor.end();
  return read;
}

function readRelease(what: Fields): Release {
  const kind = what.string('kind', idLength);
  switch (kind) {
    case 'dataset':
    case 'persisted':
    case 'shuffle':
    case 'checkpoint':
    case 'state': {
      const id = what.integer('id');
      what.end();
      return { kind, id };
    }
    case 'blob': {
      const id = what.string('id', idLength);
      what.end();
      return { kind, id };
    }
    default:
      return refuse(`unknown release ${kind.slice(0, 40)}`);
  }
}

function readQuestion(question: Fields): Question {
  const read = readQuestionKind(question);
  question.end();
  return read;
}

function readQuestionKind(question: Fields): Question {
  const kind = question.string('kind', idLength);
  switch (kind) {
    case 'sessions':
    case 'uses':
    case 'stop':
      return { kind };
    case 'unpublish':
      return { kind, name: question.string('name', maxPublishedName) };
    case 'publish':
      return {
        kind,
        what: readPublication(question.object('what')),
        by: question.has('by') ? readSessionJob(question.object('by')) : undefined,
      };
    case 'beginWindow':
      return { kind, what: readWindow(question.object('what')) };
    case 'addBatch':
      return {
        kind,
        window: question.integer('window'),
        time: question.integer('time'),
        dataset: question.integer('dataset'),
        code: readCode(question.object('code')),
      };
    case 'endWindow':
      return { kind, window: question.integer('window') };
    default:
      return refuse(`unknown question ${kind.slice(0, 40)}`);
  }
}

function readSessionJob(by: Fields): SessionJob {
  const read = { job: by.integer('job'), heard: readBoolean(by, 'heard') };
  by.end();
  return read;
}

function readPublication(what: Fields): PublicationWithCode {
  const read = {
    name: what.string('name', maxPublishedName),
    dataset: what.integer('dataset'),
    type: what.string('type', maxPublishedText),
    description: what.string('description', maxPublishedText),
    replace: readBoolean(what, 'replace'),
    code: readCode(what.object('code')),
  };
  what.end();
  return read;
}

function readCode(code: Fields): JobCode {
  const read = {
    modules: code.string('modules', idLength),
    classes: code.list('classes', maxTaskBlobs, textItem(idLength)),
  };
  code.end();
  return read;
}

function readWindow(what: Fields): WindowPublication {
  const read = {
    name: what.string('name', maxPublishedName),
    type: what.string('type', maxPublishedText),
    description: what.string('description', maxPublishedText),
    slide: what.amount('slide'),
    last: what.amount('last'),
    replace: readBoolean(what, 'replace'),
  };
  what.end();
  return read;
}

/** Checks a message of the server. Throws PROTOCOL. */
export function checkToSession(value: unknown): ToSession {
  const message = new Fields('message', value);
  const checked = readToSession(message);
  message.end();
  return checked;
}

function readToSession(message: Fields): ToSession {
  const kind = message.string('kind', idLength);
  switch (kind) {
    case 'welcome':
      return {
        kind,
        session: message.integer('session'),
        key: message.string('key', idLength),
        graceMs: message.integer('graceMs'),
        slots: message.integer('slots'),
        master: message.string('master', idLength),
        sharesFolder: readBoolean(message, 'sharesFolder'),
        folder: message.string('folder', longestPath),
        keeps: readBoolean(message, 'keeps'),
      };
    case 'resumed':
      return { kind, read: message.integer('read') };
    case 'read':
      return { kind, messages: message.integer('messages') };
    case 'answer':
      return { kind, job: message.integer('job'), partition: message.integer('partition', maxPartitions) };
    case 'event':
      return { kind, name: readEventName(message.string('name', idLength)) };
    case 'ended':
      return {
        kind,
        job: message.integer('job'),
        records: message.integer('records'),
        stageIds: message.list('stageIds', mostStages, (id) => (Number.isSafeInteger(id) ? (id as number) : refuse('a stage'))),
      };
    case 'batch':
      return { kind, window: message.integer('window'), time: message.integer('time') };
    case 'notice':
      return { kind, text: message.string('text', textLength) };
    case 'noRoom':
      return {
        kind,
        datasets: message.list('datasets', mostRefused, countItem),
        blobs: message.list('blobs', mostRefused, textItem(idLength)),
      };
    case 'output': {
      const stream = message.string('stream', idLength);
      if (stream !== 'stdout' && stream !== 'stderr') refuse('message.stream is no stream');
      return { kind, line: message.string('line', textLength), stream };
    }
    case 'turnedAway':
    case 'updates':
    case 'state':
    case 'published':
    case 'windows':
      return { kind };
    case 'told':
    case 'refused':
      return { kind, question: message.integer('question') };
    default:
      return refuse(`unknown message kind ${kind.slice(0, 40)}`);
  }
}

const readEventName = (name: string): EventName =>
  (eventNames as readonly string[]).includes(name) ? (name as EventName) : refuse(`unknown event ${name.slice(0, 40)}`);
