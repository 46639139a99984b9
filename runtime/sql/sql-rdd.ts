// The answer of a query as a dataset: asked once, before its first job, and read from files of the session's folder from then on.
import { MillraceError, placed } from '../base/errors';
import { currentSignal } from '../base/flow';
import type { Context } from '../context/context';
import { runningWork } from '../context/running-work';
import type { SplitRule } from '../plan/node';
import type { Plan } from '../plan/program';
import type { SqlFault, SqlForm, SqlTable } from '../plan/sql-engine';
import { RDD } from '../rdd/rdd';
import { TextFileRDD } from '../rdd/text-files';
import type { Schema } from '../schema/schema';
import { badSql, type QueryText } from './template';

/** A dataset under the name that the query has for it. */
export interface NamedTable {
  readonly name: string;
  readonly rdd: RDD<unknown>;
}

interface Asked {
  readonly query: QueryText;
  readonly values: readonly unknown[];
  readonly tables: readonly NamedTable[];
  readonly form: SqlForm;
}

export class SqlRDD<T> extends RDD<T> {
  #schema: Schema | undefined;

  constructor(context: Context, asked: Asked) {
    super(context, 'sql');
    this.beforeFirstJob(() => this.#ask(asked));
    context.noteCheckpoint(this, true);
  }

  override get schema(): Schema | undefined {
    return this.#schema;
  }

  override get isKnownLate(): boolean {
    return true;
  }

  protected countPartitions(): number {
    return this.context.defaultParallelism;
  }

  fragment(): Plan {
    return { op: 'checkpoint' };
  }

  splits(): SplitRule {
    return { kind: 'checkpoint' };
  }

  async #ask({ query, values, tables, form }: Asked): Promise<void> {
    const { context } = this;
    const own: number[] = [];
    const engine = context.queries;
    try {
      if (!engine) throw new MillraceError('NO_SQL', { master: context.master });
      const target = { dataset: this.id, partitions: this.numPartitions };
      const run = async (isNative: boolean) => {
        const read: SqlTable[] = [];
        for (const table of tables) read.push(await this.#tableOf(table, own, isNative));
        const result = await runningWork(context, currentSignal(), (signal) =>
          engine.run({ text: query.text, values, tables: read, form }, target, signal),
        );
        const isOurs = isNative && read.some(({ kind }) => kind === 'lines');
        // The engine refuses texts that our own reader takes: bytes that are no UTF-8, line ends of several kinds, very long lines.
        return result.status === 'fault' && isOurs && !result.fault.isName ? undefined : result;
      };
      const result = (await run(true)) ?? (await run(false))!;
      if (result.status === 'fault') throw faultError(query, result.fault);
      this.#schema = { columns: result.columns };
    } catch (error) {
      throw error instanceof MillraceError ? placed(error, this.call?.place) : error;
    } finally {
      for (const id of own) context.engine.release({ kind: 'checkpoint', id });
    }
  }

  /** A dataset as files that the engine reads: those of an answer are there already, others are written by a job. */
  async #tableOf({ name, rdd }: NamedTable, own: number[], isNative: boolean): Promise<SqlTable> {
    if (rdd instanceof SqlRDD) {
      await rdd.prepareLineage();
      return { kind: 'frames', name, dataset: rdd.id, partitions: rdd.numPartitions, schema: rdd.schema };
    }
    if (isNative && rdd instanceof TextFileRDD && !rdd.storageLevel.isKept) {
      await rdd.prepareLineage();
      const paths = rdd.plainPaths;
      if (paths && paths.length > 0) return { kind: 'lines', name, paths };
    }
    const dataset = this.context.nextRddId();
    own.push(dataset);
    const options = { title: `table ${name} of ${this}`, writesCheckpoints: false };
    await this.context.runSink(
      rdd,
      () => ({ kind: 'checkpoint', rddId: dataset }),
      options,
      () => {},
    );
    return { kind: 'frames', name, dataset, partitions: rdd.numPartitions, schema: rdd.schema };
  }
}

/** What is wrong with a query as an error, with the place in the template. */
function faultError(query: QueryText, { message, position, near, remedy }: SqlFault): MillraceError {
  const meant = near.length > 0 ? `There ${near.length > 1 ? 'are' : 'is'} ${near.join(', ')}.` : undefined;
  return badSql({
    message,
    shown: query.shown,
    at: position === undefined ? undefined : query.shownAt(position),
    remedy: remedy ?? meant,
  });
}
