// What an executor does: holds blobs, persisted partitions and shuffle files, and runs one task at a time.
import { asError, MillraceError } from '../base/errors';
import { removeQuietly } from '../base/files';
import { decodedPrograms } from '../base/limits';
import { systemClock } from '../base/time';
import { mayPatch, restoreBuiltins } from '../closure/guarded-builtins';
import { type ReviveEnvironment, revive } from '../closure/revive/revive';
import { decodePart, decodeProgram, decodeSplit } from '../plan/encode';
import type { AccumulatorUpdate, TaskEnd } from '../plan/end';
import type { CapturedClosure, PayloadNode } from '../plan/payload';
import { BlockStore } from '../storage/block-store';
import { decode, encode } from '../wire/codec';
import { EncodedAnswer } from './collected-rows';
import { compileStage } from './compile';
import { library } from './library/library';
import { engineObject } from './objects-by-name';
import { releasedFolder } from './released-folder';
import '../closure/classes/instances';
import type { Reference } from '../base/markers';
import { installClasses, isClassBlob } from '../closure/classes/shipped-classes';
import { installModules, loadModule } from '../closure/ship-modules';
import { type FunctionRef, isFunctionRef } from '../plan/function-ref';
import { changesOfProgram, type ProgramChanges } from '../plan/functions';
import { gatherers, nodesOf, type Plan, type Program } from '../plan/program';
import { computationsOf } from '../plan/state-spec';
import { StepFailure } from '../plan/step-failure';
import type { Forget, TaskControl, TaskSpec } from '../plan/task';
import { type TaskEnvironment, timeZoneProperty } from '../plan/task-environment';
import { useTimeZone } from '../schema/time-zone';
import type { TaskExchange } from './files/exchange';
import type { StartCommand } from './files/pipe';
import { wantColumns } from './files/wanted-columns';
import { StateStore } from './state/state-store';
import { type AccumulatorData, AccumulatorHandle, ownHandle, TaskAccumulator } from './task-accumulator';
import { enterTask } from './task-context';
import { failure } from './task-failure';
import { AnswerRefused, AnswerTooBig, Pulse } from './task-runtime';
import { TaskScope } from './task-scope';
import { TaskUpdates } from './task-updates';

export interface RunnerOptions {
  readonly executorId: string;
  /** A private folder (0700) for shuffle and spill files of this session; shared by the executors of one machine. */
  readonly folder: string;
  /** Bytes of persisted partitions that this executor holds in memory. */
  readonly storageBytes: number;
  /** Starts the command of a `pipe`. */
  readonly startCommand: StartCommand;
  /** Bytes that the groups, tables and sorts of a task may take before they go to disk. */
  readonly executionBytes: number;
  /** Tasks run in the session's own process, which has its zone. */
  readonly isSession?: boolean;
}

export interface TaskRunner {
  /** Keeps a blob (program, broadcast, module) until forgotten. */
  addBlob(id: string, bytes: Uint8Array): void;
  /**
   * Runs a task to its end. Never throws: what the user's code throws is a `userError`, a read that fails a `fetchFailed`. `exchange` is
   * for an engine that shuffles and stores rows by itself.
   */
  run(task: TaskSpec, control: TaskControl, exchange?: TaskExchange): Promise<TaskEnd>;
  forget(what: Forget): void;
}

/** The closures of a program, or of a part that several programs share. */
interface LoadedClosures {
  readonly closures: readonly CapturedClosure[];
  /** Functions that tasks may share: they captured nothing that could be changed. */
  readonly shared: (Function | undefined)[];
}

/** Loops of a stage call built-ins between two calls of the user's functions: with another `push`, rows would be missing. */
function refuseChanged(names: readonly string[] | undefined): void {
  if (names) throw changedError(names);
}

const changedError = (names: readonly string[]) => new MillraceError('BUILTINS_CHANGED', { names: names.join(', ') });

/** Whether a function of these may change built-ins. What loads a module may too: nobody has read its text. */
const mayChangeBuiltins = ({ closures }: LoadedClosures): boolean =>
  closures.some(({ nodes, scripts }) => scripts.some(({ text }) => mayPatch(text)) || nodes.some(loadsCode));

const loadsCode = (node: PayloadNode): boolean =>
  node.t === 'moduleName' || (node.t === 'module' && !node.path.startsWith('node:'));

const closuresOf = ({ closures }: Pick<Program, 'closures'>): LoadedClosures => ({
  closures: closures.map((bytes) => decode(bytes) as CapturedClosure),
  shared: [],
});

/** A program as it was decoded once, with the functions that hold no state of their own. */
interface LoadedProgram extends LoadedClosures {
  readonly program: Program;
  /** What its functions may change. */
  readonly changes: ProgramChanges;
  /** Tells loops over these closures from loops over others. */
  readonly sources: string;
  /** What each gathering part of a task may hold. */
  readonly gatherBytes: number;
  /** Its functions may change built-ins: a text of theirs looks like it, or they load modules, whose texts nobody has read. */
  readonly mayPatch: boolean;
  /** It reads a part of its sources: nothing that it leaves half read is to be computed to its end. */
  readonly isPart: boolean;
}

class Runner implements TaskRunner {
  readonly #options: RunnerOptions;
  readonly #store: BlockStore;
  readonly #state: StateStore;
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #values = new Map<string, unknown>();
  readonly #programs = new Map<string, LoadedProgram>();
  readonly #parts = new Map<string, LoadedClosures & { readonly plan: Plan }>();
  readonly #handles = new Map<string, object>();
  #updates = new TaskUpdates();
  /** The blob of classes that was installed last. */
  #classes = '';
  /** What the last task left to be given back. A script that was terminated runs no `finally`, so the next task looks again. */
  #cleanUp = () => {};

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#store = new BlockStore(options.storageBytes, options.folder);
    this.#state = new StateStore(options.executionBytes);
  }

  addBlob(id: string, bytes: Uint8Array): void {
    this.#blobs.set(id, bytes);
  }

  forget(what: Forget): void {
    switch (what.kind) {
      case 'rdd':
        return this.#store.forget(what.rddId);
      case 'priority':
        return this.#store.memory.prioritize(what.rddId, what.priority);
      case 'copies':
        if (what.keeper !== this.#options.executorId) this.#store.memory.remove(what.rddId, what.partition);
        return;
      case 'shuffle':
      case 'checkpoint':
        return this.#removeFolder(what);
      case 'state':
        this.#state.forget(what.id);
        this.#store.updates.forget(computationsOf(what.id));
        return this.#removeFolder(what);
      case 'blob':
        this.#blobs.delete(what.id);
        this.#values.delete(what.id);
        this.#programs.delete(what.id);
        this.#parts.delete(what.id);
    }
  }

  /** The folder is shared by the executors of this machine: whoever comes first removes it. */
  #removeFolder(what: Forget): void {
    const folder = releasedFolder(this.#options.folder, what);
    if (folder !== undefined) removeQuietly(folder);
  }

  async run(task: TaskSpec, control: TaskControl, exchange?: TaskExchange): Promise<TaskEnd> {
    this.#cleanUp();
    const started = performance.now();
    const pulse = new Pulse(control, systemClock.now);
    const updates = new TaskUpdates();
    this.#updates = updates;
    // Handles of unused accumulators would stay for ever; those in use are made again when a closure asks.
    this.#handles.clear();
    let scope: TaskScope | undefined;
    let entered: ReturnType<typeof enterTask> | undefined;
    this.#cleanUp = () => {
      this.#cleanUp = () => {};
      entered?.exit();
      scope?.close();
    };
    let plan: Plan | undefined;
    let patched = false;
    try {
      const loaded = this.#load(task.programId);
      const { sink } = loaded.program;
      patched = loaded.mayPatch;
      plan = loaded.program.plan;
      for (const id of task.needs) if (isClassBlob(id)) this.#installClasses(id);
      const split = decodeSplit(task.split);
      const resolve = this.#resolver(loaded);
      scope = new TaskScope(task, pulse, {
        folder: this.#options.folder,
        startCommand: this.#options.startCommand,
        executorId: this.#options.executorId,
        gatherBytes: loaded.gatherBytes,
        store: this.#store,
        state: this.#state,
        updates,
        exchange,
        within: sink.kind === 'shuffle' ? `shuffle ${sink.shuffleId}` : `stage ${task.stageId}`,
        finishes: !loaded.isPart && (sink.kind !== 'take' || sink.ms === undefined),
        resolve,
        changes: loaded.changes,
        sources: loaded.sources,
      });
      entered = this.#enter(task, control, exchange);
      const compiled = compileStage(loaded.program.plan, loaded.program.sink, split, loaded.sources);
      const { isAsync } = compiled;
      const running = scope;
      const value = isAsync ? await updates.asynchronously(() => running.run(compiled, split)) : scope.run(compiled, split);
      if (patched) refuseChanged(restoreBuiltins());
      scope.persisted.finish();
      entered.context.succeeded();
      // Nobody waits for it: what there is to tell of stored partitions is told by the next task.
      if (control.cancelled()) return { kind: 'cancelled' };
      return this.#success(task, loaded.program, value, scope, pulse, updates.own(), started);
    } catch (caught) {
      // Our own code failed of the change, or the user's function threw after it.
      const changed = restoreBuiltins();
      const e = changed && !(caught instanceof StepFailure) ? changedError(changed) : caught;
      entered?.context.failed(asError(e instanceof StepFailure ? e.thrown : e instanceof AnswerRefused ? e.why : e));
      if (e instanceof AnswerTooBig) return { kind: 'tooBig', bytes: e.bytes, limit: task.maxResultBytes };
      return failure(e instanceof AnswerRefused ? e.why : e, plan);
    } finally {
      this.#cleanUp();
      // What was to run at the end of the task was the user's too.
      if (patched) restoreBuiltins();
    }
  }

  #enter(task: TaskSpec, control: TaskControl, exchange: TaskExchange | undefined): ReturnType<typeof enterTask> {
    const nothing: TaskEnvironment = { properties: [], files: [] };
    const environment = task.environmentId ? (decode(this.#bytes(task.environmentId)) as TaskEnvironment) : nothing;
    const { executorId, folder, isSession } = this.#options;
    if (!isSession) useTimeZone(environment.properties.find(([name]) => name === timeZoneProperty)?.[1]);
    return enterTask(task, { executorId, folder, blob: (id) => this.#bytes(id) }, control, environment, exchange);
  }

  #success(
    task: TaskSpec,
    { sink }: Program,
    value: unknown,
    scope: TaskScope,
    pulse: Pulse,
    added: readonly AccumulatorUpdate[],
    started: number,
  ): TaskEnd {
    const isMap = sink.kind === 'shuffle';
    const bytes = isMap ? new Uint8Array(0) : value instanceof EncodedAnswer ? value.bytes : encode(value);
    if (bytes.length > task.maxResultBytes) return { kind: 'tooBig', bytes: bytes.length, limit: task.maxResultBytes };
    // What cannot be sent fails here on every master, before the news are taken.
    if (added.some((update) => typeof update.value !== 'number')) encode(added);
    const sizes = isMap ? (value as number[]) : [];
    const { executorId } = this.#options;
    const { partition: mapIndex, taskId: writer } = task;
    return {
      kind: 'success',
      value: bytes,
      output: isMap ? { shuffleId: sink.shuffleId, mapIndex, executorId, writer, sizes } : undefined,
      ...this.#store.takeNews(),
      accumulators: [...added, ...this.#store.updates.take()],
      metrics: {
        runMs: performance.now() - started,
        recordsRead: pulse.records,
        shuffleBytesWritten: sizes.reduce((a, b) => a + b, 0),
        shuffleBytesRead: scope.bytesRead,
      },
    };
  }

  #bytes(id: string): Uint8Array {
    const bytes = this.#blobs.get(id);
    if (!bytes) throw new MillraceError('INTERNAL', { reason: `the blob ${id} did not reach the executor` });
    return bytes;
  }

  /** The value of a broadcast or bulky capture, decoded once for all tasks, or once for one whose functions may change it. */
  #value(id: string, values: Map<string, unknown>): unknown {
    if (!values.has(id)) values.set(id, decode(this.#bytes(id), 'executor'));
    return values.get(id);
  }

  #load(id: string): LoadedProgram {
    let loaded = this.#programs.get(id);
    if (!loaded) {
      const program = decodeProgram(this.#bytes(id), (part) => this.#part(part).plan);
      wantColumns(program);
      if (program.modules) installModules(this.#bytes(program.modules));
      const functions = closuresOf(program);
      const nodes = [...nodesOf(program.plan)];
      const isPart = nodes.some(({ op }) => op === 'firstPart');
      const parts = nodes.flatMap((node) => (node.op === 'cached' && node.part ? [node.part] : []));
      const sources = [...functions.closures.map((c) => c.scripts.map((s) => s.name).join()), ...parts].join(';');
      const changes = changesOfProgram(nodes, program.sink);
      const gathers = gatherBytes(this.#options.executionBytes, program);
      const patching = [functions, ...parts.map((part) => this.#part(part))].some(mayChangeBuiltins);
      loaded = { program, ...functions, changes, sources, mayPatch: patching, isPart, gatherBytes: gathers };
      if (this.#programs.size >= decodedPrograms) this.#programs.delete(this.#programs.keys().next().value!);
      this.#programs.set(id, loaded);
    }
    return loaded;
  }

  /** A part of programs, decoded once for all that refer to it. */
  #part(id: string): LoadedClosures & { readonly plan: Plan } {
    let loaded = this.#parts.get(id);
    if (!loaded) {
      const part = decodePart(id, this.#bytes(id), (inner) => this.#part(inner).plan);
      loaded = { plan: part.plan, ...closuresOf(part) };
      this.#parts.set(id, loaded);
    }
    return loaded;
  }

  #installClasses(id: string): void {
    if (this.#classes === id) return;
    installClasses(this.#bytes(id), (module) => this.#bytes(module), this.#environment);
    this.#classes = id;
  }

  /** What closures find on this executor; broadcasts and bulky captures are decoded into `values`. */
  #environmentOf(values: Map<string, unknown>): ReviveEnvironment {
    return {
      bulk: (id) => this.#value(id, values),
      loadModule,
      reference: (reference) => this.#referred(reference, values),
    };
  }

  readonly #environment = this.#environmentOf(this.#values);

  #referred({ kind, id, data }: Reference, values: Map<string, unknown>): unknown {
    if (kind === 'engine') return engineObject(id);
    if (kind === 'broadcast') return Object.freeze({ id, value: this.#value(id, values) });
    const make = () => new TaskAccumulator(id, data, (closure) => revive(closure, this.#environment));
    const current = () => this.#updates.accumulator(id, make);
    const isOwn = (data as AccumulatorData).kind === 'class';
    const sum = () => this.#updates.value(id, make);
    const handle = this.#handles.get(id) ?? (isOwn ? ownHandle(current) : new AccumulatorHandle(id, current, sum));
    this.#handles.set(id, handle);
    return handle;
  }

  /** Makes functions for one task: each closure once, so that what it captures is shared within the task and not beyond it. */
  #resolver(loaded: LoadedProgram): (ref: FunctionRef) => Function {
    const own = new Map<string | undefined, (Function | undefined)[]>();
    const environment = loaded.changes.captured ? this.#environmentOf(new Map()) : this.#environment;
    const resolve = (ref: FunctionRef): Function => {
      if (ref.kind === 'library') {
        const args = ref.args.map((a) => (isFunctionRef(a) ? resolve(a) : a));
        return library[ref.name](...(args as never[]));
      }
      const { closures, shared } = ref.part === undefined ? loaded : this.#part(ref.part);
      const closure = closures[ref.index];
      if (!own.has(ref.part)) own.set(ref.part, []);
      const made = isStateless(closure) ? shared : own.get(ref.part)!;
      made[ref.index] ??= revive(closure, environment);
      return made[ref.index]!;
    };
    return resolve;
  }
}

/**
 * What each gathering part of a task may hold, the map side of a shuffle being one: half of the budget whatever else the stage gathers,
 * so that a dataset spills alike, and has its rows in the same order, in every stage that computes it. Of more than eight parts, which
 * together would pass four times the budget, an equal share of that.
 */
function gatherBytes(executionBytes: number, { plan, sink }: Program): number {
  const parts = gatherers(plan) + (sink.kind === 'shuffle' ? 1 : 0);
  return parts <= 8 ? executionBytes / 2 : (executionBytes * 4) / parts;
}

/** Whether a closure captured primitives and such functions only: nothing that a task could change for the next. */
function isStateless(closure: CapturedClosure): boolean {
  return closure.nodes.every((node) => node.t === 'function' || node.t === 'intrinsic');
}

/** The runner of one executor. */
export function createTaskRunner(options: RunnerOptions): TaskRunner {
  return new Runner(options);
}
