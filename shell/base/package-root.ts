// Where this package is installed, and how to start its other processes from there.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

interface Manifest {
  readonly name?: string;
  readonly version?: string;
}

let found: { readonly root: string; readonly version: string } | undefined;

function find(): { readonly root: string; readonly version: string } {
  if (found) return found;
  for (let folder = __dirname; ; folder = path.dirname(folder)) {
    const file = path.join(folder, 'package.json');
    if (existsSync(file)) {
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
      if (manifest.name === 'millrace') {
        found = { root: folder, version: manifest.version ?? '' };
        return found;
      }
    }
    if (folder === path.dirname(folder)) throw new Error(`No package.json of millrace above ${__dirname}.`);
  }
}

/** The folder that holds this package's package.json. */
export function packageRoot(): string {
  return find().root;
}

export function packageVersion(): string {
  return find().version;
}

/** Node's arguments that run one of our processes: the bundle, or the source if this process runs from source. */
export function entryArguments(bundle: string, source: string): string[] {
  if (!__filename.endsWith('.ts')) return [path.join(packageRoot(), 'dist', bundle)];
  return ['-r', 'ts-node/register/transpile-only', path.join(packageRoot(), source)];
}
