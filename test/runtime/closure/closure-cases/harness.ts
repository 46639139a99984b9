// Loads TypeScript through the instrumenter and runs captured closures in a real second process.
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import ts from 'typescript';
import { type Capture, type CaptureOptions, capture, instrument } from '../../../../runtime/closure';
import { registerModule } from '../../../../runtime/closure/ship-modules';
import { typescript } from '../../../helpers/preload';

export const compilerOptions: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.CommonJS,
  esModuleInterop: true,
  sourceMap: true,
};

const moduleParams = ['exports', 'require', 'module', '__filename', '__dirname'];

/** Files under these folders are instrumented as they are loaded; all others keep the loader they had. */
const instrumentedFolders: string[] = [];

/** Requires a TypeScript file of a folder whose files are the user's: compiled and instrumented. */
export function loadInstrumented(folder: string, name: string): Record<string, unknown> {
  if (instrumentedFolders.length === 0) hookRequire();
  if (!instrumentedFolders.includes(folder)) instrumentedFolders.push(folder);
  return require(join(folder, name)) as Record<string, unknown>;
}

function hookRequire(): void {
  const usual = require.extensions['.ts'] as NonNullable<(typeof require.extensions)['.ts']>;
  require.extensions['.ts'] = (module, file) => {
    if (!instrumentedFolders.some((folder) => file.startsWith(folder))) return usual(module, file);
    const output = ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions, fileName: file });
    registerModule(file, output.outputText);
    const { code } = instrument(output.outputText, file, { params: moduleParams, map: output.sourceMapText ?? '' });
    (module as unknown as { _compile(code: string, file: string): void })._compile(code, file);
  };
}

export const options: CaptureOptions = { operation: 'map', autoBroadcastBytes: 1_000_000 };

export type Answer =
  | { readonly ok: true; readonly shown: string; readonly value?: unknown }
  | { readonly ok: false; readonly error: string; readonly frames: readonly string[] };

/** A process that revives closures and calls them, as an executor does. */
export class Remote {
  readonly #child: ChildProcess;
  #next = 0;
  readonly #waiting = new Map<number, (answer: Answer) => void>();

  constructor() {
    this.#child = fork(join(__dirname, 'remote.ts'), [], {
      serialization: 'advanced',
      execArgv: [...typescript],
    });
    this.#child.on('message', (message: { id: number; answer: Answer }) => {
      this.#waiting.get(message.id)?.(message.answer);
      this.#waiting.delete(message.id);
    });
    this.#child.on('exit', (code) => {
      for (const answer of this.#waiting.values()) answer({ ok: false, error: `the process ended with ${code}`, frames: [] });
    });
  }

  /** Revives a captured closure there and calls it; the answer is shown as `inspect` shows it. */
  call(captured: Capture, args: readonly unknown[] = []): Promise<Answer> {
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.send({ id, closure: captured.closure, bulk: captured.bulk, args });
    });
  }

  stop(): void {
    this.#child.kill();
  }
}

export const show = (value: unknown): string => inspect(value, { depth: 9 });

/** Captures, calls there, and answers what was shown; throws what was thrown there. */
export async function callRemotely(remote: Remote, f: Function, args: readonly unknown[] = []): Promise<string> {
  const answer = await remote.call(capture(f, options), args);
  if (!answer.ok) throw new Error(answer.error);
  return answer.shown;
}
