// Prepares and runs queries: the answer of one goes into files of frames, a file for each partition.
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBType } from '@duckdb/node-api';
import { asError } from '../../runtime/base/errors';
import type { SqlAnswered, SqlColumns, SqlQuery, SqlResult, SqlTarget } from '../../runtime/plan/sql-engine';
import { typeOfValues } from '../../runtime/schema/infer-values';
import type { Column } from '../../runtime/schema/schema';
import { checkpointPath, FrameFileWriter, frameOf } from '../../runtime/storage/frame-file';
import { type Duck, duckdb } from './duck';
import { faultOf, QueryFault } from './faults';
import { nullableColumns } from './nullable';
import type { SqlSetup } from './protocol';
import { makeTables } from './tables';
import { Contradiction, converterOf, duckType, NoSuchType } from './values-in';
import { readerOf, setField } from './values-out';

/** Rows in one frame of an answer. */
const frameRows = 8192;

/** The columns that a query would answer. */
export function prepareQuery(duck: Duck, query: SqlQuery): Promise<SqlResult<SqlColumns>> {
  return duck.use(query.form.timeZone, async (connection) => {
    await makeTables(connection, '', query.tables);
    const statement = await prepared(connection, query);
    const known = answerColumns(statement.columnCount, statement, (index) => typeAt(statement, index));
    // Without the types of its values, not even the number of columns is known.
    const found = known.every(({ type }) => type !== undefined)
      ? (known as AnswerColumn[])
      : await boundColumns(connection, query);
    const nullable = await nullableColumns(connection, query, found.length);
    const columns = found.map(
      ({ name, type }, i): Column => ({ name, type: readerOf(name, type, query.form).type, nullable: nullable[i] }),
    );
    return { status: 'ok', columns };
  });
}

/** Runs a query, and leaves its answer in the files of `target`. */
export function runQuery(
  duck: Duck,
  { folder, datasets }: SqlSetup,
  query: SqlQuery,
  target: SqlTarget,
): Promise<SqlResult<SqlAnswered>> {
  return duck.use(query.form.timeZone, async (connection) => {
    await makeTables(connection, datasets, query.tables);
    const statement = await prepared(connection, query);
    bind(statement, query.values);
    const spool = new Spool(path.join(folder, 'sql'), target);
    try {
      const { columns, rows } = await answered(statement, query, spool);
      spool.deal(datasets);
      return { status: 'ok', columns, rows };
    } catch (error) {
      throw asFault(error, query.text);
    } finally {
      spool.close();
    }
  });
}

const asFault = (error: unknown, text: string): QueryFault =>
  error instanceof QueryFault ? error : new QueryFault(faultOf(asError(error), text));

async function prepared(connection: DuckDBConnection, { text }: SqlQuery): Promise<DuckDBPreparedStatement> {
  let statement: DuckDBPreparedStatement;
  try {
    statement = await connection.prepare(text);
  } catch (error) {
    throw asFault(error, text);
  }
  const { StatementType } = duckdb();
  const { statementType } = statement;
  if (statementType === StatementType.SELECT || statementType === StatementType.EXPLAIN) return statement;
  throw new QueryFault({
    message: `A query answers rows, but this is the statement ${StatementType[statementType] ?? statementType}`,
    position: 0,
    near: [],
    remedy: 'Write select …, with …, from … or values …. What it answers is saved with rows.saveAs… or .export.',
  });
}

/** The type of a column; undefined where it depends on a value that is not bound yet. */
function typeAt(statement: DuckDBPreparedStatement, index: number): DuckDBType | undefined {
  if (statement.columnTypeId(index) === duckdb().DuckDBTypeId.INVALID) return undefined;
  try {
    return statement.columnType(index);
  } catch {
    // A list of what is not known.
    return undefined;
  }
}

/** The columns of an answer once its values are bound: of an answer without rows. */
async function boundColumns(connection: DuckDBConnection, { text, values }: SqlQuery): Promise<AnswerColumn[]> {
  const statement = await connection.prepare(`select * from (\n${text.replace(/;\s*$/, '')}\n) limit 0`);
  bind(statement, values);
  const result = await statement.stream();
  return answerColumns(result.columnCount, result, (index) => result.columnType(index));
}

/** Binds values to the parameters of a statement. Throws QueryFault for what has no type in SQL. */
function bind(statement: DuckDBPreparedStatement, values: readonly unknown[]): void {
  for (const [i, value] of values.entries()) {
    const { type } = typeOfValues([value]);
    try {
      // Before the value is converted: it tells best what is wrong with a list of several kinds.
      const bound = duckType(type);
      if (value === null) statement.bindNull(i + 1);
      else statement.bindValue(i + 1, converterOf(type)(value), bound);
    } catch (error) {
      if (!(error instanceof NoSuchType) && !(error instanceof Contradiction)) throw error;
      throw new QueryFault({ message: `Value ${i + 1} of the query has ${error.message}`, near: [] });
    }
  }
}

interface AnswerColumn<T = DuckDBType> {
  readonly name: string;
  readonly type: T;
}

/** The columns of an answer; of several of one name the later ones get a number, as in `id, id_1`. */
function answerColumns<T>(
  count: number,
  answer: { columnName(index: number): string },
  typeOf: (index: number) => T,
): AnswerColumn<T>[] {
  const taken = new Set<string>();
  return Array.from({ length: count }, (_, index) => {
    const own = answer.columnName(index);
    let name = own;
    for (let n = 1; taken.has(name); n++) name = `${own}_${n}`;
    taken.add(name);
    return { name, type: typeOf(index) };
  });
}

/** Takes the chunks of an answer into the spool as rows. */
async function answered(statement: DuckDBPreparedStatement, query: SqlQuery, spool: Spool): Promise<Omit<SqlAnswered, 'status'>> {
  const result = await statement.stream();
  const found = answerColumns(result.columnCount, result, (index) => result.columnType(index));
  const names = found.map(({ name }) => name);
  const readers = found.map(({ name, type }) => readerOf(name, type, query.form));
  const hasNulls = names.map(() => false);
  let rows: Record<string, unknown>[] = [];
  let count = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    const from = rows.length;
    for (let i = 0; i < chunk.rowCount; i++) rows.push({});
    for (const [c, name] of names.entries()) {
      const vector = chunk.getColumnVector(c);
      const { read } = readers[c];
      for (let i = 0; i < chunk.rowCount; i++) {
        const value = read(vector.getItem(i));
        if (value === null) hasNulls[c] = true;
        setField(rows[from + i], name, value);
      }
    }
    count += chunk.rowCount;
    if (rows.length < frameRows) continue;
    spool.add(rows);
    rows = [];
  }
  if (rows.length > 0) spool.add(rows);
  return { rows: count, columns: names.map((name, c) => ({ name, type: readers[c].type, nullable: hasNulls[c] })) };
}

/** The frames of an answer in one file, until it is known how many there are; then in the files of the partitions. */
class Spool {
  readonly #target: SqlTarget;
  readonly #path: string;
  readonly #fd: number;
  readonly #ends: number[] = [0];

  constructor(folder: string, target: SqlTarget) {
    this.#target = target;
    this.#path = path.join(folder, `answer-${target.dataset}`);
    this.#fd = openSync(this.#path, 'w+', 0o600);
  }

  add(rows: readonly unknown[]): void {
    const frame = frameOf(rows);
    const at = this.#ends[this.#ends.length - 1];
    for (let done = 0; done < frame.length; ) done += writeSync(this.#fd, frame, done, frame.length - done, at + done);
    this.#ends.push(at + frame.length);
  }

  /** Deals the frames out, in their order, to files that exist only whole. */
  deal(folder: string): void {
    const frames = this.#ends.length - 1;
    const { dataset, partitions } = this.#target;
    for (let partition = 0; partition < partitions; partition++) {
      const file = new FrameFileWriter(checkpointPath(folder, { rddId: dataset }, partition), 0);
      try {
        const [from, to] = [partition, partition + 1].map((p) => Math.floor((p * frames) / partitions));
        for (let frame = from; frame < to; frame++) file.add(this.#read(frame));
        file.end();
      } finally {
        file.abandon();
      }
    }
  }

  #read(frame: number): Buffer {
    const bytes = Buffer.allocUnsafe(this.#ends[frame + 1] - this.#ends[frame]);
    for (let done = 0; done < bytes.length; )
      done += readSync(this.#fd, bytes, done, bytes.length - done, this.#ends[frame] + done);
    return bytes;
  }

  close(): void {
    closeSync(this.#fd);
    rmSync(this.#path, { force: true });
  }
}
