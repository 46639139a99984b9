// Columns that folders name, as Hive writes them: the files below `year=2026/carrier=AA/` have both in all rows.

import type { Column } from '../schema/schema';

/** The names and values in the folders of a path, as text. Null where a folder stands for no value. */
export function foldersOf(path: string): [name: string, value: string | null][] {
  return path
    .split('/')
    .slice(0, -1)
    .flatMap((part): [string, string | null][] => {
      const at = part.indexOf('=');
      if (at <= 0) return [];
      const value = unescaped(part.slice(at + 1));
      return [[unescaped(part.slice(0, at)), value === '__HIVE_DEFAULT_PARTITION__' ? null : value]];
    });
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The values that the folders of a path give these columns. */
export function folderValues(path: string, columns: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  if (columns.length > 0)
    for (const [name, value] of foldersOf(path)) if (columns.includes(name) && value !== null) found.set(name, value);
  return found;
}

/** The value that the text of a folder's name is in its column. */
export function plainValue({ type }: Column, text: string): unknown {
  return type.kind === 'int' ? Number(text) : text;
}
