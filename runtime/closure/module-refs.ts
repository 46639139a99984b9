// Loaded modules by their values: an export is shipped as the path of its module, which the executor loads.
import Module from 'node:module';
import { sep } from 'node:path';
import { types } from 'node:util';

export interface ModuleRef {
  readonly path: string;
  /** The export, or undefined for the module itself. */
  readonly member?: string;
}

interface Loaded {
  readonly exports: unknown;
  readonly loaded: boolean;
}

const cache = (): Record<string, Loaded | undefined> => (Module as unknown as { _cache: Record<string, Loaded> })._cache;

const index = new Map<unknown, ModuleRef>();
/** Modules in the index, with the exports they had: an edited module that is loaded again has new ones. */
const indexed = new Map<string, unknown>();
let stale = true;

/** Says that modules may have been loaded since the last look: at the start of each capture, since looking through all takes a while. */
export function modulesMayHaveChanged(): void {
  stale = true;
}

/** The module or the exported function that a value is, if it is one. The main script is no module: nobody may load it again. */
export function moduleRefOf(value: object): ModuleRef | undefined {
  const found = index.get(value);
  if (found || !stale) return found;
  stale = false;
  refresh();
  return index.get(value);
}

/** The value that a reference means in this process, if the module is loaded. */
export function loadedModule(ref: ModuleRef): unknown {
  const exports = cache()[ref.path]?.exports;
  return ref.member === undefined ? exports : (exports as Record<string, unknown> | undefined)?.[ref.member];
}

/** Whether a module belongs to the user rather than to a package. */
export function isLocalModule(path: string): boolean {
  return !path.startsWith('node:') && !path.includes(`${sep}node_modules${sep}`);
}

function refresh(): void {
  const modules = cache();
  for (const path in modules) {
    const module = modules[path];
    if (!module || (module as unknown) === require.main || indexed.get(path) === module.exports) continue;
    // A module that is still loading may export more later.
    if (module.loaded) indexed.set(path, module.exports);
    add(path, module.exports);
  }
}

function add(path: string, exports: unknown): void {
  if ((typeof exports !== 'object' && typeof exports !== 'function') || exports === null || types.isProxy(exports)) return;
  if (!index.has(exports)) index.set(exports, { path });
  for (const [member, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(exports))) {
    if (typeof descriptor.value === 'function' && !index.has(descriptor.value)) index.set(descriptor.value, { path, member });
  }
}
