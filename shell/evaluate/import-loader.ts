// Loads what entries import: packages and builtins as Node finds them from the user's folder, local modules again after an edit.
import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { types } from 'node:util';
import vm from 'node:vm';
import { statOf } from '../base/files';
import { breakable } from './breakable';
import { typeScriptSuffixes } from './compile-modules';

export interface LoaderOptions {
  /** Modules that need no search: the shell's own API. */
  readonly packages: Readonly<Record<string, unknown>>;
  /** Called once, before the first TypeScript module is loaded. */
  readonly onTypeScript: () => void;
}

/** Suffixes that complete a path, in search order. */
const suffixes = ['', ...typeScriptSuffixes, '.js', '.mjs', '.cjs', '.json'];

/** Error codes of `require` for modules that only `import` can load. */
const importOnly = new Set([
  'ERR_REQUIRE_ESM',
  'ERR_REQUIRE_ASYNC_MODULE',
  'ERR_PACKAGE_PATH_NOT_EXPORTED',
  'ERR_REQUIRE_CYCLE_MODULE',
]);

/** The files that aliases of the user's tsconfig mean. */
type Aliases = Readonly<Record<string, string>>;

export class Loader {
  readonly #options: LoaderOptions;
  /** Size and modification time of each local module's file when it was loaded. */
  readonly #loaded = new Map<string, string>();
  #knowsTypeScript = false;

  constructor(options: LoaderOptions) {
    this.#options = options;
  }

  /** The module of a static import: from `require`, or from `import()` where only that works. */
  async load(written: string, folder: string, aliases: Aliases = {}): Promise<unknown> {
    const specifier = Object.hasOwn(aliases, written) ? aliases[written] : written;
    if (Object.hasOwn(this.#options.packages, specifier)) return this.#options.packages[specifier];
    const file = localFile(specifier, folder);
    try {
      return file ? this.#requireLocal(file) : breakable(() => requireFrom(folder)(specifier));
    } catch (error) {
      if (!importOnly.has(String((error as NodeJS.ErrnoException).code))) throw error;
      return nativeImport(file ? pathToFileURL(file).href : specifier, folder);
    }
  }

  /** The result of `import()`: a namespace, with the module itself as `default` if it has none. */
  async import(written: string, folder: string, aliases: Aliases = {}): Promise<unknown> {
    const specifier = Object.hasOwn(aliases, written) ? aliases[written] : written;
    const own = Object.hasOwn(this.#options.packages, specifier) || localFile(specifier, folder) !== undefined;
    if (!own) return nativeImport(specifier, folder);
    const module = await this.load(specifier, folder);
    return types.isModuleNamespaceObject(module) ? module : namespaceOf(module);
  }

  /** The `require` of entries: as Node's, but it finds the shell's own API, and local modules in TypeScript or after an edit. */
  requireOf(folder: string, main: NodeJS.Module): NodeJS.Require {
    const own = requireFrom(folder);
    const load = (specifier: string): unknown => {
      if (Object.hasOwn(this.#options.packages, specifier)) return this.#options.packages[specifier];
      const file = localFile(specifier, folder);
      return file ? this.#requireLocal(file) : own(specifier);
    };
    return Object.assign(load, own, { main }) as NodeJS.Require;
  }

  #requireLocal(file: string): unknown {
    if (isTypeScript(file) && !this.#knowsTypeScript) {
      this.#knowsTypeScript = true;
      this.#options.onTypeScript();
    }
    this.#forgetEdited(file);
    try {
      return breakable(() => requireFrom(path.dirname(file))(file));
    } finally {
      this.#note(file, new Set());
    }
  }

  #note(file: string, seen: Set<string>): void {
    if (seen.has(file)) return;
    seen.add(file);
    this.#loaded.set(file, signatureOf(file));
    for (const child of localChildren(file)) this.#note(child, seen);
  }

  /** Drops a module from the cache if its file or one it imports has changed, and with it every module in between. */
  #forgetEdited(file: string): void {
    const stale = new Map<string, boolean>();
    const isStale = (current: string): boolean => {
      const known = stale.get(current);
      if (known !== undefined) return known;
      stale.set(current, false);
      const changed = this.#loaded.has(current) && this.#loaded.get(current) !== signatureOf(current);
      const result = localChildren(current).map(isStale).some(Boolean) || changed;
      stale.set(current, result);
      return result;
    };
    isStale(file);
    for (const [name, drop] of stale) if (drop) delete require.cache[name];
  }
}

/** The `require` of a module in that folder. */
function requireFrom(folder: string): NodeJS.Require {
  return createRequire(path.join(folder, '__millrace__.js'));
}

/** The value that an imported name gets from a loaded module. */
export function importedValue(module: unknown, exported: string): unknown {
  if (exported === '*') return module;
  const holder = module as Record<string, unknown> | null | undefined;
  if (exported === 'default' && !types.isModuleNamespaceObject(module) && !holder?.__esModule) return module;
  return holder?.[exported];
}

function namespaceOf(module: unknown): unknown {
  const exported = typeof module === 'object' || typeof module === 'function' ? module : {};
  return Object.freeze(Object.assign(Object.create(null), { default: module }, exported));
}

/** The `import()` of a module in that folder. */
function nativeImport(specifier: string, folder: string): Promise<unknown> {
  const script = new vm.Script('(specifier) => import(specifier)', {
    filename: path.join(folder, '__millrace__.js'),
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const load = script.runInThisContext() as (specifier: string) => Promise<unknown>;
  return withoutExperimentalWarning(() => load(specifier));
}

/** Node warns once that its dynamic-import option is experimental; the user need not see that. */
function withoutExperimentalWarning<T>(f: () => T): T {
  const emit = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] !== 'ExperimentalWarning') (emit as (...args: unknown[]) => void).call(process, warning, ...rest);
  }) as typeof process.emitWarning;
  try {
    return f();
  } finally {
    process.emitWarning = emit;
  }
}

/** The file of a relative or absolute import. As in TypeScript, `./a.js` may mean `./a.ts`. */
function localFile(specifier: string, folder: string): string | undefined {
  if (!/^(?:\.{1,2}(?:\/|$)|\/|file:)/.test(specifier)) return undefined;
  const base = specifier.startsWith('file:') ? new URL(specifier).pathname : path.resolve(folder, specifier);
  const script = /\.([mc]?)js$/.exec(base);
  const written = script ? [`${base.slice(0, script.index)}.${script[1]}ts`] : [];
  const candidates = [
    base,
    ...written,
    ...suffixes.slice(1).flatMap((suffix) => [base + suffix, path.join(base, `index${suffix}`)]),
  ];
  return candidates.find((file) => statOf(file)?.isFile());
}

function isTypeScript(file: string): boolean {
  return typeScriptSuffixes.some((suffix) => file.endsWith(suffix));
}

function localChildren(file: string): string[] {
  const children = require.cache[file]?.children ?? [];
  return children.map(({ filename }) => filename).filter((name) => name && !name.includes(`${path.sep}node_modules${path.sep}`));
}

function signatureOf(file: string): string {
  if (!existsSync(file)) return 'missing';
  const { mtimeMs, size } = statSync(file);
  return `${mtimeMs}:${size}`;
}
