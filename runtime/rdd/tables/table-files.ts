// Datasets of tables in files: rows that are objects, with columns that are known before the first job.
import { type InputPaths, pathsText } from '../../base/paths';
import { isTextTable, type TableReader } from '../../formats/file-formats';
import { type FoundTable, inspectTable } from '../../formats/inspect';
import type { ReaderOptions } from '../../formats/options';
import { parquetGroups } from '../../formats/parquet/read-parquet';
import { type Condition, conditionText } from '../../plan/condition';
import type { TextRange } from '../../plan/input-file';
import { isPacked } from '../../plan/input-form';
import type { SplitRule } from '../../plan/node';
import type { Plan } from '../../plan/program';
import type { Schema } from '../../schema/schema';
import type { DatasetHost } from '../host';
import { partitionsOfFiles, textSplits } from '../inputs/cut-files';
import { InputFiles } from '../inputs/input-files';
import type { KnownFile } from '../inputs/known-files';
import { RDD } from '../rdd';

/** Bytes of row groups that one partition reads together: packed, and often only some of their columns are read. */
const unitsBytes = 16 << 20;

/** Bytes of a table that are worth a task of their own. */
const leastPartBytes = 1 << 20;

/** What a task reports of rows that did not fit. */
interface Noted {
  readonly count: number;
  readonly first: string;
}

/** The rows of one dataset that were left out, or in which a value was. */
class BadRows {
  readonly id: string;
  count = 0;
  #first: string | undefined;
  #reported = 0;

  constructor({ context }: RDD<unknown>) {
    this.id = `bad-rows-${context.nextSharedId()}`;
    context.accumulators.add(this);
  }

  mergeUpdate(value: unknown): void {
    for (const { count, first } of value as Noted[]) {
      this.count += count;
      this.#first ??= first;
    }
  }

  /** A sentence about those that were not reported yet. */
  news(name: string, isSkipped: boolean): string | undefined {
    const fresh = this.count - this.#reported;
    if (fresh === 0) return undefined;
    this.#reported = this.count;
    const rows = fresh === 1 ? '1 row' : `${fresh} rows`;
    return `${name}: ${rows} did not fit and ${isSkipped ? (fresh === 1 ? 'was left out' : 'were left out') : 'got nulls'}; for example ${this.#first}`;
  }
}

/** `sc.csv` and its like. Paths are looked at when partitions or columns are first asked for. */
export class TableRDD<T> extends RDD<T> {
  readonly reader: TableReader;
  readonly #files: InputFiles;
  readonly #options: ReaderOptions;
  readonly #bad: BadRows | undefined;
  #found: FoundTable | undefined;
  #partitions: readonly TextRange[][] | undefined;

  constructor(context: DatasetHost, reader: TableReader, paths: InputPaths, options: ReaderOptions) {
    super(context, reader);
    this.reader = reader;
    this.#options = options;
    this.#files = new InputFiles(context, paths, isTextTable(reader));
    this.setName(pathsText(paths));
    this.beforeFirstJob(() => this.#files.prepare());
    if (options.onBadRow !== undefined && options.onBadRow !== 'fail') {
      this.#bad = new BadRows(this);
      this.context.control.reportAfterJobs(this);
    }
  }

  get #inputs(): readonly KnownFile[] {
    const { encoding } = this.#options;
    if (encoding === undefined || encoding === 'utf-8') return this.#files.all;
    return this.#files.all.map((file) => (isPacked(file.form) ? file : { ...file, form: encoding }));
  }

  get #table(): FoundTable {
    if (this.#found) return this.#found;
    const files = this.#inputs.map((file) => this.#files.withReader(file));
    this.#found = inspectTable(this.reader, files, this.#options);
    return this.#found;
  }

  override get schema(): Schema {
    return this.#table.spec.schema;
  }

  /** Rows from which the types were inferred, and whether these were all. @internal */
  get sampled(): { rows: number; isAll: boolean } {
    return this.#table;
  }

  get #parts(): readonly TextRange[][] {
    if (this.#partitions) return this.#partitions;
    const { minPartitions = this.#pieces } = this.#options;
    const { isCut, units } = this.#table;
    if (units) {
      this.#partitions = partsOfUnits(this.#inputs, units, minPartitions);
      return this.#partitions;
    }
    const parts = partitionsOfFiles(this.#inputs, minPartitions, this.context.defaultParallelism);
    this.#partitions = isCut ? parts : joined(parts);
    return this.#partitions;
  }

  /** Small files are not worth several tasks. */
  get #pieces(): number {
    const bytes = this.#inputs.reduce((sum, { version }) => sum + version.size, 0);
    return Math.max(1, Math.min(this.context.defaultParallelism, Math.ceil(bytes / leastPartBytes)));
  }

  protected countPartitions(): number {
    return this.#parts.length;
  }

  fragment(): Plan {
    return { op: 'table', spec: { ...this.#table.spec, bad: this.#bad?.id } };
  }

  splits(): SplitRule {
    return textSplits(this.#parts);
  }

  /** What a stage reads of it, as text: its columns, and row groups by their statistics. @internal */
  askedText({ wanted, where }: { readonly wanted?: readonly string[]; readonly where?: Condition }): string | undefined {
    const { spec } = this.#table;
    const { length } = spec.schema.columns;
    const columns = wanted && spec.schema.columns.flatMap(({ name }) => (wanted.includes(name) ? [name] : []));
    const texts = columns && columns.length < length ? [`reads ${columns.join(', ') || 'none'} of ${length} columns`] : [];
    if (where && spec.format === 'parquet') {
      const ranges = this.#parts.flat();
      const all = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
      const left = ranges.reduce((sum, range) => sum + parquetGroups({ ...spec, where }, this.#files.withReader(range)), 0);
      texts.push(`${left} of ${all} row groups may have ${conditionText(where)}`);
    }
    return texts.length > 0 ? texts.join('; ') : undefined;
  }

  /** What is to be reported after a job. @internal */
  news(): string | undefined {
    return this.#bad?.news(String(this), this.#options.onBadRow === 'skip');
  }
}

/** Ranges of one file put together. */
function joined(parts: readonly TextRange[][]): TextRange[][] {
  const whole: TextRange[][] = [];
  for (const ranges of parts) {
    const last = whole.at(-1)?.at(-1);
    if (last && ranges.length === 1 && last.path === ranges[0].path) whole.at(-1)!.splice(-1, 1, { ...last, end: ranges[0].end });
    else whole.push([...ranges]);
  }
  return whole;
}

/** Neighbouring row groups or batches of a file together, in parts of about the same bytes: ranges count them, not bytes. */
function partsOfUnits(files: readonly KnownFile[], units: readonly (readonly number[])[], least: number): TextRange[][] {
  const total = units.flat().reduce((sum, bytes) => sum + bytes, 0);
  // As many for each slot: their tasks end together.
  const count = Math.max(1, Math.ceil(Math.ceil(total / unitsBytes) / least) * least);
  const parts: TextRange[][] = [];
  let before = 0;
  let current = -1;
  for (const [f, file] of files.entries()) {
    for (const [u, bytes] of units[f].entries()) {
      const part = Math.min(count - 1, Math.floor(((before + bytes / 2) / total) * count));
      before += bytes;
      const last = parts.at(-1)?.at(-1);
      if (!last || part !== current) parts.push([{ ...file, start: u, end: u + 1 }]);
      else if (last.path === file.path) parts.at(-1)!.splice(-1, 1, { ...last, end: u + 1 });
      else parts.at(-1)!.push({ ...file, start: u, end: u + 1 });
      current = part;
    }
  }
  return parts;
}
