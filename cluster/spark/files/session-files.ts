// Files of the session's folder that tasks elsewhere read: blocks of receivers, answers of queries, local checkpoints, copied inputs.
//
// Executors on other machines do not see that folder. A split that names a file of it takes the file along, as a blob; the task finds
// it by the same name below the folder of its executor. Files of the sessions of a server lie in folders of their own, and go by their whole path.
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { makeFolders } from '../../../runtime/base/files';
import { splitWith } from '../../../runtime/plan/encode';
import { inputsOf, type Split } from '../../../runtime/plan/program';
import { checkpointPath } from '../../../runtime/storage/frame-file';

/** A file by its name below the session's folder, and the blob that holds it. */
export interface SessionFile {
  readonly name: string;
  readonly blob: string;
  readonly bytes: () => Uint8Array;
}

/** The folder, below that of an executor, of files that lie elsewhere at the session. */
const ofSessions = 'of-sessions';

export class SessionFiles {
  readonly #folder: string;
  readonly #others: () => readonly string[];

  /** `folder` is the session's, or that of a server; `others` are those of its sessions. */
  constructor(folder: string, others: () => readonly string[] = () => []) {
    this.#folder = folder;
    this.#others = others;
  }

  /** Those that a split reads. What is gone is left out: the task that misses it says so. */
  of(split: Split): SessionFile[] {
    const paths = new Set([...leavesOf(split)].flatMap((leaf) => this.#pathsOf(leaf)));
    if (paths.size === 0) return [];
    const folders = [this.#folder, ...this.#others()].map((folder) => folder + sep);
    const isOfSession = (path: string) => folders.some((folder) => path.startsWith(folder)) && existsSync(path);
    return [...paths].filter(isOfSession).map((path) => this.#file(path));
  }

  /** Writes what a task has written for the session: one partition of a local checkpoint. */
  leave(rddId: number, partition: number, bytes: Uint8Array): void {
    const path = checkpointPath(this.#folder, { rddId }, partition);
    makeFolders(dirname(path), 0o700);
    writeFileSync(`${path}.part`, bytes, { mode: 0o600 });
    renameSync(`${path}.part`, path);
  }

  #pathsOf(leaf: Split): readonly string[] {
    if (leaf.kind === 'text') return leaf.ranges.filter(({ byEngine }) => !byEngine).map(({ path }) => path);
    if (leaf.kind === 'files') return leaf.files.filter(({ byEngine }) => !byEngine).map(({ path }) => path);
    return leaf.kind === 'checkpoint' ? [checkpointPath(this.#folder, leaf, leaf.index)] : [];
  }

  #file(path: string): SessionFile {
    const name = path.startsWith(this.#folder + sep) ? relative(this.#folder, path) : `${ofSessions}${path}`;
    const { mtimeMs, size } = statSync(path);
    // What is written again under its name is another blob.
    return { name, blob: `file-${name}-${mtimeMs}-${size}`, bytes: () => readFileSync(path) };
  }
}

function* leavesOf(root: Split): Generator<Split> {
  const open = [root];
  const seen = new Set<Split>();
  for (let split = open.pop(); split; split = open.pop()) {
    if (seen.has(split)) continue;
    seen.add(split);
    yield split;
    open.push(...inputsOf(split));
  }
}

/** A split for an executor with a folder of its own: these files lie there. */
export function movedSplit(split: Uint8Array, names: readonly string[], from: string, to: string): Uint8Array {
  const pathOf = (name: string) => (name.startsWith(`${ofSessions}/`) ? name.slice(ofSessions.length) : join(from, name));
  const paths = new Map(names.map((name) => [pathOf(name), join(to, name)]));
  const moved = <F extends { readonly path: string }>(file: F): F => {
    const path = paths.get(file.path);
    // The copy has another time than the file that it was made of.
    return path === undefined ? file : { ...file, path, version: undefined };
  };
  return splitWith(split, (leaf) => {
    if (leaf.kind === 'text') return { ...leaf, ranges: leaf.ranges.map(moved) };
    return leaf.kind === 'files' ? { ...leaf, files: leaf.files.map(moved) } : leaf;
  });
}
