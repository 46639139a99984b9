// A simulated cluster for the scheduler's state machine: random graphs of stages, tasks that end late, twice, out of order or
// not at all, executors that come and go. Values are sums of their inputs, so that a trivial interpreter can check every result.

import { type DagOptions, schedulingDefaults } from '../../runtime/base/config';
import { Random } from '../../runtime/base/time';
import type { TaskEnd } from '../../runtime/plan/end';
import type { StageSpec } from '../../runtime/planner/stage-spec';
import { Dag } from '../../runtime/scheduler/dag';
import type { Command, JobSpec, SchedulerEvent, TaskRequest } from '../../runtime/scheduler/events';
import { noCounts } from './counts';
import { deferred } from './deferred';
import { randomStages } from './graphs';

/** A map output on the simulated disk: its writer, the value that readers get, and the runs that it was computed from. */
interface Written {
  readonly value: number;
  readonly executorId: string;
  readonly runs: Runs;
}

/** The runs of indeterminate map tasks that a value was computed from, by shuffle and map task. Two runs of one task are a mixture. */
type Runs = Map<string, Set<number>>;

function addRuns(to: Runs, from: Runs): void {
  for (const [key, runs] of from) for (const run of runs) to.set(key, (to.get(key) ?? new Set<number>()).add(run));
}

type FetchFailed = TaskEnd & { kind: 'fetchFailed' };

interface Launched {
  readonly executorId: string;
  readonly task: TaskRequest;
  readonly stage: StageSpec;
  /** What its split names, as [shuffle, map task, writer]; -1 for an output that was not there at the launch. */
  readonly reads: readonly (readonly [number, number, number])[];
  /** Inputs that it has read at its launch, before they could be lost. */
  readonly early?: Written | FetchFailed;
  cancelled: boolean;
}

interface SimJob {
  readonly spec: JobSpec;
  /** By partition: the value, and the runs that it was computed from. */
  readonly results: Map<number, [number, Runs]>;
  ended?: 'done' | 'failed' | 'cancelled';
}

const modulus = 1_000_003;

/** The result of a deterministic task: computed from the sum of its inputs and its own place. */
const mix = ({ shuffleId = 99 }: StageSpec, partition: number, inputs: number): number =>
  (inputs * 31 + shuffleId * 7 + partition + 1) % modulus;

export class SimCluster {
  readonly counts = noCounts();
  readonly jobs = new Map<number, SimJob>();
  readonly #random: Random;
  readonly #options: DagOptions;
  readonly #dag: Dag;
  readonly #running = new Map<number, Launched>();
  readonly #disk = new Map<string, Written>();
  /** Persisted partitions in the memory of executors, by `executor.dataset.partition`. */
  readonly #memory = new Map<string, Written>();
  /** Persisted partitions in files, by `dataset.partition`: those that were handed over. */
  readonly #files = new Map<string, Written>();
  /** Ends that were delivered before, to be delivered again. */
  readonly #delivered: SchedulerEvent[] = [];
  readonly #alive = new Map<string, boolean>();
  readonly #timers: SchedulerEvent[] = [];
  readonly #accumulated = new Map<string, number>();
  /** The runs that each task read, for the judge. */
  readonly #runs = new Map<number, Runs>();
  #now = 0;
  #executors = 0;
  #faults: number;
  #nextStage = 0;
  #nextShuffle = 0;
  /** Jobs on earlier datasets that begin while others run or have ended. */
  #later = 2;

  constructor(seed: number, faults: number) {
    this.#random = new Random(seed);
    this.#faults = faults;
    const chance = (p: number) => this.#random.next() < p;
    this.#options = {
      ...schedulingDefaults,
      taskMaxFailures: 1000,
      stageMaxAttempts: 1000,
      slots: 4,
      localityWaitMs: 30,
      schedulerMode: chance(0.5) ? 'FAIR' : 'FIFO',
      pools: { a: { weight: 2, minShare: 1 }, b: { schedulingMode: 'FAIR' } },
      speculation: chance(0.5),
      speculationMinMs: 5,
      excludeOnFailure: chance(0.3),
      excludeTimeoutMs: 50,
    };
    this.#dag = new Dag(this.#options);
    for (let i = 0; i < 3; i++) this.#join();
    const jobs = 1 + this.#random.below(3);
    // Many actions on wide datasets, so that partitions that were recomputed after a loss have time to move.
    const wide = this.#chance(0.3);
    for (let i = 0; i < jobs; i++) this.#submit(i, wide);
    if (wide) for (let i = 0; i < 4; i++) this.#again(jobs + i, this.jobs.get(jobs - 1)!.spec);
  }

  #chance(p: number): boolean {
    return this.#random.next() < p;
  }

  /** Another action on the same datasets: its own stages over the shuffles of an earlier job. */
  #again(jobId: number, earlier: JobSpec): void {
    const renamed = new Map(earlier.stages.map(({ stageId }) => [stageId, this.#nextStage++]));
    const stages = earlier.stages.map((stage) => ({
      ...stage,
      stageId: renamed.get(stage.stageId)!,
      parents: stage.parents.map(({ stageId, guards }) => ({ stageId: renamed.get(stageId)!, guards })),
    }));
    this.#begin({ jobId, stages, pool: earlier.pool });
  }

  #begin(spec: JobSpec): void {
    this.jobs.set(spec.jobId, { spec, results: new Map() });
    const job = deferred(spec, {
      isComplete: (shuffleId) => this.#dag.outputs.complete(shuffleId),
      isWhole: ([rddId, partitions]) => this.#dag.blocks.complete(rddId, partitions),
    });
    const planBehind: JobSpec['behind'] = (stage, all) => {
      this.counts.behind++;
      return job.behind!(stage, all);
    };
    if (job.stages.length < spec.stages.length) this.counts.deferred++;
    this.#feed({ kind: 'jobSubmitted', job: { ...job, behind: planBehind } });
  }

  #submit(jobId: number, wide: boolean): void {
    const earlier = this.jobs.get(jobId - 1);
    if (earlier && this.#chance(0.5)) return this.#again(jobId, earlier.spec);
    const ids = { stage: () => this.#nextStage++, shuffle: () => this.#nextShuffle++ };
    const stages = randomStages(this.#random, ids, wide);
    const pool = [undefined, 'a', 'b'][this.#random.below(3)];
    this.#begin({ jobId, stages, pool });
  }

  #join(): void {
    const id = `e${this.#executors++}`;
    const outputsSurvive = this.#chance(0.5);
    this.#alive.set(id, outputsSurvive);
    this.#feed({ kind: 'executorJoined', executor: { id, host: 'here', slots: 1 + this.#random.below(2), outputsSurvive } });
  }

  #feed(event: SchedulerEvent): void {
    this.#now += this.#random.below(10);
    for (const command of this.#dag.handle(event, this.#now)) this.#carryOut(command);
    this.#dag.check();
  }

  #carryOut(command: Command): void {
    switch (command.kind) {
      case 'launchTask':
        if (!this.#alive.has(command.executorId)) throw new Error(`a task was launched on ${command.executorId}, which is gone`);
        if (command.task.speculative) this.counts.copies++;
        return this.#launch(command.executorId, command.task);
      case 'cancelTask': {
        const launched = this.#running.get(command.taskId);
        if (launched) launched.cancelled = true;
        return;
      }
      case 'dropBlocks':
        this.counts.drops++;
        for (const key of this.#memory.keys()) if (key.split('.')[1] === String(command.rddId)) this.#memory.delete(key);
        for (const key of this.#files.keys()) if (key.split('.')[0] === String(command.rddId)) this.#files.delete(key);
        return;
      case 'dropCopies': {
        this.counts.moves++;
        const { keeper, rddId, partition } = command;
        for (const id of this.#alive.keys()) if (id !== keeper) this.#memory.delete(`${id}.${rddId}.${partition}`);
        return;
      }
      case 'reportResult': {
        const [value, taskId] = new Uint32Array(command.value.buffer);
        this.jobs.get(command.jobId)!.results.set(command.partition, [value, this.#runs.get(taskId)!]);
        return;
      }
      case 'mergeAccumulators':
        for (const { id } of command.updates) this.#accumulated.set(id, (this.#accumulated.get(id) ?? 0) + 1);
        return;
      case 'finishJob':
        return this.#end(command.jobId, 'done');
      case 'failJob':
        return this.#end(command.jobId, command.failure.kind === 'cancelled' ? 'cancelled' : 'failed');
      case 'startLocalityTimer':
        this.#timers.push({ kind: 'localityExpired' });
        return;
      case 'startSpeculationTimer':
        this.#timers.push({ kind: 'speculationDue' });
    }
  }

  #launch(executorId: string, task: TaskRequest): void {
    const stage = this.#stage(task);
    const reads = stage.parents.flatMap(({ stageId }) => {
      const { shuffleId, partitions } = this.#stage({ ...task, stageId });
      const outputs = new Map(this.#dag.outputs.of(shuffleId!).map(({ mapIndex, writer }) => [mapIndex, writer]));
      return partitions.map((p) => [shuffleId!, outputs.has(p) ? p : -1, outputs.get(p) ?? -1] as const);
    });
    const early = this.#chance(0.5) ? this.#readAll(executorId, reads) : undefined;
    this.#running.set(task.taskId, { executorId, task, stage, reads, early, cancelled: false });
  }

  #end(jobId: number, how: 'done' | 'failed' | 'cancelled'): void {
    const job = this.jobs.get(jobId)!;
    if (job.ended) throw new Error(`job ${jobId} ended twice`);
    job.ended = how;
    if (how === 'done') this.#judge(job);
  }

  /** Runs until all jobs have ended. */
  run(): void {
    for (let steps = 0; [...this.jobs.values()].some((job) => !job.ended); steps++) {
      if (steps > 5000) throw new Error(`no end after ${steps} steps: ${JSON.stringify(this.#dag.status())}`);
      this.#step();
    }
    for (const [id, times] of this.#accumulated) if (times !== 1) throw new Error(`${id} was counted ${times} times`);
  }

  #step(): void {
    if (this.#later > 0 && this.#chance(0.03)) {
      this.#later--;
      return this.#again(this.jobs.size, this.jobs.get(this.#random.below(this.jobs.size))!.spec);
    }
    if (this.#faults > 0 && this.#chance(0.2)) return this.#fault();
    if (this.#timers.length > 0 && this.#chance(0.2)) return this.#feed(this.#timers.shift()!);
    if (this.#alive.size < 3 && this.#chance(0.1)) return this.#join();
    const ids = [...this.#running.keys()];
    if (ids.length > 0 && this.#chance(0.3)) this.#persistEarly(ids[this.#random.below(ids.length)]);
    if (ids.length > 0) return this.#finish(ids[this.#random.below(ids.length)]);
    if (this.#alive.size < 3) return this.#join();
    if (this.#timers.length > 0) return this.#feed(this.#timers.shift()!);
    throw new Error(`nothing can happen any more: ${JSON.stringify(this.#dag.status())}`);
  }

  /** Other tasks of an executor see what a task persists before its end is delivered. */
  #persistEarly(taskId: number): void {
    const { executorId, stage, task, early } = this.#running.get(taskId)!;
    const [persisted] = stage.blocks[task.partition] ?? [];
    const key = `${executorId}.${persisted?.join('.')}`;
    if (persisted && early && !('kind' in early) && !this.#memory.has(key)) this.#memory.set(key, early);
  }

  #fault(): void {
    this.#faults--;
    const kind = this.#random.below(6);
    const ids = [...this.#running.keys()];
    if (kind === 0) return this.#lose();
    if (kind === 1 && ids.length > 0) return this.#fail(ids[this.#random.below(ids.length)]);
    if (kind === 2 && this.#delivered.length > 0) {
      this.counts.doubled++;
      return this.#feed(this.#delivered[this.#random.below(this.#delivered.length)]);
    }
    if (kind === 3 && this.#disk.size > 0) {
      // A file is damaged: its next reader finds out.
      const keys = [...this.#disk.keys()];
      this.#disk.delete(keys[this.#random.below(keys.length)]);
      return;
    }
    const persisted = [
      ...[...this.#memory.keys()].map((key) => [this.#memory, key] as const),
      ...[...this.#files.keys()].map((key) => [this.#files, key] as const),
    ];
    if (kind === 5 && persisted.length > 0) {
      // An eviction without a message: a task that wants the partition finds out.
      this.counts.evictions++;
      const [store, key] = persisted[this.#random.below(persisted.length)];
      store.delete(key);
      return;
    }
    if (kind === 4 && this.#chance(0.2)) {
      const jobId = this.#random.below(this.jobs.size);
      if (!this.jobs.get(jobId)!.ended) this.counts.cancels++;
      this.#feed({ kind: 'jobCancelled', jobId, reason: '' });
    }
  }

  #lose(): void {
    if (this.#alive.size < 2) return;
    const ids = [...this.#alive.keys()];
    const executorId = ids[this.#random.below(ids.length)];
    const survives = this.#alive.get(executorId);
    this.#alive.delete(executorId);
    this.counts.losses++;
    for (const key of this.#memory.keys()) if (key.startsWith(`${executorId}.`)) this.#memory.delete(key);
    if (!survives) for (const [key, { executorId: at }] of this.#disk) if (at === executorId) this.#disk.delete(key);
    this.#feed({ kind: 'executorLost', executorId, reason: 'simulated' });
    // Its tasks still end, too late, as after SIGSTOP and SIGCONT.
    for (const [taskId, launched] of this.#running) {
      if (launched.executorId !== executorId) continue;
      this.#running.delete(taskId);
      this.counts.stale++;
      this.#feed({ kind: 'taskEnded', executorId, taskId, end: this.#success(launched, 12345, new Map()) });
    }
  }

  #fail(taskId: number): void {
    const { executorId } = this.#running.get(taskId)!;
    this.#running.delete(taskId);
    const error = { name: 'Error', message: 'simulated', stack: '', frames: [] };
    this.#deliver({ kind: 'taskEnded', executorId, taskId, end: { kind: 'userError', error } });
  }

  #deliver(event: SchedulerEvent): void {
    this.#delivered.push(event);
    this.#feed(event);
  }

  #stage({ jobId, stageId }: TaskRequest): StageSpec {
    return this.jobs.get(jobId)!.spec.stages.find((s) => s.stageId === stageId)!;
  }

  #finish(taskId: number): void {
    const launched = this.#running.get(taskId)!;
    this.#running.delete(taskId);
    const { executorId } = launched;
    // A cancelled task ends as cancelled, or as if the cancel had come too late.
    const end = launched.cancelled && this.#chance(0.5) ? { kind: 'cancelled' as const } : this.#endOf(launched);
    this.#deliver({ kind: 'taskEnded', executorId, taskId, end });
  }

  /** Runs a task: it reads a persisted partition or the outputs in its split; an output that is not on the disk is a failed fetch. */
  #endOf(launched: Launched): TaskEnd {
    const { executorId, stage, task, reads } = launched;
    const { partition, taskId } = task;
    const [persisted] = stage.blocks[partition] ?? [];
    const key = persisted && `${executorId}.${persisted.join('.')}`;
    const found = key === undefined ? undefined : (this.#memory.get(key) ?? this.#files.get(persisted.join('.')));
    if (found) this.counts.hits++;
    const inputs = found ?? launched.early ?? this.#readAll(executorId, reads);
    if ('kind' in inputs) return inputs;
    if (key !== undefined) this.#memory.set(key, inputs);
    if (persisted && task.handsOver) this.#files.set(persisted.join('.'), inputs);
    const cached = persisted ? [{ rddId: persisted[0], partition, bytes: 1, diskBytes: task.handsOver ? 1 : 0 }] : [];
    // The rows of an indeterminate stage differ from run to run.
    const runs: Runs = new Map();
    addRuns(runs, inputs.runs);
    const differs = stage.indeterminate && stage.shuffleId !== undefined;
    if (differs) addRuns(runs, new Map([[`${stage.shuffleId}.${partition}`, new Set([taskId])]]));
    this.#runs.set(taskId, runs);
    return { ...this.#success(launched, mix(stage, partition, inputs.value) + (differs ? taskId * 101 : 0), runs), cached };
  }

  #readAll(executorId: string, reads: Launched['reads']): Written | FetchFailed {
    const all = { value: 0, executorId, runs: new Map() as Runs };
    for (const [shuffleId, mapIndex, writer] of reads) {
      const written = this.#disk.get(`${shuffleId}.${mapIndex}.${writer}`);
      if (!written) {
        this.counts.fetchFailures++;
        return { kind: 'fetchFailed', shuffleId, mapIndex, writer, reason: 'simulated' };
      }
      all.value += written.value;
      addRuns(all.runs, written.runs);
    }
    return all;
  }

  #success({ executorId, task, stage: { shuffleId } }: Launched, value: number, runs: Runs): TaskEnd & { kind: 'success' } {
    const whole = value % modulus;
    const metrics = { runMs: 1, recordsRead: 1, shuffleBytesWritten: 0, shuffleBytesRead: 0 };
    const accumulators = [{ id: `${shuffleId ?? `answer of ${task.stageId}`}.${task.partition}`, value: 1 }];
    const end = { kind: 'success' as const, cached: [], evicted: [], accumulators, metrics };
    if (shuffleId === undefined) return { ...end, value: new Uint8Array(Uint32Array.of(whole, task.taskId).buffer) };
    if (this.#alive.has(executorId))
      this.#disk.set(`${shuffleId}.${task.partition}.${task.taskId}`, { value: whole, executorId, runs });
    const output = { shuffleId, mapIndex: task.partition, executorId, writer: task.taskId, sizes: [1] };
    return { ...end, value: new Uint8Array(0), output };
  }

  /** The trivial interpreter: runs stages in order; the run of an indeterminate task, of which there must be one, gives its result. */
  #judge({ spec, results }: SimJob): void {
    const last = spec.stages[spec.stages.length - 1];
    const runs: Runs = new Map();
    for (const p of last.partitions) addRuns(runs, results.get(p)![1]);
    for (const [key, several] of runs) if (several.size > 1) throw new Error(`job ${spec.jobId} mixes runs of ${key}`);
    const made = new Map<number, number[]>();
    for (const stage of spec.stages) {
      const inputs = stage.parents.flatMap(({ stageId }) => made.get(stageId)!).reduce((a, b) => a + b, 0);
      const run = (p: number) => [...(runs.get(`${stage.shuffleId}.${p}`) ?? [0])][0];
      const values = stage.partitions.map((p) => (mix(stage, p, inputs) + run(p) * 101) % modulus);
      made.set(stage.stageId, values);
    }
    for (const p of last.partitions) {
      const [value, expected] = [results.get(p)![0], made.get(last.stageId)![p]];
      if (value !== expected) throw new Error(`job ${spec.jobId}, partition ${p}: ${value} instead of ${expected}`);
    }
  }
}
