// Pregel (Malewicz et al., SIGMOD 2010): vertices that compute in supersteps and send each other messages, until all of them halt.
import { HashPartitioner, type JobPromise, MillraceError, type RDD, StorageLevel } from '../index';
import { checkCheckpointEvery, checkCount, checkDataset, checkFunction, cutLineage, refuse } from './arguments';

/** A global value: what vertices tell in one superstep is merged, and all of them read it in the next. */
export interface Aggregator<T> {
  readonly zero: T;
  /** Joins what two vertices told; must be commutative and associative. */
  merge(a: T, b: T): T;
}

/** A vertex during one superstep. */
export interface Vertex<K, V, M, E, A = Record<string, never>> {
  readonly id: K;
  /** What is assigned here is the vertex's value from now on. */
  value: V;
  /** Outgoing edges: the target and what the edge carries. */
  readonly edges: readonly (readonly [K, E])[];
  /** From 0. */
  readonly superstep: number;
  /** Vertices of the whole graph. */
  readonly numVertices: number;
  /** Sends a message that its target reads in the next superstep, also if it halted. */
  send(target: K, message: M): void;
  /** `send` along each outgoing edge. */
  sendToAll(message: M): void;
  /** This vertex computes again only when a message comes. */
  voteToHalt(): void;
  /** Tells an aggregator. */
  aggregate<N extends keyof A>(name: N, value: A[N]): void;
  /** What an aggregator was told in the superstep before; its zero in superstep 0. */
  aggregated<N extends keyof A>(name: N): A[N];
}

/** What is known in the session after a superstep. */
export interface SuperstepReport<A> {
  readonly superstep: number;
  /** Vertices that did not halt. */
  readonly active: number;
  readonly messages: number;
  readonly aggregated: A;
}

/** The program of the vertices, and what is persisted of a run. */
export interface PregelOptions<K, V, M, E, A> {
  /** The vertex program: runs on executors, in superstep 0 for each vertex, later for those that are awake or have messages. */
  compute(vertex: Vertex<K, V, M, E, A>, messages: readonly M[]): void;
  /** Merges two messages for the same vertex, on the way; must be associative and commutative. */
  combine?(a: M, b: M): M;
  readonly aggregators?: { readonly [N in keyof A]: Aggregator<A[N]> };
  /** Supersteps at most; without it the run ends when all vertices have halted and no message is on its way. */
  readonly maxSupersteps?: number;
  /**
   * Supersteps between two checkpoints in the folder of `sc.setCheckpointDir`. If left out every tenth superstep is checkpointed, in
   * that folder or, without one, in the session's own: the lineage stays bounded.
   */
  readonly checkpointEvery?: number;
  /** Partitions of the graph; those of the vertices if left out. */
  readonly numPartitions?: number;
  /**
   * What becomes of edges and messages to a vertex that isn't there: an error (the default; edges are checked before the first
   * superstep), nothing, or a new vertex with the value that this function gives.
   */
  readonly missing?: 'fail' | 'drop' | ((id: K) => V);
  /** Called in the session after each superstep; the next one waits for what it returns. */
  onSuperstep?(report: SuperstepReport<A>): unknown;
}

/** The vertices after the last superstep. */
export interface PregelResult<K, V, A> {
  /** The vertices with their last values, partitioned by id and persisted. */
  readonly vertices: RDD<[K, V]>;
  /** Supersteps that were run. */
  readonly supersteps: number;
  /** Whether the run came to its end, rather than to `maxSupersteps`. */
  readonly halted: boolean;
  /** What the aggregators were told in the last superstep. */
  readonly aggregated: A;
}

/** A vertex between two supersteps, with what it sent and reported in the last one. One shape for all, so that they are encoded as columns. */
interface Turn {
  readonly value: unknown;
  readonly halted: boolean;
  readonly sent: [unknown, unknown][];
  readonly told: [string, unknown][];
  readonly flaw: '' | 'missing' | 'duplicate';
}

type Aggregators = readonly (readonly [string, Aggregator<unknown>])[];
type State = RDD<[unknown, Turn]>;
type Adjacency = RDD<[unknown, [unknown, unknown][]]>;

interface Summary {
  vertices: number;
  active: number;
  messages: number;
  told: [string, unknown][];
  flaws: [string, unknown][];
}

const operation = 'pregel';

/**
 * Runs a vertex program on a graph. Edges are `[from, to]` or `[from, to, value]`. Vertices, edges and messages are partitioned alike, so
 * that a superstep shuffles its messages and nothing else. The program is captured anew for each superstep: don't change what it captures.
 * Throws BAD_ARGUMENT, NO_CHECKPOINT_DIR, DUPLICATE_VERTEX, MISSING_VERTEX.
 * @example await (await pregel(sc.parallelize([[1, 3], [2, 7]]), sc.parallelize([[1, 2], [2, 1]]), { compute(v, messages) { const most = Math.max(v.value, ...messages); if (v.superstep === 0 || most > v.value) { v.value = most; v.sendToAll(most); } v.voteToHalt(); } })).vertices.collectAsMap() // Map { 1 => 7, 2 => 7 }
 */
export function pregel<K, V, M, E = undefined, A = Record<string, never>>(
  vertices: RDD<[K, V]>,
  edges: RDD<[K, K, E]> | RDD<[K, K]>,
  options: PregelOptions<K, V, M, E, A>,
): JobPromise<PregelResult<K, V, A>>;
export async function pregel<K, V, M, E = undefined, A = Record<string, never>>(
  vertices: RDD<[K, V]>,
  edges: RDD<[K, K, E]> | RDD<[K, K]>,
  options: PregelOptions<K, V, M, E, A>,
): Promise<PregelResult<K, V, A>> {
  checkOptions(vertices, edges, options as never);
  const { combine, maxSupersteps = Number.POSITIVE_INFINITY, missing = 'fail', onSuperstep } = options;
  const aggregators = Object.entries(options.aggregators ?? {}) as unknown as Aggregators;
  const partitioner = new HashPartitioner(options.numPartitions ?? Math.max(1, vertices.numPartitions));
  const adjacency = adjacencyOf(edges as RDD<[unknown, unknown, unknown]>, partitioner);
  let state = initialState(vertices, missing === 'fail' ? (edges as RDD<unknown[]>) : undefined, partitioner);
  try {
    let summary = await summarise(state, aggregators);
    failOnFlaws(summary, 'an edge');
    let told = new Map(aggregators.map(([name, { zero }]) => [name, zero]));
    let superstep = 0;
    for (; superstep < maxSupersteps && (summary.active > 0 || summary.messages > 0); superstep++) {
      const moment = { superstep, numVertices: summary.vertices, aggregated: told };
      const turn = turnOf(options.compute as never, missing as never, aggregators, moment);
      const before = state;
      state = advance(before, adjacency, messagesOf(before, combine as never, partitioner, superstep), turn, partitioner);
      cutLineage(state, superstep + 1, options.checkpointEvery);
      summary = await summarise(state, aggregators);
      before.unpersist();
      failOnFlaws(summary, `a message of superstep ${superstep - 1}`);
      told = new Map(summary.told);
      const { active, messages } = summary;
      await onSuperstep?.({ superstep, active, messages, aggregated: Object.fromEntries(told) as A });
    }
    return {
      vertices: state.mapValues((turn) => turn.value) as RDD<[K, V]>,
      supersteps: superstep,
      halted: summary.active === 0 && summary.messages === 0,
      aggregated: Object.fromEntries(told) as A,
    };
  } catch (error) {
    state.unpersist();
    throw error;
  } finally {
    adjacency.unpersist();
  }
}

function checkOptions(
  vertices: unknown,
  edges: unknown,
  options: PregelOptions<unknown, unknown, unknown, unknown, object>,
): void {
  const remedy = 'Write pregel(vertices, edges, { compute(vertex, messages) { … } }).';
  checkDataset(vertices, { operation, argument: 'the vertices', remedy });
  checkDataset(edges, { operation, argument: 'the edges', remedy }, vertices as RDD<unknown>);
  if (typeof options !== 'object' || options === null)
    refuse({ operation, argument: 'the options', remedy }, options, 'an object with a function compute');
  checkFunction(options.compute, { operation, argument: 'compute', remedy });
  checkFunction(options.combine, { operation, argument: 'combine', remedy: 'Write combine: (a, b) => Math.min(a, b).' }, true);
  checkFunction(options.onSuperstep, { operation, argument: 'onSuperstep', remedy: 'Write onSuperstep: (report) => ….' }, true);
  const whole = (argument: 'maxSupersteps' | 'numPartitions', least: number) =>
    checkCount(options[argument], least, { operation, argument, remedy: 'Leave it out, or write a number such as 20.' });
  whole('maxSupersteps', 0);
  whole('numPartitions', 1);
  checkCheckpointEvery(options.checkpointEvery, vertices as RDD<unknown>, operation);
  const { missing } = options;
  if (missing !== undefined && missing !== 'fail' && missing !== 'drop' && typeof missing !== 'function') {
    const how = { operation, argument: 'missing', remedy: "Write missing: 'drop', or missing: (id) => value." };
    refuse(how, missing, "'fail', 'drop' or a function that makes a value");
  }
  for (const [name, aggregator] of Object.entries(options.aggregators ?? {}))
    checkFunction((aggregator as Aggregator<unknown> | undefined)?.merge, {
      operation,
      argument: `the merge of the aggregator ${name}`,
      remedy: `Write ${name}: { zero: 0, merge: (a, b) => a + b }.`,
    });
}

function failOnFlaws({ flaws }: Summary, by: string): void {
  if (flaws.length === 0) return;
  const [flaw, id] = flaws[0];
  const shown = JSON.stringify(id) ?? String(id);
  throw new MillraceError(flaw === 'duplicate' ? 'DUPLICATE_VERTEX' : 'MISSING_VERTEX', { id: shown, by });
}

// ---- datasets of a run

/** The outgoing edges of each vertex, partitioned once and persisted. */
function adjacencyOf(edges: RDD<[unknown, unknown, unknown]>, partitioner: HashPartitioner): Adjacency {
  const outgoing = edges.map(([source, target, value]) => [source, [target, value]] as [unknown, [unknown, unknown]]);
  return outgoing.groupByKey(partitioner).setName('edges').persist(StorageLevel.MEMORY_AND_DISK);
}

/** All vertices awake. With `edges` the ends of each are looked up. */
function initialState(vertices: RDD<[any, any]>, edges: RDD<unknown[]> | undefined, partitioner: HashPartitioner): State {
  const placed = vertices.partitionBy(partitioner);
  const ends = edges?.flatMap(([source, target]) => [source, target].map((id) => [id, null] as [unknown, null]));
  const named = ends ? ends.reduceByKey(() => null, partitioner) : placed.filter(() => false);
  const awake = ([id, [values]]: [unknown, [unknown[], unknown[]]]): [unknown, Turn] => {
    const flaw = values.length > 1 ? 'duplicate' : values.length === 0 ? 'missing' : '';
    return [id, { value: values[0], halted: false, sent: [], told: [], flaw }];
  };
  const met = placed.cogroup(named as RDD<[unknown, unknown]>, partitioner) as RDD<[unknown, [unknown[], unknown[]]]>;
  const state: State = met.mapPartitions((rows) => each(rows, awake), true);
  return state.setName('vertices at the start').persist(StorageLevel.MEMORY_AND_DISK);
}

/** What was sent, where its targets lie: of each of them one inbox. */
function messagesOf(
  state: State,
  combine: ((a: unknown, b: unknown) => unknown) | undefined,
  partitioner: HashPartitioner,
  superstep: number,
): RDD<[unknown, unknown[]]> | undefined {
  // Before superstep 0 nobody has sent anything.
  if (superstep === 0) return undefined;
  const sent = state.flatMap(([, turn]) => turn.sent) as RDD<[unknown, unknown]>;
  if (!combine) return sent.groupByKey(partitioner);
  return sent.reduceByKey(combine, partitioner).mapValues((message) => [message]);
}

/** What comes together at one id: its state, its edges, its inbox; each at most once. */
type Meeting = [unknown, [Turn[], [unknown, unknown][][], unknown[][]]];

/** The state after one superstep. */
function advance(
  state: State,
  adjacency: Adjacency,
  messages: RDD<[unknown, unknown[]]> | undefined,
  turn: (meeting: Meeting) => [unknown, Turn] | undefined,
  partitioner: HashPartitioner,
): State {
  const met = messages ? state.cogroup(adjacency, messages, partitioner) : state.cogroup(adjacency, partitioner);
  const after: State = (met as RDD<Meeting>).mapPartitions((rows) => each(rows, turn), true);
  return after.setName('vertices').persist(StorageLevel.MEMORY_AND_DISK);
}

/** Counts of a state and what its vertices reported; computes and persists the state. */
async function summarise(state: State, aggregators: Aggregators): Promise<Summary> {
  const parts = await state.mapPartitions((turns) => [summaryOf(turns, aggregators)]).collect();
  const total: Summary = { vertices: 0, active: 0, messages: 0, told: [], flaws: [] };
  const told = new Map(aggregators.map(([name, { zero }]) => [name, zero]));
  for (const part of parts) {
    total.vertices += part.vertices;
    total.active += part.active;
    total.messages += part.messages;
    total.flaws.push(...part.flaws);
    for (const [name, { merge }] of aggregators)
      for (const [n, value] of part.told) if (n === name) told.set(name, merge(told.get(name), value));
  }
  return { ...total, told: [...told] };
}

// ---- what runs on executors; none of these is exported, so that they are shipped as text and not by the name of a module

/** What `f` makes of each row, but for nothing. */
function* each<T, U>(rows: Iterable<T>, f: (row: T) => U | undefined): Generator<U> {
  for (const row of rows) {
    const made = f(row);
    if (made !== undefined) yield made;
  }
}

function summaryOf(turns: Iterable<[unknown, Turn]>, aggregators: Aggregators): Summary {
  const summary: Summary = { vertices: 0, active: 0, messages: 0, told: [], flaws: [] };
  const merges = new Map(aggregators.map(([name, { merge }]) => [name, merge]));
  const told = new Map<string, unknown>();
  for (const [id, turn] of turns) {
    summary.vertices++;
    if (!turn.halted) summary.active++;
    summary.messages += turn.sent.length;
    if (turn.flaw && summary.flaws.length === 0) summary.flaws.push([turn.flaw, id]);
    for (const [name, value] of turn.told) told.set(name, told.has(name) ? merges.get(name)!(told.get(name), value) : value);
  }
  summary.told = [...told];
  return summary;
}

interface Moment {
  readonly superstep: number;
  readonly numVertices: number;
  readonly aggregated: ReadonlyMap<string, unknown>;
}

/** What one vertex does in one superstep: from its state, edges and inbox to its next state; nothing where it is dropped. */
function turnOf(
  compute: (vertex: Vertex<unknown, unknown, unknown, unknown, Record<string, unknown>>, messages: readonly unknown[]) => void,
  missing: 'fail' | 'drop' | ((id: unknown) => unknown),
  aggregators: Aggregators,
  { superstep, numVertices, aggregated }: Moment,
): (meeting: Meeting) => [unknown, Turn] | undefined {
  const known = (name: string) => {
    if (aggregated.has(name)) return name;
    throw new Error(`There is no aggregator ${name}; declared are: ${aggregators.map(([n]) => n).join(', ') || 'none'}.`);
  };
  /** The state of an id that has none: only messages bring one about; edges alone don't. */
  const created = (id: unknown, messages: number): Turn | undefined => {
    const nobody: Turn = { value: undefined, halted: false, sent: [], told: [], flaw: 'missing' };
    if (messages === 0 || missing === 'drop') return undefined;
    return missing === 'fail' ? nobody : { ...nobody, value: missing(id), flaw: '' };
  };
  return ([id, [turns, lists, inboxes = []]]) => {
    const inbox = inboxes[0] ?? [];
    const turn = turns.length > 0 ? turns[0] : created(id, inbox.length);
    if (turn === undefined) return undefined;
    if (turn.flaw) return [id, turn];
    if (turn.halted && inbox.length === 0) return [id, { ...turn, sent: [], told: [] }];
    const edges = lists[0] ?? [];
    const sent: [unknown, unknown][] = [];
    const told: [string, unknown][] = [];
    let halted = false;
    const vertex = {
      id,
      value: turn.value,
      edges,
      superstep,
      numVertices,
      send: (target: unknown, message: unknown) => void sent.push([target, message]),
      sendToAll: (message: unknown) => {
        for (const [target] of edges) sent.push([target, message]);
      },
      voteToHalt: () => {
        halted = true;
      },
      aggregate: (name: string, value: unknown) => void told.push([known(name), value]),
      aggregated: (name: string) => aggregated.get(known(name)),
    };
    compute(vertex as never, inbox);
    return [id, { value: vertex.value, halted, sent, told, flaw: '' }];
  };
}
