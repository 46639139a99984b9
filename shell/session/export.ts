// `.export`: writes the rows of a dataset or an array to one file, which appears whole or not at all.
import { randomBytes } from 'node:crypto';
import { type FileHandle, link, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { types } from 'node:util';
import { MillraceError } from '../../runtime';
import { diskError } from '../../runtime/base/files';
import { bytesText } from '../../runtime/base/units';
import { replaceable } from '../base/replaceable';
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
  if (!overwrites) await refuseExisting(file, shown);
  const beside = path.join(path.dirname(file), `.${path.basename(file)}.${randomBytes(6).toString('hex')}.part`);
  const target = new Target(beside, shown);
  try {
    await target.open();
    const { rows: written, writer } = await writing(format, value, rows, header);
    const count = await writeAll(written, writer, target, signal);
    await target.finish(file, overwrites);
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

async function writeAll(rows: Rows, writer: RowWriter, target: Target, signal: AbortSignal): Promise<number> {
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

/** A temporary file beside the target, renamed to it once whole. */
class Target {
  readonly #beside: string;
  readonly #shown: string;
  #handle: FileHandle | undefined;
  bytes = 0;

  constructor(beside: string, shown: string) {
    this.#beside = beside;
    this.#shown = shown;
  }

  async open(): Promise<void> {
    await this.#trying(async () => {
      this.#handle = await open(this.#beside, 'wx');
    });
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#trying(async () => {
      for (let done = 0; done < bytes.length; ) done += (await this.#handle!.write(bytes, done)).bytesWritten;
    });
    this.bytes += bytes.length;
  }

  async finish(file: string, overwrites: boolean): Promise<void> {
    await this.#trying(async () => {
      await this.#handle!.sync();
      await this.#close();
    });
    if (overwrites) await this.#trying(() => rename(this.#beside, file));
    else await this.#takeFreeName(file);
  }

  async giveUp(): Promise<void> {
    await this.#close().catch(() => {});
    await rm(this.#beside, { force: true }).catch(() => {});
  }

  /** A link fails if the file was made meanwhile. A file system without links gets a check before the rename instead. */
  async #takeFreeName(file: string): Promise<void> {
    try {
      await link(this.#beside, file);
    } catch (error) {
      await refuseExisting(file, this.#shown);
      if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'].includes(String((error as NodeJS.ErrnoException).code))) this.#fail(error);
      await this.#trying(() => rename(this.#beside, file));
      return;
    }
    await rm(this.#beside, { force: true });
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #trying<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      return this.#fail(error);
    }
  }

  #fail(error: unknown): never {
    return diskError(this.#shown, error);
  }
}

async function refuseExisting(file: string, shown: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  const remedy = 'Choose another name, or add --force.';
  if (found) throw new MillraceError('FILE_EXISTS', { path: shown, rule: '.export does not overwrite', remedy });
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
