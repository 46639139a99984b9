// A real pool of real executor processes, whose programs are JavaScript texts (toy-runner.ts), and all events of its listener.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build, stop } from 'esbuild';
import { type BackendOptions, type StartedBackend, startBackend } from '../../cluster/index';
import type { TaskEnd } from '../../runtime/plan/end';
import type { ExecutorInfo, TaskListener } from '../../runtime/scheduler/backend';
import { decode } from '../../runtime/wire/codec';
import { until } from './within';

// Taken before a test gives this process a temporary folder of its own, which must be empty at its end.
const machineFolder = tmpdir();
const root = path.join(__dirname, '..', '..');
const engine = /\/runtime\/exec\/task-runner$/;
const bundled = new Map<boolean, Promise<string>>();

/** Bundles the executor as the build does, with the toy runner in place of the engine's; once for each test process. */
export const toyExecutor = (): Promise<string> => bundleOnce(true);

/** Bundles the executor as the build does; once for each test process. */
export const engineExecutor = (): Promise<string> => bundleOnce(false);

function bundleOnce(toy: boolean): Promise<string> {
  const known = bundled.get(toy) ?? bundle(toy);
  bundled.set(toy, known);
  return known;
}

async function bundle(withToy: boolean): Promise<string> {
  const folder = mkdtempSync(path.join(machineFolder, 'toy-executor-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const toy = path.join(root, 'test/helpers/toy-runner.ts');
  let found = false;
  await build({
    entryPoints: {
      executor: path.join(root, 'cluster/executor/executor-main.ts'),
      'executor-link': path.join(root, 'cluster/executor/executor-link.ts'),
    },
    outdir: folder,
    plugins: [
      {
        name: 'toy',
        setup: (bundler) =>
          bundler.onResolve({ filter: engine }, () => {
            found = true;
            return withToy ? { path: toy } : undefined;
          }),
      },
    ],
    bundle: true,
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
  });
  if (!found) throw new Error(`Nothing imports ${engine}: the toy stands in for no module.`);
  // Its service would live as long as this process.
  await stop();
  return path.join(folder, 'executor.js');
}

/**
 * Writes a program into `folder` that writes down the handover of its executor (in `folder/ID`) and then is a usual executor, or, if
 * it is `silent`, does nothing, so that a test can take its part.
 */
export async function tellingExecutor(folder: string, silent = false): Promise<string> {
  const program = path.join(folder, 'telling.js');
  const goOn = silent ? 'setInterval(() => {}, 1000);' : `require(${JSON.stringify(await toyExecutor())});`;
  const text = `
    const fs = require('node:fs');
    const line = Buffer.alloc(20_000);
    const length = fs.readSync(0, line, 0, line.length, null);
    const { executorId } = JSON.parse(line.subarray(0, length));
    const file = __dirname + '/' + executorId;
    fs.writeFileSync(file + '.part', line.subarray(0, length), { mode: 0o600 });
    fs.renameSync(file + '.part', file);
    const { readSync } = fs;
    let replayed = false;
    fs.readSync = (descriptor, buffer, ...rest) => {
      if (descriptor !== 0 || replayed) return readSync(descriptor, buffer, ...rest);
      replayed = true;
      return line.copy(buffer, rest[0], 0, length);
    };
    ${goOn}`;
  writeFileSync(program, text);
  return program;
}

export class ToyPool {
  readonly started: StartedBackend;
  readonly joined: ExecutorInfo[] = [];
  readonly lost: { readonly id: string; readonly reason: string; readonly at: number }[] = [];
  readonly failed: string[] = [];
  /** Why executors ended before they had joined. */
  readonly notStarted: string[] = [];
  readonly output: string[] = [];
  readonly progress = new Map<number, number[]>();
  readonly ends = new Map<number, TaskEnd[]>();
  readonly programs = new Map<string, Uint8Array>();
  #taskId = 0;

  private constructor(started: StartedBackend, output: string[]) {
    this.started = started;
    this.output = output;
  }

  /** A pool whose `slots` executors have all joined, unless `joined` asks for fewer. */
  static async start(master: string, options: Partial<BackendOptions> = {}, joined?: number): Promise<ToyPool> {
    const output: string[] = [];
    const onOutput = (line: string, stream: string) => void output.push(`${stream}: ${line}`);
    const started = await startBackend(master, {
      storageBytes: 1 << 20,
      onOutput,
      ...options,
      program: options.program ?? (await toyExecutor()),
    });
    const pool = new ToyPool(started, output);
    await started.backend.start(pool.#listener(), { blob: (id) => pool.#blob(id) });
    await until(10_000, () => pool.joined.length >= (joined ?? started.slots), 'the joining of the executors');
    return pool;
  }

  /** Ids of the executors that are there now. */
  get alive(): string[] {
    return this.joined.map(({ id }) => id).filter((id) => !this.lost.some((lost) => lost.id === id));
  }

  /** Begins a task and answers its id. */
  launch(executorId: string, program: string, more: { needs?: string[]; split?: Uint8Array } = {}): number {
    const taskId = ++this.#taskId;
    const programId = `program ${program}`.slice(0, 200);
    this.programs.set(programId, Buffer.from(program));
    const ids = { jobId: 0, stageId: 0, stageAttempt: 0, partition: 0, attempt: 0, maxResultBytes: 1 << 30 };
    const split = more.split ?? new Uint8Array(0);
    this.started.backend.launch(executorId, { taskId, programId, ...ids, split, needs: [programId, ...(more.needs ?? [])] });
    return taskId;
  }

  async end(taskId: number, ms = 10_000): Promise<TaskEnd> {
    await until(ms, () => this.ends.has(taskId), `the end of task ${taskId}`);
    return this.ends.get(taskId)![0];
  }

  /** Runs a program on an executor and answers its value. */
  async run(executorId: string, program: string, more: { needs?: string[]; split?: Uint8Array } = {}): Promise<unknown> {
    const end = await this.end(this.launch(executorId, program, more));
    if (end.kind !== 'success') throw new Error(`the task ended with ${JSON.stringify(end)}`);
    return decode(end.value);
  }

  pid(executorId: string): Promise<number> {
    return this.run(executorId, 'return process.pid') as Promise<number>;
  }

  stop(): Promise<void> {
    return this.started.backend.stop();
  }

  #blob(id: string): Uint8Array {
    const bytes = this.programs.get(id);
    if (bytes === undefined) throw new Error(`nobody made the blob ${id}`);
    return bytes;
  }

  #listener(): TaskListener {
    return {
      executorJoined: (executor) => void this.joined.push(executor),
      executorLost: (id, reason) => void this.lost.push({ id, reason, at: performance.now() }),
      taskEnded: (_, taskId, end) => void this.ends.set(taskId, [...(this.ends.get(taskId) ?? []), end]),
      taskProgress: (taskId, records) => void this.progress.set(taskId, [...(this.progress.get(taskId) ?? []), records]),
      startFailed: (reason) => void this.notStarted.push(reason),
      backendFailed: (reason) => void this.failed.push(reason),
    };
  }
}
