// Reads the files of others in a folder as a user would, by the reader of each, and compares with what the references read in them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Context } from '../../runtime/index';
import { disagreement, type Outcome } from './agree';

type Reader = 'csv' | 'json' | 'parquet' | 'arrow';

interface Expected {
  readonly file: string;
  readonly reader: Reader;
  readonly [reference: string]: unknown;
}

export interface Difference {
  readonly file: string;
  readonly reader: Reader;
  readonly how: string;
}

export interface Agreement {
  readonly files: number;
  readonly agreed: number;
}

const references = ['duckdb', 'strict', 'pyarrow', 'duckdb-other', 'strict-other'];

/** A value as the references write it. */
function cellText(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'object') return String(value);
  const list = (values: Iterable<unknown>) => `[${Array.from(values, (one) => cellText(one) ?? 'null').join()}]`;
  const pairs = (entries: Iterable<readonly [unknown, unknown]>) =>
    `{${Array.from(entries, ([key, one]) => `${cellText(key)}:${cellText(one) ?? 'null'}`).join()}}`;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `hex:${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return list(value as Iterable<unknown>);
  return pairs(value instanceof Map ? value : Object.entries(value));
}

async function outcomeOf(sc: Context, reader: Reader, path: string): Promise<Outcome> {
  try {
    const rows: object[] = await (reader === 'json' ? sc.jsonLines(path) : sc[reader](path)).collect();
    const columns = Object.keys(rows[0] ?? {});
    const cells = rows.slice(0, 100).map((row) => columns.map((name) => cellText((row as Record<string, unknown>)[name])));
    return { columns, rows: rows.length, cells };
  } catch (error) {
    const { code, name, message } = error as Error & { code?: string };
    return { error: `${code ?? name}: ${message}` };
  }
}

/** Reads each file, and counts those that agree by their reader. Throws where the folder is no corpus. */
export async function readCorpus(
  sc: Context,
  folder: string,
  only = '',
): Promise<{ agreement: Map<Reader, Agreement>; differences: Difference[] }> {
  const agreement = new Map<Reader, Agreement>();
  const differences: Difference[] = [];
  for (const line of readFileSync(join(folder, 'expected.jsonl'), 'utf8').trim().split('\n')) {
    const expected = JSON.parse(line) as Expected;
    const { file, reader } = expected;
    if (!file.includes(only)) continue;
    const mine = await outcomeOf(sc, reader, join(folder, file));
    const theirs = references.flatMap((name) => (expected[name] ? [expected[name] as Outcome] : []));
    const how = disagreement(mine, theirs);
    if (how !== undefined) differences.push({ file, reader, how });
    const { files, agreed } = agreement.get(reader) ?? { files: 0, agreed: 0 };
    agreement.set(reader, { files: files + 1, agreed: agreed + (how === undefined ? 1 : 0) });
  }
  return { agreement, differences };
}

export const percent = ({ files, agreed }: Agreement): number => (100 * agreed) / files;
