// The table of docs/spark-support.md: what each operation came to on each master, grouped into rows, written and read back.

/** What an operation came to on a master: `works`, `needs no job`, or `refused: ` and why. */
export type Outcome = string;

/** The columns, and the master of each that is tried. */
export const columns = {
  '`local`': 'local',
  '`local[N]`': 'local[2]',
  '`spark-local[N]`': 'spark-local[2]',
  '`spark://host:port`': 'standalone',
} as const;

export type Master = (typeof columns)[keyof typeof columns];
export const masters: readonly Master[] = Object.values(columns);

/** By operation, in the order of `masters`. */
export type Support = ReadonlyMap<string, readonly Outcome[]>;

const begin = '<!-- support: npm run tables:spark -->';
const end = '<!-- end -->';
const alone = '–';

function partsOf(operation: string): [owner: string, name: string] {
  const found = /^(\w+)\.(.+)$/.exec(operation);
  return found ? [found[1], found[2]] : [alone, operation];
}

/** Rows of one owner with the same outcomes are one. What is refused somewhere comes first. */
function tableOf(support: Support): string {
  const rows = new Map<string, { readonly owner: string; readonly names: string[]; readonly outcomes: readonly Outcome[] }>();
  for (const [operation, outcomes] of support) {
    const [owner, name] = partsOf(operation);
    const key = JSON.stringify([owner, outcomes]);
    const row = rows.get(key) ?? { owner, names: [], outcomes };
    row.names.push(`\`${name}\``);
    rows.set(key, row);
  }
  const place = ({ outcomes }: { readonly outcomes: readonly Outcome[] }) =>
    outcomes.some((outcome) => outcome.startsWith('refused')) ? 0 : 1;
  const sorted = [...rows.values()].sort((a, b) => place(a) - place(b) || (a.owner < b.owner ? -1 : a.owner > b.owner ? 1 : 0));
  const head = ['of', 'operations', ...Object.keys(columns)];
  const lines = sorted.map(({ owner, names, outcomes }) => [
    owner === alone ? alone : `\`${owner}\``,
    names.sort().join(' '),
    ...outcomes,
  ]);
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The document with this table in the place of its own. */
export function withSupport(document: string, support: Support): string {
  return document.replace(new RegExp(`${begin}[\\s\\S]*?${end}`), `${begin}\n${tableOf(support)}\n${end}`);
}

/** What the table of a document says. */
export function supportIn(document: string): Support {
  const table = document.split(begin)[1]?.split(end)[0] ?? '';
  const found = new Map<string, readonly Outcome[]>();
  for (const line of table.trim().split('\n').slice(2)) {
    const [owner, names, ...outcomes] = line.slice(2, -2).split(' | ');
    const of = owner === alone ? '' : `${owner.replaceAll('`', '')}.`;
    for (const [, name] of names.matchAll(/`([^`]+)`/g)) found.set(`${of}${name}`, outcomes);
  }
  return found;
}
