// Loaded modules by their values: an export is shipped as the path of its module, which the executor loads.
import Module from 'node:module';
import { sep } from 'node:path';
import { types } from 'node:util';
import { intrinsics } from './intrinsics';
import { stampOf } from './stamp';

export interface ModuleRef {
  readonly path: string;
  /** The export, or undefined for the module itself. */
  readonly member?: string;
  /** The way to a value inside of the export, by names of properties. */
  readonly inside?: readonly string[];
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

/** The module, or the exported function or object of a package that a value is, if it is one. The main script is no module: nobody may load it again. */
export function moduleRefOf(value: object): ModuleRef | undefined {
  const found = index.get(value);
  if (found || !stale) return found;
  stale = false;
  refresh();
  return index.get(value);
}

/** The value that a reference means in this process, if the module is loaded. */
export function loadedModule(ref: ModuleRef): unknown {
  return valueIn(cache()[ref.path]?.exports, ref);
}

/** The value that a reference means in a module's exports. */
export function valueIn(exports: unknown, { member, inside = [] }: Omit<ModuleRef, 'path'>): unknown {
  if (member === undefined) return exports;
  const names = [member, ...inside];
  return names.reduce((value, name) => (value as Record<string, unknown> | null | undefined)?.[name], exports);
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
    const { value } = descriptor as { value: unknown };
    if (typeof value === 'function' && !index.has(value)) index.set(value, { path, member });
    else if (typeof value === 'object' && value !== null) addObject(value, { path, member }, isLocalModule(path) ? maxInside : 0);
  }
}

/** Objects in a plain object that a module of the user exports are found this deep: `export const schemas = { user: z.object(…) }`. */
const maxInside = 2;
/** Longer tables are data. */
const maxNames = 100;

/**
 * Takes up an exported object that code of a package made. An executor that loads the module has its own, while a copy would lack what
 * the package's code keeps about it elsewhere. Plain data and instances of the user's classes are copied, as they are when captured.
 */
function addObject(value: object, ref: ModuleRef, depth: number): void {
  if (index.has(value) || types.isProxy(value)) return;
  if (isOfPackage(value)) index.set(value, ref);
  if (depth === 0 || Object.getPrototypeOf(value) !== Object.prototype) return;
  const properties = Object.entries(Object.getOwnPropertyDescriptors(value)).slice(0, maxNames);
  for (const [name, { value: inner }] of properties) {
    if (typeof inner === 'object' && inner !== null)
      addObject(inner, { ...ref, inside: [...(ref.inside ?? []), name] }, depth - 1);
  }
}

/** Whether an object's class, or one above it, is neither the language's nor Node's nor compiled by Millrace. */
function isOfPackage(value: object): boolean {
  for (let proto = Object.getPrototypeOf(value) as object | null; proto; proto = Object.getPrototypeOf(proto) as object | null) {
    const c = Object.getOwnPropertyDescriptor(proto, 'constructor')?.value as unknown;
    if (typeof c === 'function' && !stampOf(c) && intrinsics().pathOf(c) === undefined) return true;
  }
  return false;
}
