// The layers of the product, and what an import may not do: point upward, into a forbidden room, or back to where it came from.
import type { Source } from './sources';

type Sources = ReadonlyMap<string, Pick<Source, 'path' | 'imports'>>;

/** Rooms of each folder, lower layers first; a room's subfolders are in its layer unless they have one. `''` is the folder itself. */
export const layers: Readonly<Record<string, readonly string[]>> = {
  runtime: [
    'base',
    'wire',
    'schema',
    'columns',
    'plan',
    'keys',
    'storage',
    'closure',
    'formats',
    'exec',
    'planner',
    'scheduler',
    'status',
    'rdd',
    'connect',
    'shared',
    'context',
    'ops',
    'tables',
    'sql',
    'streaming',
    '',
    'models',
  ],
  'runtime/streaming': ['graph', 'batches', 'receivers', 'sources', 'recovery', '', 'ops', 'testing', 'status'],
  cluster: [
    'base',
    'files',
    'link',
    'executor',
    'receivers',
    'sql',
    'driver',
    'spark',
    'serve',
    'ui/page',
    'ui/views',
    'ui',
    'connectors',
    '',
  ],
  shell: [
    'build',
    'contract',
    'base',
    'types',
    'print',
    'editor',
    'evaluate',
    'session',
    'repl',
    'terminal',
    'script',
    'kernel',
    'init',
    'held',
    '',
  ],
};

/** The one import that leads up: a dataset says which context it belongs to, as its public type. */
const publicEdge = { from: 'runtime/rdd/rdd.ts', to: 'runtime/context/context.ts' };

const isPublicEdge = (from: string, to: string): boolean => from === publicEdge.from && to === publicEdge.to;

/** What a room may not import although it is lower, types included. */
export const separate: Readonly<Record<string, readonly string[]>> = {
  'cluster/receivers': ['cluster/executor'],
  'cluster/driver': ['cluster/receivers'],
  'cluster/ui': ['cluster/link', 'cluster/executor', 'cluster/receivers', 'cluster/driver'],
  'shell/editor': ['shell/evaluate', 'shell/session'],
  'shell/repl': ['shell/evaluate', 'shell/session'],
  'shell/terminal': ['shell/evaluate', 'shell/session'],
  'shell/kernel': ['shell/evaluate', 'shell/session'],
};

const isIn = (room: string, path: string): boolean => path.startsWith(`${room}/`);

/** The layer of a file of `folder`: its longest room in the table. Undefined where no room has it. */
function layerOf(path: string, folder: string, rooms: readonly string[]): number | undefined {
  const isTop = path.lastIndexOf('/') === folder.length;
  const ownRoom = isTop ? [''] : rooms.filter((room) => room !== '' && isIn(`${folder}/${room}`, path));
  const room = ownRoom.sort((a, b) => b.length - a.length)[0];
  return room === undefined || !rooms.includes(room) ? undefined : rooms.indexOf(room);
}

/** Imports within a folder of the table that lead to a higher layer, and files whose room has no layer. */
export function upwardImports(sources: Sources, table: Readonly<Record<string, readonly string[]>> = layers): string[] {
  const found: string[] = [];
  for (const [folder, rooms] of Object.entries(table)) {
    for (const { path, imports } of sources.values()) {
      if (!isIn(folder, path)) continue;
      const layer = layerOf(path, folder, rooms);
      if (layer === undefined) found.push(`${path}: its room has no layer in test/helpers/layers.ts`);
      for (const { file } of imports) {
        if (layer === undefined || !file || !isIn(folder, file)) continue;
        if ((layerOf(file, folder, rooms) ?? 0) > layer && !isPublicEdge(path, file)) found.push(`${path} imports ${file}`);
      }
    }
  }
  return found;
}

/** Imports between rooms that are to know nothing of each other. */
export function crossings(sources: Sources, table: Readonly<Record<string, readonly string[]>> = separate): string[] {
  const found: string[] = [];
  for (const { path, imports } of sources.values()) {
    for (const [room, others] of Object.entries(table)) {
      if (!isIn(room, path)) continue;
      for (const { file } of imports)
        if (file && others.some((other) => isIn(other, file))) found.push(`${path} imports ${file}`);
    }
  }
  return found;
}

/** Ways from a file of these folders back to itself, types included: at least one of each knot, each as `a → b → a`. */
export function importCircles(sources: Sources, folders: readonly string[]): string[] {
  const found: string[] = [];
  const way: string[] = [];
  const done = new Set<string>();
  const visit = (path: string): void => {
    if (!folders.some((folder) => isIn(folder, path)) || done.has(path)) return;
    if (way.includes(path)) {
      found.push([...way.slice(way.indexOf(path)), path].join(' → '));
      return;
    }
    way.push(path);
    for (const { file } of sources.get(path)?.imports ?? []) if (file && !isPublicEdge(path, file)) visit(file);
    way.pop();
    done.add(path);
  };
  for (const path of sources.keys()) visit(path);
  return found;
}
