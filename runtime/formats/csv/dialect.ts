// The characters that a dialect of CSV may have, and names for the columns of a file.

/** Whether an option is one byte of ASCII. */
export const isOneByte = (text: unknown): text is string =>
  typeof text === 'string' && text.length === 1 && text.charCodeAt(0) < 0x80 && text !== '\n' && text !== '\r';

/**
 * The names of columns by a first row, each a name of its own: an empty one becomes `column3`, the second `a` becomes `a_2`. What stands
 * in a file decides alone, so that every reader of the file finds the same.
 */
export function uniqueNames(cells: readonly (string | null)[]): string[] {
  const taken = new Set<string>();
  const wanted = cells.map((cell, i) => cell?.trim() || `column${i + 1}`);
  const all = new Set(wanted);
  return wanted.map((name) => {
    let free = name;
    for (let n = 2; taken.has(free) || (free !== name && all.has(free)); n++) free = `${name}_${n}`;
    taken.add(free);
    return free;
  });
}

/** The names of columns without a first row of names. */
export const numberedNames = (count: number): string[] => Array.from({ length: count }, (_, i) => `column${i + 1}`);
