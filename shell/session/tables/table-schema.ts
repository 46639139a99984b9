// `.schema` shows the columns of a table: types, nulls and samples of its first rows; or writes them as an interface.
import { closeSync, openSync, writeSync } from 'node:fs';
import { MillraceError, type Schema } from '../../../runtime';
import { diskError } from '../../../runtime/base/files';
import { showElement } from '../../../runtime/base/show-element';
import { TableRDD } from '../../../runtime/rdd/tables/table-files';
import { schemaOfRows } from '../../../runtime/schema/infer-values';
import { rowInterface } from '../../../runtime/schema/schema-text';
import { escapeControls, escapeLines } from '../../print/safe-text';
import { schemaLines } from '../../print/schema-lines';
import { datasetOf } from '../dataset-of';
import type { CommandInput } from '../session-local';

/** Rows that nulls are counted in and samples are taken from. */
const lookedAt = 1000;

/** The words: the name of the interface or '', the file to write as a path and as typed, `force` or ''. */
export async function schemaText({ value, words }: CommandInput): Promise<string> {
  const [name = '', file = '', shown = '', force = ''] = words;
  const rows = await firstRows(value);
  const dataset = datasetOf(value);
  const schema = dataset?.schema ?? schemaOfRows(rows);
  if (name !== '') return asInterface(name, schema, file, shown, force === 'force');
  const told = dataset instanceof TableRDD ? toldOf(dataset) : '';
  const head = `${schema.columns.length} columns${told}; nulls and samples of the first ${rows.length} rows`;
  return `${head}\n${schemaLines(schema, rows)}`;
}

/** How the types were found. */
function toldOf({ reader, sampled }: TableRDD<unknown>): string {
  if (reader === 'parquet' || reader === 'arrow') return ', with the types of the file';
  return sampled.isAll ? `, types of all ${sampled.rows} rows` : `, types of the first ${sampled.rows} rows`;
}

async function firstRows(value: unknown): Promise<object[]> {
  const dataset = datasetOf(value);
  const rows = dataset ? await dataset.take(lookedAt) : Array.isArray(value) ? value.slice(0, lookedAt) : undefined;
  if (rows?.every((row) => typeof row === 'object' && row !== null && !Array.isArray(row))) return rows as object[];
  throw new MillraceError('BAD_ARGUMENT', {
    operation: '.schema',
    argument: 'its value',
    value: rows
      ? `rows such as ${showElement(rows.find((row) => typeof row !== 'object' || row === null || Array.isArray(row)))}`
      : typeof value,
    rule: 'a dataset or an array of objects, or a file with a table',
    remedy: 'For example: .schema flights.csv',
  });
}

function asInterface(name: string, schema: Schema, file: string, shown: string, overwrites: boolean): string {
  const text = rowInterface(name, schema);
  if (file === '') return escapeLines(text.trimEnd());
  try {
    const fd = openSync(file, overwrites ? 'w' : 'wx');
    writeSync(fd, text);
    closeSync(fd);
  } catch (error) {
    const remedy = 'Choose another name, or add --force.';
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new MillraceError('FILE_EXISTS', { path: shown, rule: '.schema does not overwrite', remedy });
    return diskError(shown, error);
  }
  return `${name}, ${schema.columns.length} columns, written to ${escapeControls(shown)}`;
}
