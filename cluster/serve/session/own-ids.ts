// The numbers of one session on a server: what it defines, runs or releases must have a number of its own range, or be published.
import { hash } from 'node:crypto';
import { idsPerSession } from '../../../runtime/base/limits';
import type { Release } from '../../../runtime/plan/engine';
import type { Job } from '../../../runtime/plan/job';
import type { DatasetNode, DependencyNode, FunctionNode } from '../../../runtime/plan/node';
import { inputsOf, type Plan } from '../../../runtime/plan/program';
import { refuse } from '../../link/fields';

/** The first number of a session; numbers of sessions begin with 1. */
export const firstIdOf = (session: number): number => session * idsPerSession;

/** The session that a number belongs to. */
export const sessionOf = (id: number): number => Math.floor(id / idsPerSession);

/** The number of the shared variable that an id ends with: `accumulator-17`; undefined where there is none. */
export function sharedNumberOf(id: string): number | undefined {
  const [, digits] = /-(\d{1,16})$/.exec(id) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** What a session must clear up behind it. */
export interface Footprint {
  readonly datasets: Set<number>;
  readonly persisted: Set<number>;
  readonly shuffles: Set<number>;
  readonly checkpoints: Set<number>;
  readonly states: Set<number>;
}

/** Plans that only planners make: in the fragment of a session they would name what is not its own. */
const plannersOwn: readonly Plan['op'][] = ['cached', 'stored', 'shuffleRead'];

/** Blobs that are named by a hash of their bytes, by the kind of hash. */
const hashed: Readonly<Record<string, 'sha1' | 'sha256'>> = {
  closure: 'sha1',
  classes: 'sha1',
  modules: 'sha1',
  file: 'sha256',
};

export class OwnIds {
  readonly #session: number;
  readonly #mayRead: (dataset: number) => boolean;
  readonly footprint: Footprint = {
    datasets: new Set(),
    persisted: new Set(),
    shuffles: new Set(),
    checkpoints: new Set(),
    states: new Set(),
  };

  /** `mayRead` tells which datasets of others it may read: published ones. */
  constructor(session: number, mayRead: (dataset: number) => boolean) {
    this.#session = session;
    this.#mayRead = mayRead;
  }

  /** Datasets that the session defines, as the engine is told of them. Throws PROTOCOL for what is not its own. */
  nodes(nodes: readonly DatasetNode[]): DatasetNode[] {
    return nodes.map((node) => {
      const { id, dependencies, besides, persistence, fragment, functions, splits } = node;
      this.#own(id, 'dataset');
      if (besides !== undefined) this.#read(besides);
      for (const d of dependencies) {
        this.#read(d.dataset);
        if (d.kind === 'shuffle') this.footprint.shuffles.add(this.#own(d.shuffleId, 'shuffle'));
        if (d.kind === 'shuffle') this.#functions(d.functions);
      }
      this.#functions(functions);
      if (splits.kind === 'values' || splits.kind === 'custom') this.#blobName(splits.blobs);
      this.#fragment(fragment);
      this.footprint.datasets.add(id);
      if (persistence) this.footprint.persisted.add(id);
      // The answer of a query lies there as a checkpoint does.
      if (splits.kind === 'checkpoint' && splits.folder === undefined) this.footprint.checkpoints.add(id);
      return { ...node, functions: this.#instances(functions), dependencies: dependencies.map((d) => this.#dependency(d)) };
    });
  }

  #fragment(part: Plan): void {
    if (plannersOwn.includes(part.op)) refuse(`a dataset with a step ${part.op}`);
    const place = part.op === 'stateUpdate' ? part.step.place : part.op === 'stateRead' ? part.read.place : undefined;
    if (place) this.footprint.states.add(this.#own(place.id, 'state'));
    for (const below of inputsOf(part)) this.#fragment(below);
  }

  /** A job of the session as the engine runs it. Throws PROTOCOL. */
  job(job: Job): Job {
    this.#read(job.root);
    this.#functions(job.functions);
    const { sink } = job;
    if (sink.kind === 'shuffle' || sink.kind === 'store') refuse(`a job with the sink ${sink.kind}`);
    if (sink.kind === 'checkpoint') {
      this.#own(sink.rddId, 'checkpoint');
      if (sink.folder === undefined) this.footprint.checkpoints.add(sink.rddId);
    }
    for (const name of Object.values(job.files)) this.#blobName(name);
    return { ...job, functions: this.#instances(job.functions) };
  }

  /** What the session needs no longer. Throws PROTOCOL. */
  release(what: Release): void {
    const { datasets, persisted, shuffles, checkpoints, states } = this.footprint;
    const of = { dataset: datasets, persisted, shuffle: shuffles, checkpoint: checkpoints, state: states };
    if (what.kind === 'blob') this.#blobName(what.id);
    else of[what.kind].delete(this.#own(what.id, what.kind));
  }

  /** A blob that the session sends. Throws PROTOCOL where its name belongs to another session, or to other bytes. */
  blob(id: string, bytes: Uint8Array): void {
    const kind = id.slice(0, Math.max(0, id.indexOf('-')));
    if (Object.hasOwn(hashed, kind)) {
      if (id !== `${kind}-${hash(hashed[kind], bytes)}`) refuse(`a blob ${id.slice(0, 80)} with other bytes`);
    } else this.#blobName(id);
  }

  /** `dataset-17.2` and `broadcast-17` have a number of the session that made them. */
  #blobName(name: string): void {
    const [, digits] = /^(?:dataset|broadcast)-(\d{1,16})(?:\.\d+)?$/.exec(name) ?? [];
    if (digits !== undefined) this.#own(Number(digits), 'blob');
  }

  #functions(functions: readonly FunctionNode[]): void {
    for (const { needs, bulk } of functions) for (const name of [...needs, ...bulk]) this.#blobName(name);
  }

  /** Numbers of functions are those of a process: with the range of the session they are unique among all. */
  #instances(functions: readonly FunctionNode[]): FunctionNode[] {
    return functions.map((f) => ({ ...f, instance: f.instance + firstIdOf(this.#session) }));
  }

  #dependency(d: DependencyNode): DependencyNode {
    return d.kind === 'shuffle' ? { ...d, functions: this.#instances(d.functions) } : d;
  }

  #read(dataset: number): void {
    if (sessionOf(dataset) !== this.#session && !this.#mayRead(dataset))
      refuse(`dataset ${dataset} is not of this session, and not published`);
  }

  #own(id: number, what: string): number {
    return sessionOf(id) === this.#session ? id : refuse(`${what} ${id} is not of this session`);
  }
}
