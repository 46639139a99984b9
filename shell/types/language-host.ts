// The files of the language service: entries from memory, everything else from disk.
import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { statOf, unlessUnreadable } from '../base/files';
import { runOptionsOf } from './modules/run-options';

export interface HostOptions {
  /** Folder of TypeScript's `lib.*.d.ts` files. */
  readonly libFolder: string;
  /** Folder that holds `node`, the type declarations of Node. */
  readonly typeRoot: string;
  /** Declaration file of the engine's public API, for `import … from 'millrace'`, if there is one; the models are beside it. */
  readonly api?: string;
}

/**
 * The API's folder as the checker sees it: never below a `node_modules`, wherever the package is installed, because declarations of
 * entries cannot name types of modules there.
 */
export const apiFolder = '/__millrace__';

/** The API's declaration file, as the checker names it. */
export function apiFile(api: string): string {
  return path.posix.join(apiFolder, path.basename(api));
}

interface MemoryFile {
  readonly text: string;
  readonly version: number;
  readonly snapshot: ts.IScriptSnapshot;
}

export const entryFile = /__(?:in_\d+|scratch|prompt)\.(?:d\.)?tsx?$/;

/**
 * What a prompt is lenient about. `noImplicitAny` stays: with it lists take their type from what is pushed; its errors are left out.
 */
const leniency = { useUnknownInCatchVariables: false, strictPropertyInitialization: false, noImplicitThis: false };

/** Compiler options for entries: modern modules in, modern JavaScript out, checked strictly. */
function compilerOptions(options: HostOptions): ts.CompilerOptions {
  return {
    // Later than the libraries below: the target decides which flags regular expressions may have, and Node knows `v`.
    target: ts.ScriptTarget.ES2024,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    moduleDetection: ts.ModuleDetectionKind.Force,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    types: ['node'],
    typeRoots: [options.typeRoot],
    strict: true,
    // For modules with JSX in them.
    jsx: ts.JsxEmit.Preserve,
    ...leniency,
    esModuleInterop: true,
    skipLibCheck: true,
    sourceMap: true,
    declaration: true,
    resolveJsonModule: true,
    preserveConstEnums: true,
    allowImportingTsExtensions: true,
    noErrorTruncation: false,
    paths: options.api ? { millrace: [apiFile(options.api)], 'millrace/models': [`${apiFolder}/models`] } : undefined,
  };
}

/** One counter for all hosts, because services may share parsed files. */
let version = 0;

/** A language service host. Versions only rise, even across a deletion: else the service answers from its cache. */
export class Host implements ts.LanguageServiceHost {
  readonly #options: ts.CompilerOptions;
  readonly #strictOptions: ts.CompilerOptions;
  /** What the folder of the checked text says of aliases and decorators, as text. */
  #project = '';
  #projectOptions: ts.CompilerOptions = {};
  #isStrict = false;
  readonly #libFolder: string;
  readonly #apiFolder: string | undefined;
  readonly #memory = new Map<string, MemoryFile>();
  readonly #libraries = new Map<string, ts.IScriptSnapshot>();
  #roots: readonly string[] = [];

  /** With the options of a project, for the modules of the user. */
  constructor(options: HostOptions, project?: ts.CompilerOptions) {
    const own = compilerOptions(options);
    this.#options = project ? { ...own, ...project, paths: { ...project.paths, ...own.paths } } : own;
    const { useUnknownInCatchVariables, strictPropertyInitialization, noImplicitThis, ...strict } = this.#options;
    this.#strictOptions = strict;
    this.#libFolder = options.libFolder;
    this.#apiFolder = options.api && path.dirname(options.api);
  }

  write(file: string, text: string): void {
    this.#memory.set(file, { text, version: ++version, snapshot: ts.ScriptSnapshot.fromString(text) });
  }

  remove(file: string): void {
    this.#memory.delete(file);
    version++;
  }

  /** Chooses the root files of the next program. */
  setRoots(roots: readonly string[]): void {
    this.#roots = roots;
    version++;
  }

  getScriptFileNames(): string[] {
    return [...this.#roots];
  }

  getProjectVersion(): string {
    return String(version);
  }

  getScriptVersion(file: string): string {
    const held = this.#memory.get(file);
    if (held) return String(held.version);
    // Installed packages do not change during a session; the user's own files do.
    if (this.#isLibrary(file)) return 'library';
    const stat = statOf(file);
    return stat ? `${stat.mtimeMs}:${stat.size}` : 'missing';
  }

  getScriptSnapshot(file: string): ts.IScriptSnapshot | undefined {
    const held = this.#memory.get(file)?.snapshot ?? this.#libraries.get(file);
    if (held) return held;
    const text = this.readFile(file);
    if (text === undefined) return undefined;
    const snapshot = ts.ScriptSnapshot.fromString(text);
    // Every program asks for every file again.
    if (this.#isLibrary(file)) this.#libraries.set(file, snapshot);
    return snapshot;
  }

  getCompilationSettings(): ts.CompilerOptions {
    const options = this.#isStrict ? this.#strictOptions : this.#options;
    if (this.#project === '') return options;
    return { ...options, ...this.#projectOptions, paths: { ...this.#projectOptions.paths, ...options.paths } };
  }

  /** Takes aliases and decorators of the next text as its folder's tsconfig says. */
  setFolder(folder: string): void {
    const { paths, experimentalDecorators, emitDecoratorMetadata } = runOptionsOf(folder);
    const options = { paths, experimentalDecorators, emitDecoratorMetadata };
    const project = Object.values(options).some((value) => value !== undefined) ? JSON.stringify(options) : '';
    if (project === this.#project) return;
    this.#project = project;
    this.#projectOptions = options;
    version++;
  }

  /** Whether the next program is checked as strictly as TypeScript can. */
  setStrict(strict: boolean): void {
    if (strict === this.#isStrict) return;
    this.#isStrict = strict;
    version++;
  }

  /** Fixed, whatever the user's folder: the service caches the first answer, and all our paths are absolute. */
  getCurrentDirectory(): string {
    return this.#libFolder;
  }

  getDefaultLibFileName(options: ts.CompilerOptions): string {
    return path.join(this.#libFolder, ts.getDefaultLibFileName(options));
  }

  fileExists(file: string): boolean {
    if (entryFile.test(file)) return this.#memory.has(file);
    return statOf(this.#real(file))?.isFile() ?? false;
  }

  readFile(file: string): string | undefined {
    const held = this.#memory.get(file);
    if (held) return held.text;
    if (!this.fileExists(file)) return undefined;
    return unlessUnreadable(() => readFileSync(this.#real(file), 'utf8').replace(/^\uFEFF/, ''));
  }

  directoryExists(folder: string): boolean {
    return statOf(this.#real(folder))?.isDirectory() ?? false;
  }

  getDirectories(folder: string): string[] {
    const entries = unlessUnreadable(() => readdirSync(this.#real(folder), { withFileTypes: true })) ?? [];
    return entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map((entry) => entry.name);
  }

  readDirectory(
    folder: string,
    extensions?: readonly string[],
    exclude?: readonly string[],
    include?: readonly string[],
    depth?: number,
  ): string[] {
    return unlessUnreadable(() => ts.sys.readDirectory(folder, extensions, exclude, include, depth)) ?? [];
  }

  realpath(file: string): string {
    if (entryFile.test(file) || file.startsWith(apiFolder)) return file;
    return unlessUnreadable(() => realpathSync(file)) ?? file;
  }

  #isLibrary(file: string): boolean {
    return file.startsWith(this.#libFolder) || file.startsWith(apiFolder) || file.includes('/node_modules/');
  }

  #real(file: string): string {
    return this.#apiFolder && file.startsWith(apiFolder) ? this.#apiFolder + file.slice(apiFolder.length) : file;
  }
}
