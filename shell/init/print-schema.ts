// `millrace schema FILE`: the interface of the rows of a table in files, for programs.
import path from 'node:path';
import { MillraceError } from '../../runtime/base/errors';
import { formatOfFile, isTextTable } from '../../runtime/formats/file-formats';
import { inspectTable } from '../../runtime/formats/inspect';
import { filesNow } from '../../runtime/rdd/inputs/known-files';
import { rowInterface } from '../../runtime/schema/schema-text';

/** The text of an interface; without a name, by the name of the file. Throws for what is no table. */
export function schemaOfFile(file: string, name = nameOf(file)): string {
  const format = formatOfFile(file);
  if (format === undefined)
    throw new MillraceError('BAD_ARGUMENT', {
      operation: 'millrace schema',
      argument: 'the file',
      value: file,
      rule: 'a path that ends in .csv, .tsv, .jsonl, .json, .parquet or .arrow',
      remedy: 'For example: millrace schema flights.csv --as Flight',
    });
  return rowInterface(name, inspectTable(format, filesNow(file, isTextTable(format)), {}).spec.schema);
}

/** `flights-2026.csv` has rows of the type Flights2026. */
function nameOf(file: string): string {
  const words = path
    .basename(file)
    .replace(/\..*$/, '')
    .split(/[^\p{ID_Continue}]+/u)
    .filter(Boolean);
  const name = words.map((word) => word[0].toUpperCase() + word.slice(1)).join('');
  return /^\p{ID_Start}/u.test(name) ? name : `Row${name}`;
}
