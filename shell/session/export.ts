// `.export`: writes the rows of a dataset or an array to one file, which appears whole or not at all.
import path from 'node:path';
import { types } from 'node:util';
import { MillraceError } from '../../runtime';
import { bytesText } from '../../runtime/base/units';
import { replaceable } from '../base/replaceable';
import { refuseExisting, WholeFile } from '../base/whole-file';
import { counted, escapeControls } from '../print/safe-text';
import { datasetOf } from './dataset-of';
import { headerRows, type RowWriter, rowWriter, type TextFormat, textFormats } from './row-writer';
import type { CommandInput } from './session-local';
import { type ColumnarFormat, columnarRows } from './tables/columnar-rows';

/** Rows per write, after the first `headerRows`. */
const batchRows = 2_000;

type ExportFormat = TextFormat | ColumnarFormat;
const exportFormats: readonly ExportFormat[] = [...textFormats, 'parquet', 'arrow'];

const endings: Readonly<Record<string, ExportFormat>> = {
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.parquet': 'parquet',
  '.arrow': 'arrow',
  '.feather': 'arrow',
};

/** Writes the value's rows. The words: path, path as typed, `force` or '', format or '', column names. */
export async function exportRows({ value, words, signal }: CommandInput): Promise<string> {
  const [named, shown, force, wantedFormat, ...header] = words;
  const format = formatOf(shown, wantedFormat);
  const rows = rowsOf(value);
  const overwrites = force === 'force';
  const file = await replaceable(named, shown);
  if (!overwrites) await refuseExisting('.export', file, shown);
  const target = new WholeFile('.export', file, shown);
  try {
    await target.open();
    const { rows: written, writer } = await writing(format, value, rows, header);
    const count = await writeAll(written, writer, target, signal);
    await target.finish(overwrites);
    return `${counted(count, 'row')}, ${bytesText(target.bytes)} written to ${escapeControls(shown)}`;
  } catch (error) {
    await target.giveUp();
    throw error;
  }
}

async function writing(format: ExportFormat, value: unknown, rows: Rows, header: readonly string[]) {
  if (format === 'parquet' || format === 'arrow') return columnarRows(format, datasetOf(value), rows);
  return { rows, writer: rowWriter(format, header) };
}

async function writeAll(rows: Rows, writer: RowWriter, target: WholeFile, signal: AbortSignal): Promise<number> {
  let count = 0;
  let limit = headerRows;
  let batch: unknown[] = [];
  const flush = async () => {
    signal.throwIfAborted();
    await target.write(writer.bytes(batch));
    count += batch.length;
    batch = [];
    limit = batchRows;
  };
  for await (const row of rows) {
    batch.push(row);
    if (batch.length >= limit) await flush();
  }
  if (batch.length > 0 || count === 0) await flush();
  await target.write(writer.end());
  return count;
}

function formatOf(file: string, wanted: string): ExportFormat {
  const format = wanted === '' ? endings[path.extname(file).toLowerCase()] : exportFormats.find((name) => name === wanted);
  if (format) return format;
  throw new MillraceError('BAD_ARGUMENT', {
    operation: '.export',
    argument: wanted === '' ? 'the ending of the file' : 'the format',
    value: wanted === '' ? path.extname(file) || 'missing' : wanted,
    rule: wanted === '' ? `one of ${Object.keys(endings).join(', ')}` : `one of ${exportFormats.join(', ')}`,
    remedy: 'For example: .export counts counts.csv, or --format csv.',
  });
}

type Rows = AsyncIterable<unknown> | Iterable<unknown>;

/** A dataset's rows arrive one partition at a time. */
function rowsOf(value: unknown): Rows {
  const dataset = datasetOf(value);
  if (dataset) return dataset.toLocalIterator();
  if (typeof value === 'object' && value !== null && !types.isProxy(value) && Symbol.iterator in value)
    return value as Iterable<unknown>;
  throw new MillraceError('BAD_ARGUMENT', {
    operation: '.export',
    argument: 'its value',
    value: value === null ? 'null' : typeof value,
    rule: 'a dataset, an array, a map or a set',
    remedy: 'Leave out the action: .export counts counts.csv',
  });
}
