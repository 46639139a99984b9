// Completion from the disk: paths of files, and what can be imported from the user's folder.
import { readdir } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { localPath } from '../../runtime/base/paths';
import type { Completion } from '../contract/type-service';

/** The files and folders that complete a path. */
export async function paths(typed: string, cursor: number): Promise<Completion> {
  const slash = typed.lastIndexOf('/') + 1;
  const start = typed.slice(slash);
  const found = await readdir(path.resolve(localPath(typed.slice(0, slash))), { withFileTypes: true }).catch(() => []);
  const entries = found
    .filter(({ name }) => name.startsWith(start) && (start.startsWith('.') || !name.startsWith('.')))
    .map((entry) => ({ name: entry.name + (entry.isDirectory() ? '/' : ''), kind: entry.isDirectory() ? 'folder' : 'file' }));
  return { start: cursor - start.length, end: cursor, entries: entries.sort(byName) };
}

/** The modules that complete a specifier: local ones after a dot, otherwise builtins and installed packages. */
export async function specifiers(typed: string, cursor: number): Promise<Completion> {
  if (/^\.{1,2}\//.test(typed)) return localModules(typed, cursor);
  const names = [
    'millrace',
    'millrace/models',
    ...builtinModules.filter((name) => !name.startsWith('_')).map((name) => `node:${name}`),
    ...(await installed(process.cwd())),
  ];
  const entries = [...new Set(names)].filter((name) => name.startsWith(typed)).map((name) => ({ name, kind: 'module' }));
  return { start: cursor - typed.length, end: cursor, entries: entries.sort(byName) };
}

async function localModules(typed: string, cursor: number): Promise<Completion> {
  const found = await paths(typed, cursor);
  const entries = found.entries
    .filter(({ name, kind }) => kind === 'folder' || (/\.(?:[cm]?[jt]sx?|json)$/.test(name) && !name.endsWith('.d.ts')))
    .map(({ name, kind }) => ({ name: name.replace(/\.tsx?$/, ''), kind }));
  return { ...found, entries };
}

/** The packages of every node_modules from a folder up. */
async function installed(folder: string): Promise<string[]> {
  const modules = path.join(folder, 'node_modules');
  const names = await readdir(modules).catch(() => []);
  const own = await Promise.all(names.filter((name) => !name.startsWith('.')).map((name) => packagesIn(modules, name)));
  const parent = path.dirname(folder);
  return [...own.flat(), ...(parent === folder ? [] : await installed(parent))];
}

async function packagesIn(modules: string, name: string): Promise<string[]> {
  if (!name.startsWith('@')) return [name];
  const scoped = await readdir(path.join(modules, name)).catch(() => []);
  return scoped.map((part) => `${name}/${part}`).filter((full) => !full.startsWith('@types/'));
}

const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1);
