// The boundary to what several sessions of one engine share: datasets and streams by name, and who the sessions are. Plain data both ways.
import type { Schema } from '../../schema/schema';
import type { Job, JobCode } from '../job';
import type { PartitionerSpec } from '../program';
import type { LevelFlags } from '../storage-level';

/** A published dataset, as any session of the engine sees it. */
export interface PublishedDataset {
  readonly name: string;
  /** The dataset, by the number that its publisher gave it. */
  readonly dataset: number;
  /** What it was made by: `map`, `textFile`. */
  readonly operation: string;
  readonly partitions: number;
  /** How its pairs are spread over the partitions, if that is known. @internal */
  readonly partitioner?: PartitionerSpec;
  readonly schema?: Schema;
  /** The type of its elements as text; empty where it is not known. */
  readonly type: string;
  readonly description: string;
  /** The session that published it: its name and process. */
  readonly owner: string;
  readonly level: LevelFlags;
  /** When it was published, in milliseconds since the epoch. */
  readonly since: number;
}

/** How a published dataset is used. */
export interface PublishedUse {
  readonly name: string;
  /** Partitions that are persisted now, and their bytes. */
  readonly stored: number;
  readonly bytes: number;
  readonly diskBytes: number;
  /** Sessions that use it, by name. */
  readonly users: readonly string[];
}

/** What a session says of a dataset that it publishes. */
export interface Publication {
  readonly name: string;
  readonly dataset: number;
  readonly type: string;
  readonly description: string;
  /** Takes the place of one of that name; who reads that one goes on. */
  readonly replace: boolean;
}

/** Who publishes: the signal cancels it, the rest labels the job that writes it, if one does. */
export interface Publishing extends Pick<Job, 'properties' | 'callSite'> {
  readonly signal: AbortSignal;
}

/** A session of a server. */
export interface SessionInfo {
  readonly session: number;
  /** What it is: `prompt`, or the name of a script or program. */
  readonly name: string;
  readonly pid: number;
  /** When it attached, in milliseconds since the epoch. */
  readonly since: number;
  /** Jobs that run now, and all so far. */
  readonly running: number;
  readonly jobs: number;
  /** Bytes of its values, functions and plans in the server. */
  readonly bytes: number;
  /** Bytes of what it has published. */
  readonly published: number;
  /** A prompt that has no terminal now. */
  readonly isDetached: boolean;
  /** Whether its connection is there; without one, it is waited for. */
  readonly isConnected: boolean;
}

/** A server and its sessions. */
export interface ServerInfo {
  readonly pid: number;
  readonly since: number;
  /** Where it runs its tasks. */
  readonly master: string;
  readonly executors: number;
  readonly sessions: readonly SessionInfo[];
}

/** What the sessions of one engine share. */
export interface SharedDatasets {
  /** The number of this session. */
  readonly session: number;
  /** Whether the server has not answered yet what this session asked it. */
  readonly isAsking: boolean;
  server(): Promise<ServerInfo>;
  /** Tells the server whether this session's prompt has a terminal. */
  setTerminal(isThere: boolean): void;
  /** As they are now. */
  list(): readonly PublishedDataset[];
  /** Publishes a dataset that the engine knows, unless it is cancelled while it is written. Rejects with NAME_IN_USE or NOT_PUBLISHABLE. */
  publish(what: Publication, by: Publishing): Promise<void>;
  /** Rejects with NOT_PUBLISHED. */
  unpublish(name: string): Promise<void>;
  /** Begins to use a published dataset: it stays until the session has released it as often. */
  open(published: PublishedDataset): void;
  uses(): Promise<readonly PublishedUse[]>;
  readonly streams: SharedStreams;
}

/** A publication with the user's code that the dataset's functions need. */
export type PublicationWithCode = Publication & { readonly code: JobCode };

/** What a session says of a stream that it publishes. */
export interface WindowPublication {
  readonly name: string;
  /** The type of its elements as text; empty where it is not known. */
  readonly type: string;
  readonly description: string;
  /** Milliseconds between its batches, and how far it reaches back. */
  readonly slide: number;
  readonly last: number;
  /** Takes the place of one of that name. */
  readonly replace: boolean;
}

/** A published stream, without its batches. */
export interface PublishedWindow extends Omit<WindowPublication, 'replace'> {
  /** Another one for each that was replaced. */
  readonly id: number;
  readonly owner: string;
  /** The session that publishes it. */
  readonly session: number;
  /** No more batches come: its publisher has ended it, or has ended itself. */
  readonly hasEnded: boolean;
}

/** A batch of a published stream: whole, and the same for all. */
export interface WindowBatch {
  readonly time: number;
  readonly rows: PublishedDataset;
}

/** The published streams of a server. */
export interface SharedStreams {
  list(): readonly PublishedWindow[];
  /** The batches of one, oldest first. */
  batches(window: number): readonly WindowBatch[];
  /** Names a stream; one of that name that has ended goes on. Answers its number. Rejects with NAME_IN_USE, NOT_THE_PUBLISHER or SESSION_FULL. */
  begin(what: WindowPublication): Promise<number>;
  /** Adds a batch, a dataset that the engine knows. */
  add(window: number, time: number, dataset: number): Promise<void>;
  /** No more batches come. */
  end(window: number): Promise<void>;
  /** Calls `changed` when batches arrive, or when the streams change, until what it answers is called. */
  listen(changed: () => void): () => void;
}
