// Finds the files of the type service: the package, TypeScript's libraries, Node's types, the API, and the snapshot.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

export interface TypeFiles {
  readonly libFolder: string;
  readonly typeRoot: string;
  /** Declarations of the engine's API: from the build, else its source. */
  readonly api?: string;
}

export function typeFiles(root: string): TypeFiles {
  const { resolve } = createRequire(path.join(root, 'package.json'));
  const api = ['dist/types/index.d.ts', 'runtime/index.ts'].map((file) => path.join(root, file)).find(existsSync);
  return {
    libFolder: path.dirname(resolve('typescript')),
    typeRoot: path.dirname(path.dirname(resolve('@types/node/package.json'))),
    api,
  };
}

function typescriptVersion(root: string): string {
  const { resolve } = createRequire(path.join(root, 'package.json'));
  return (JSON.parse(readFileSync(resolve('typescript/package.json'), 'utf8')) as { version: string }).version;
}

/** The snapshot of this Node and this TypeScript in a build's folder. */
export function snapshotFile(root: string, dist: string): string {
  return path.join(dist, `types-${process.version}-${typescriptVersion(root)}.blob`);
}

/**
 * Options of V8 that keep the service small: a small space for young objects, and a collection when the heap has grown by a third, which
 * takes 20 MB less than by half, and 8 % more time per entry. The first space holds what a snapshot brings, so that no start begins with a
 * collection. By default V8 would let garbage grow to four times what lives. A snapshot
 * loads only with the options it was built with.
 */
export const heapOptions: readonly string[] = [
  '--max-semi-space-size=2',
  '--initial-old-space-size=120',
  '--heap-growing-percent=30',
];

/** The file beside a snapshot that holds the hash of its inputs. */
export const stampFile = (blob: string) => `${blob}.stamp`;

/** A hash of a snapshot's inputs: the options, the service's code, the API's declarations, and their paths. */
export function snapshotStamp(root: string, dist: string): string {
  const hash = createHash('sha256').update(root).update(process.version).update(typescriptVersion(root));
  hash.update(heapOptions.join(' '));
  hash.update(readFileSync(path.join(dist, 'types-service.js')));
  const types = path.join(dist, 'types');
  const declarations = existsSync(types) ? readdirSync(types, { recursive: true, encoding: 'utf8' }).sort() : [];
  for (const file of declarations) {
    const stat = statSync(path.join(types, file));
    if (stat.isFile()) hash.update(`${file}:${stat.size}:${stat.mtimeMs}`);
  }
  return hash.digest('hex');
}

/** The snapshot, if it exists and matches its current inputs. */
export function freshSnapshot(root: string, dist: string): string | undefined {
  try {
    const blob = snapshotFile(root, dist);
    const stamp = readFileSync(stampFile(blob), 'utf8');
    return existsSync(blob) && stamp === snapshotStamp(root, dist) ? blob : undefined;
  } catch {
    return undefined;
  }
}
