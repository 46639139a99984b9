// Whether what was read in a file of others is what a reference read in it: the same rows with the same cells, or an error in both.

/** What a reader saw in a file: cells as text, of the first 100 rows. */
export interface Outcome {
  readonly columns?: readonly string[];
  readonly rows?: number;
  readonly cells?: readonly (readonly (string | null)[])[];
  readonly error?: string;
}

const dateForm = /^-?\d{4,6}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d(:?\d\d)?)?$/;

/** Dates compare to the millisecond, truths in any case. */
function plain(text: string | null): string | null {
  if (text === null) return null;
  const trimmed = text.trim();
  if (/^(?:true|false)$/i.test(trimmed)) return trimmed.toLowerCase();
  if (!dateForm.test(trimmed)) return text;
  return trimmed
    .replace(/(?:Z|\+00(?::?00)?)$/, '')
    .replace('T', ' ')
    .replace(/(\.\d{3})\d+$/, '$1')
    .replace(/\.0+$/, '')
    .replace(/ 00:00(?::00)?$/, '');
}

const numberForm = /^\s*[+-]?(?:\d[\d_]*\.?[\d_]*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|inf(?:inity)?|nan)\s*$/i;

function numberOf(text: string): number | undefined {
  if (!numberForm.test(text)) return undefined;
  const bare = text.trim().replaceAll('_', '').toLowerCase();
  if (bare.endsWith('nan')) return Number.NaN;
  if (/inf(?:inity)?$/.test(bare)) return bare.startsWith('-') ? -Infinity : Infinity;
  return Number(bare);
}

const squeezed = (text: string): string => text.replace(/(\d)\.0+(?=[,\]}]|$)/g, '$1').replace(/["'\s]/g, '');

function sameCell(one: string | null, other: string | null): boolean {
  const [a, b] = [plain(one), plain(other)];
  // An empty field may be null or the empty text.
  if (a === b || ((a ?? '') === (b ?? '') && (a === null || b === null))) return true;
  if (a === null || b === null) return false;
  if ((a === '[]' && b === '{}') || (a === '{}' && b === '[]')) return true;
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) {
    if (Number.isNaN(x) && Number.isNaN(y)) return true;
    if (/^-?\d{16,}$/.test(a) && /^-?\d{16,}$/.test(b)) return BigInt(a) === BigInt(b);
    return x === y || Math.abs(x - y) <= 1e-9 * Math.max(Math.abs(x), Math.abs(y));
  }
  return /^[[{]/.test(a) && squeezed(a) === squeezed(b);
}

const sorted = (names: readonly string[] = []): string => JSON.stringify([...names].sort());

/** Undefined where both agree, else the first difference. */
function difference(mine: Outcome, reference: Outcome): string | undefined {
  if (reference.error !== undefined) return mine.error === undefined ? 'rows where an error is expected' : undefined;
  if (mine.error !== undefined) return `error ${mine.error.slice(0, 160)}`;
  if (mine.rows !== reference.rows) return `${mine.rows} rows, ${reference.rows} expected`;
  const [own, theirs] = [mine.columns ?? [], reference.columns ?? []];
  // Objects have names that look like integers in front: columns are matched by name where the names are the same.
  const isByName =
    own.join('\0') !== theirs.join('\0') && sorted(own) === sorted(theirs) && new Set(theirs).size === theirs.length;
  for (const [i, expected] of (reference.cells ?? []).entries()) {
    const given = mine.cells?.[i];
    if (!given) break;
    const cells = isByName ? theirs.map((name) => given[own.indexOf(name)] ?? null) : given;
    if (cells.length !== expected.length) return `row ${i}: ${cells.length} cells, ${expected.length} expected`;
    for (const [c, cell] of cells.entries())
      if (!sameCell(cell, expected[c]))
        return `row ${i} cell ${c}: ${JSON.stringify(cell)?.slice(0, 60)}, ${JSON.stringify(expected[c])?.slice(0, 60)} expected`;
  }
  return undefined;
}

/** Undefined where one of the references has the same outcome, else how the first one differs. */
export function disagreement(mine: Outcome, references: readonly Outcome[]): string | undefined {
  const found = references.map((reference) => difference(mine, reference));
  return found.includes(undefined) ? undefined : (found[0] ?? 'there is no reference');
}
