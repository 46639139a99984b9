// Writes rows as the file of a table, by its format; what does not fit is an error with its row.
import { MillraceError } from '../../base/errors';
import { showElement } from '../../base/show-element';
import type { TableTarget } from '../../plan/table-spec';
import { kindText } from '../../schema/schema-text';
import { ArrowTable } from './arrow-table';
import { BadCell } from './column-rows';
import { ParquetTable } from './parquet-table';
import type { TableWriter, WriteBytes } from './table-writer';
import { CsvTable, JsonLines } from './text-tables';

/** What the names of files end in. */
export const endingOf = ({ format, gzip }: TableTarget): string =>
  `.${format === 'jsonLines' ? 'jsonl' : format}${gzip ? '.gz' : ''}`;

function formatWriter(target: TableTarget, write: WriteBytes): TableWriter {
  switch (target.format) {
    case 'csv':
      return new CsvTable(target, write);
    case 'jsonLines':
      return new JsonLines(target, write);
    case 'parquet':
      return new ParquetTable(target, write);
    case 'arrow':
      return new ArrowTable(target, write);
  }
}

/** Whether a row has fields: an object that is no list, no map and the like. */
export const isRow = (row: unknown): row is Readonly<Record<string, unknown>> =>
  typeof row === 'object' &&
  row !== null &&
  !Array.isArray(row) &&
  !(row instanceof Map || row instanceof Set || row instanceof Date) &&
  !ArrayBuffer.isView(row);

/** What has no columns. */
export const notARow = (operation: string, row: unknown): MillraceError =>
  new MillraceError('NOT_A_ROW', { operation, element: showElement(row) });

/** The methods that write tables. */
export const writerNames = {
  csv: 'saveAsCsv',
  jsonLines: 'saveAsJsonLines',
  parquet: 'saveAsParquet',
  arrow: 'saveAsArrow',
} as const;

/** Who writes what: `place` holds the rows, which errors count from 1. */
export interface Writing {
  readonly operation: string;
  readonly place: string;
  /** Arrow without a footer. */
  readonly isStream?: boolean;
}

/** A writer whose errors name the row. */
export class CheckedWriter implements TableWriter {
  readonly #target: TableTarget;
  readonly #writer: TableWriter;
  readonly #writing: Writing;
  rows = 0;

  constructor(target: TableTarget, write: WriteBytes, writing: Writing) {
    this.#target = target;
    this.#writer = writing.isStream ? new ArrowTable(target, write, true) : formatWriter(target, write);
    this.#writing = writing;
  }

  /** Throws NOT_A_ROW, UNWRITABLE_ROW, UNSHIPPABLE_VALUE. */
  add(row: unknown): void {
    this.rows++;
    if (this.#target.format === 'jsonLines') return this.#writer.add(row);
    if (!isRow(row)) throw notARow(this.#writing.operation, row);
    this.#checkNames(row);
    try {
      this.#writer.add(row);
    } catch (e) {
      if (!(e instanceof BadCell)) throw e;
      throw this.#misfit(e);
    }
  }

  #misfit({ column, misfit: { value, type, better } }: BadCell): MillraceError {
    const { sampled } = this.#target;
    const [kind, wanted] = [kindText(type), value === null ? `${kindText(column.type)} | null` : better];
    const rule = sampled === undefined ? 'the type of its column' : `its type in the first ${sampled} rows`;
    const types = `{ types: { ${JSON.stringify(column.name)}: '${wanted}' } }`;
    return new MillraceError('UNWRITABLE_ROW', {
      where: this.#where,
      reason: `its column ${column.name} has ${showElement(value)}, which is not ${kind}, ${rule}`,
      remedy:
        sampled === undefined
          ? `Give the column another type: ${types}.`
          : `Have all rows looked at for the types, without the option sample, or give the type: ${types}.`,
    });
  }

  get #where(): string {
    return `${this.#writing.place}, row ${this.rows}`;
  }

  /** A field that the file has no column for would be lost. */
  #checkNames(row: Readonly<Record<string, unknown>>): void {
    const { columns } = this.#target;
    const names = Object.keys(row);
    if (names.length <= columns.length && names.every((name) => this.#known.has(name))) return;
    const other = names.find((name) => !this.#known.has(name) && row[name] !== undefined);
    if (other === undefined) return;
    throw new MillraceError('UNWRITABLE_ROW', {
      where: this.#where,
      reason: `it has the field ${other}, for which there is no column`,
      remedy: 'Have all rows looked at for the columns: leave out the option sample. Or leave the field out: drop(name).',
    });
  }

  get #known(): ReadonlySet<string> {
    this.#names ??= new Set(this.#target.columns.map(({ name }) => name));
    return this.#names;
  }
  #names: ReadonlySet<string> | undefined;

  end(): void {
    this.#writer.end();
  }
}
