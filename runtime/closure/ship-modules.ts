// The user's own TypeScript modules on their way to executors: compiled text by path on the driver, a module table on the executor.
import { createHash } from 'node:crypto';
import Module from 'node:module';
import { join } from 'node:path';
import { asError, MillraceError } from '../base/errors';
import { decode, encode } from '../wire/codec';

const compiled = new Map<string, string>();
let blob: { id: string; bytes: Uint8Array } | undefined;

/** Notes the compiled JavaScript of a module that the session has loaded. */
export function registerModule(path: string, js: string): void {
  if (compiled.get(path) === js) return;
  compiled.set(path, js);
  blob = undefined;
}

/** All registered modules as one blob: imports among them are found on the executor as they were here. */
export function moduleBlob(): { id: string; bytes: Uint8Array } {
  if (!blob) {
    const bytes = encode([...compiled.entries()]);
    blob = { id: `modules-${createHash('sha1').update(bytes).digest('hex')}`, bytes };
  }
  return blob;
}

/** The public API, as files beside the bundle of the executor: what the user's modules import on executors too. */
const ownPackages: Readonly<Record<string, string>> = { millrace: 'index.js', 'millrace/models': 'models.js' };

type Resolve = (request: string, ...rest: unknown[]) => string;
const resolver = Module as unknown as { _resolveFilename: Resolve };
let resolvesOwn = false;

function resolveOwnPackages(): void {
  if (resolvesOwn) return;
  resolvesOwn = true;
  const resolve = resolver._resolveFilename;
  resolver._resolveFilename = function (this: unknown, request, ...rest) {
    return Object.hasOwn(ownPackages, request) ? join(__dirname, ownPackages[request]) : resolve.call(this, request, ...rest);
  };
}

type Loader = (module: { _compile(js: string, path: string): void; paths: string[] }, path: string) => void;
const extensions = (Module as unknown as { _extensions: Record<string, Loader | undefined> })._extensions;

/** On an executor: makes the modules of a blob loadable by their paths; changed ones are loaded anew. */
export function installModules(bytes: Uint8Array): void {
  for (const [path, js] of decode(bytes) as [string, string][]) {
    if (compiled.get(path) === js) continue;
    compiled.set(path, js);
    delete require.cache[path];
  }
  const load: Loader = (module, path) => {
    const js = compiled.get(path);
    if (js === undefined) throw new MillraceError('MODULE_NOT_FOUND', { module: path, reason: 'the session did not load it' });
    module._compile(js, path);
  };
  for (const extension of ['.ts', '.mts', '.cts', '.tsx']) extensions[extension] ??= load;
  resolveOwnPackages();
}

/** On an executor: the exports of a user module or a package. Throws MODULE_NOT_FOUND, or what the module throws. */
export function loadModule(path: string): unknown {
  try {
    return require(path);
  } catch (error) {
    const { code, path: missing } = asError(error) as NodeJS.ErrnoException;
    // Where Node still remembers a file that is gone, reading it fails.
    if (code !== 'MODULE_NOT_FOUND' && !(code === 'ENOENT' && missing === path)) throw error;
    throw new MillraceError('MODULE_NOT_FOUND', { module: path, reason: asError(error).message.split('\n')[0] });
  }
}
