// A prompt without a terminal: entries are checked by the type service and run by the evaluator, both in this process.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { packageRoot } from '../../shell/base/package-root';
import type { CompileResult, TextOrigin } from '../../shell/contract/type-service';
import { type Evaluation, Evaluator } from '../../shell/evaluate/evaluate';
import type { PromptName } from '../../shell/types/entry-names';
import { typeFiles } from '../../shell/types/files';
import { TypeServiceCore } from '../../shell/types/service';

/** A small stand-in for the engine's declarations, so that tests of the prompt need no build. */
export const toyApi = `
export declare class RDD<T> {
  map<U>(f: (x: T) => U): RDD<U>;
  filter<U extends T>(f: (x: T) => x is U): RDD<U>;
  filter(f: (x: T) => boolean): RDD<T>;
  reduceByKey<K, V>(this: RDD<[K, V]>, f: (a: V, b: V) => V): RDD<[K, V]>;
  /** Counts the elements. Takes a job. */
  count(): JobPromise<number>;
  collect(): JobPromise<T[]>;
}
export interface JobPromise<T> extends Promise<T> { readonly ofJob?: T; }
export declare class Context { parallelize<T>(values: Iterable<T>): RDD<T>; }
`;

/** A folder of the user, with these files in it; gone when the test's process ends. */
export function userFolder(files: Readonly<Record<string, string>> = {}): {
  folder: string;
  write: (file: string, text: string) => void;
} {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'millrace-test-')));
  const write = (file: string, text: string) => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  };
  for (const [file, text] of Object.entries(files)) write(file, text);
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return { folder, write };
}

const names: readonly PromptName[] = [{ name: 'sc', type: 'api.Context' }, { name: 'RDD' }];

/** A type service in this process, with the toy API at its prompt; services of one process share files of the same name. */
export function typeService(cwd: string, name = 'toy-api.d.ts'): TypeServiceCore {
  const api = path.join(cwd, name);
  writeFileSync(api, toyApi);
  return new TypeServiceCore({ ...typeFiles(packageRoot()), api, cwd, promptNames: names });
}

/** What became of an entry. */
export interface Entered {
  readonly compiled: CompileResult;
  readonly evaluation?: Evaluation;
}

export class Prompt {
  readonly types: TypeServiceCore;
  readonly evaluator: Evaluator;

  constructor(
    readonly folder: string,
    globals: Readonly<Record<string, unknown>> = { sc: { stand: 'in' } },
    onCompiled?: (file: string, js: string, map: string | undefined) => void,
  ) {
    this.types = typeService(folder);
    this.evaluator = new Evaluator({ cwd: folder, globals, onCompiled });
  }

  async enter(text: string, origin?: TextOrigin): Promise<Entered> {
    const compiled = this.types.compile(text, origin);
    if (compiled.status !== 'ok') return { compiled };
    const evaluation = await this.evaluator.run(compiled.cell);
    this.types.commit(compiled.cell.id, evaluation.status === 'ok' ? undefined : evaluation.initialised);
    return { compiled, evaluation };
  }

  /** The value of an entry that must go well. */
  async value(text: string): Promise<unknown> {
    const { compiled, evaluation } = await this.enter(text);
    if (compiled.status === 'error') throw new Error(`${text}: ${compiled.diagnostics.map(({ message }) => message).join('; ')}`);
    if (evaluation?.status === 'threw') throw evaluation.error;
    if (evaluation?.status !== 'ok') throw new Error(`${text}: ${evaluation?.status ?? compiled.status}`);
    return evaluation.value;
  }

  /** What an entry throws that must be well typed. */
  async error(text: string): Promise<Error> {
    const { compiled, evaluation } = await this.enter(text);
    if (evaluation?.status !== 'threw') throw new Error(`${text}: ${evaluation?.status ?? JSON.stringify(compiled)}`);
    return evaluation.error as Error;
  }
}
