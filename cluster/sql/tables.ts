// The tables of a query: datasets of the session, loaded from their files of frames into temporary tables of DuckDB.
import type { DuckDBConnection, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { asError } from '../../runtime/base/errors';
import { showElement } from '../../runtime/base/show-element';
import type { SqlTable } from '../../runtime/plan/sql-engine';
import { schemaOfRows, typeOfValues } from '../../runtime/schema/infer-values';
import type { Column, Schema } from '../../runtime/schema/schema';
import { checkpointPath, FrameFile } from '../../runtime/storage/frame-file';
import { duckdb } from './duck';
import { QueryFault } from './faults';
import { Contradiction, converterOf, duckType, NoSuchType } from './values-in';

/** Rows of one chunk of DuckDB. */
const chunkRows = 2048;

/** The only column of a dataset whose elements are neither objects nor tuples. */
const valueColumn = 'value';

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

type Frames = SqlTable & { kind: 'frames' };

/** Makes the tables of a query. Throws QueryFault for rows that are no table. */
export async function makeTables(connection: DuckDBConnection, folder: string, tables: readonly SqlTable[]): Promise<void> {
  for (const table of tables) {
    if (table.kind === 'columns') await createTable(connection, table.name, table.schema.columns);
    else if (table.kind === 'lines') await createLines(connection, table.name, table.paths);
    else await loadFrames(connection, folder, table);
  }
}

async function createTable(connection: DuckDBConnection, name: string, columns: readonly Column[]): Promise<DuckDBType[]> {
  const seen = new Map<string, string>();
  const types = columns.map((column) => {
    const same = seen.get(column.name.toLowerCase());
    if (same !== undefined)
      throw notATable(name, `its columns ${same} and ${column.name} differ in capitals only, which SQL takes for one name`);
    if (column.name === '') throw notATable(name, 'one of its columns has an empty name');
    seen.set(column.name.toLowerCase(), column.name);
    try {
      return duckType(column.type);
    } catch (error) {
      if (error instanceof NoSuchType) throw notATable(name, `its column ${column.name} has ${error.message}`);
      throw error;
    }
  });
  if (columns.length === 0) throw notATable(name, 'its rows have no columns');
  const list = columns.map((column, i) => `${quoted(column.name)} ${types[i]}`).join(', ');
  await connection.run(`create or replace temp table ${quoted(name)} (${list})`);
  return types;
}

const notATable = (name: string, reason: string): QueryFault =>
  new QueryFault({
    message: `The dataset ${name} is no table: ${reason}`,
    near: [],
    remedy: 'Map its rows first to objects or tuples whose fields have one type each: rows.map(r => ({ id: r.id, n: r.n })).',
  });

/** A line of any bytes is one value: nothing separates, quotes or escapes. */
async function createLines(connection: DuckDBConnection, name: string, paths: readonly string[]): Promise<void> {
  const files = `[${paths.map(literal).join(', ')}]`;
  // Strictly: what this reader would cut otherwise than ours is an error, and is read by ours then.
  const options =
    "columns={'value':'VARCHAR'}, auto_detect=false, header=false, delim='\\x01', quote='', escape='', force_not_null=['value'], strict_mode=true, max_line_size=16000000";
  await connection.run(`create or replace temp view ${quoted(name)} as select * from read_csv(${files}, ${options})`);
}

/** The rows of a dataset, frame by frame. */
function* framesOf(
  folder: string,
  { dataset, partitions }: Frames,
  mostPerPartition = Number.POSITIVE_INFINITY,
): Generator<unknown[]> {
  for (let partition = 0; partition < partitions; partition++) {
    const file = FrameFile.open(checkpointPath(folder, { rddId: dataset }, partition));
    let frames = 0;
    for (const rows of file.rows()) {
      yield rows;
      if (++frames >= mostPerPartition) break;
    }
    file.close();
  }
}

/** How the elements of a dataset are cut into columns. */
interface RowForm {
  readonly columns: readonly Column[];
  /** The values of column `c` of some rows. */
  cell(row: unknown, c: number): unknown;
  /** Whether a row has this form. */
  fits(row: unknown): boolean;
}

const isTuple = (row: unknown): row is unknown[] => Array.isArray(row);

const isRecord = (row: unknown): row is Record<string, unknown> =>
  typeof row === 'object' &&
  row !== null &&
  !Array.isArray(row) &&
  !(row instanceof Date) &&
  !(row instanceof Map) &&
  !(row instanceof Set) &&
  !ArrayBuffer.isView(row);

function* rowsIn(frames: Iterable<unknown[]>): Generator<unknown> {
  for (const rows of frames) yield* rows;
}

/** The form of a dataset's rows, as the first says, with columns of the types that all of these have. */
function formOf(name: string, frames: () => Iterable<unknown[]>, schema: Schema | undefined): RowForm {
  const [first] = rowsIn(frames());
  if (schema || isRecord(first)) {
    const columns = schema?.columns ?? schemaOfRows(checked(name, frames(), isRecord)).columns;
    const names = columns.map((column) => column.name);
    const known = new Set(names);
    const isWhole = (row: unknown) => isRecord(row) && (schema !== undefined || Object.keys(row).every((key) => known.has(key)));
    return { columns, fits: isWhole, cell: (row, c) => (row as Record<string, unknown>)[names[c]] };
  }
  if (isTuple(first)) {
    const width = first.length;
    const isAlike = (row: unknown): row is unknown[] => isTuple(row) && row.length === width;
    const named = function* () {
      for (const row of checked(name, frames(), isAlike)) yield Object.fromEntries(row.map((cell, i) => [`_${i + 1}`, cell]));
    };
    const found = new Map(schemaOfRows(named()).columns.map((column) => [column.name, column]));
    const columns = first.map(
      (_, i): Column => found.get(`_${i + 1}`) ?? { name: `_${i + 1}`, type: { kind: 'unknown' }, nullable: true },
    );
    return { columns, fits: isAlike, cell: (row, c) => (row as unknown[])[c] };
  }
  const isPlain = (row: unknown): row is unknown => !isRecord(row) && !isTuple(row);
  const columns = [{ name: valueColumn, ...typeOfValues(checked(name, frames(), isPlain)) }];
  return { columns, fits: isPlain, cell: (row) => row };
}

function* checked<T>(name: string, frames: Iterable<unknown[]>, fits: (row: unknown) => row is T): Generator<T> {
  for (const row of rowsIn(frames)) {
    if (!fits(row)) throw notATable(name, `its elements are of several forms, one of them ${showElement(row)}`);
    yield row;
  }
}

async function loadFrames(connection: DuckDBConnection, folder: string, table: Frames): Promise<void> {
  const sample = formOf(table.name, () => framesOf(folder, table, 1), table.schema);
  try {
    await load(connection, folder, table, sample);
  } catch (error) {
    if (!(error instanceof Contradiction)) throw error;
    if (table.schema) throw notATable(table.name, `${asError(error).message}, as its schema has it`);
    // What the first frames have does not hold for all: all are looked at, and loaded again.
    await load(
      connection,
      folder,
      table,
      formOf(table.name, () => framesOf(folder, table), undefined),
    );
  }
}

async function load(connection: DuckDBConnection, folder: string, table: Frames, form: RowForm): Promise<void> {
  const types = await createTable(connection, table.name, form.columns);
  const converters = form.columns.map(({ type }) => converterOf(type));
  const appender = await connection.createAppender(table.name);
  try {
    for (const rows of framesOf(folder, table)) {
      for (let from = 0; from < rows.length; from += chunkRows) {
        const part = rows.slice(from, from + chunkRows);
        for (const row of part) if (!form.fits(row)) throw new Contradiction(row, { kind: 'struct', fields: form.columns });
        const chunk = duckdb().DuckDBDataChunk.create(types, part.length);
        const values = new Array<DuckDBValue>(part.length);
        for (let c = 0; c < types.length; c++) {
          const convert = converters[c];
          for (let i = 0; i < part.length; i++) values[i] = convert(form.cell(part[i], c));
          chunk.setColumnValues(c, values);
        }
        appender.appendDataChunk(chunk);
      }
    }
    appender.flushSync();
  } finally {
    appender.closeSync();
  }
}
