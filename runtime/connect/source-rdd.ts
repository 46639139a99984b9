// Datasets of a source: its parts are asked for in the session and dealt to partitions, and read on executors.
import { refuseArgument } from '../base/arguments';
import { placed } from '../base/errors';
import { clarifiedClient } from '../exec/library/connectors';
import { type Asked, conditionText } from '../plan/condition';
import type { SplitRule } from '../plan/node';
import type { Plan } from '../plan/program';
import type { BlobMaker } from '../rdd/blob-table';
import { lib, ShippedFunction } from '../rdd/function-argument';
import type { FunctionTable } from '../rdd/function-table';
import type { DatasetHost } from '../rdd/host';
import { RDD } from '../rdd/rdd';
import type { Schema } from '../schema/schema';
import { encode } from '../wire/codec';
import type { Source, SourcePartition } from './source';

/** What a dataset reads: parts that are known, or a source that is asked for them. */
export type SourceParts = Pick<Source<unknown>, 'partitions' | 'numPartitions' | 'schema'> & { readonly name: string };

const remedy = 'See docs/connectors.md.';

/** `sc.source`, and the batches of `ssc.directStream`. */
export class SourceRDD<T> extends RDD<T> {
  readonly #parts: SourceParts;
  readonly #read: ShippedFunction;
  #known: readonly SourcePartition[] | undefined;
  #asking: Promise<readonly SourcePartition[]> | undefined;
  #groups: readonly (readonly SourcePartition[])[] | undefined;
  #schema: Schema | undefined;

  constructor(context: DatasetHost, operation: string, parts: SourceParts, read: ShippedFunction) {
    super(context, operation);
    this.#parts = parts;
    this.#read = read;
    this.setName(parts.name);
    this.beforeFirstJob(async () => {
      try {
        this.#ask();
        this.#known ??= this.#checked(await this.#asking);
        if (parts.schema) this.#schema ??= await parts.schema();
      } catch (e) {
        throw placed(clarifiedClient(operation, e), this.call?.place);
      }
    });
  }

  override get isKnownLate(): boolean {
    return true;
  }

  /** Known once the first job was prepared, or at once where the source answers at once. */
  override get schema(): Schema | undefined {
    if (this.#schema || !this.#parts.schema) return this.#schema;
    const answer = this.#parts.schema();
    if (!(answer instanceof Promise)) this.#schema = answer;
    else answer.catch(() => {});
    return this.#schema;
  }

  #ask(): void {
    if (this.#known || this.#asking) return;
    const answer = this.#parts.partitions();
    if (!(answer instanceof Promise)) {
      this.#known = this.#checked(answer);
      return;
    }
    this.#asking = answer;
    // Who waits for it hears of it; then it is asked again.
    answer.catch(() => {
      this.#asking = undefined;
    });
  }

  #checked(parts: unknown): readonly SourcePartition[] {
    const isPart = (part: unknown) => typeof part === 'object' && part !== null && 'data' in part;
    if (Array.isArray(parts) && parts.every(isPart)) return parts;
    return refuseArgument({
      operation: this.operation,
      argument: 'the answer of partitions()',
      value: parts,
      rule: 'an array of { data, hosts, bytes }',
      remedy,
    });
  }

  protected countPartitions(): number {
    this.#ask();
    const { numPartitions } = this.#parts;
    if (numPartitions !== undefined) return this.context.checkPartitions(this.operation, numPartitions);
    return this.#asking || !this.#known ? this.context.defaultParallelism : this.#known.length;
  }

  get #dealt(): readonly (readonly SourcePartition[])[] {
    const n = this.numPartitions;
    if (!this.#known) return [];
    this.#groups ??= dealt(this.#known, n);
    return this.#groups;
  }

  fragment(functions: FunctionTable): Plan {
    const f = functions.function(lib('readParts', this.#read, this.operation));
    return { op: 'mapPartitions', name: this.operation, f, awaits: 1, reads: {}, input: { op: 'values' } };
  }

  splits(): SplitRule {
    return { kind: 'values', blobs: this.blobName };
  }

  override get ownBlob(): BlobMaker {
    const groups = this.#dealt;
    return (index) => encode(groups[index].map(({ data }) => data));
  }

  /** The hosts that have most of a partition's bytes first. */
  override preferredLocations(index: number): readonly string[] {
    const bytes = new Map<string, number>();
    for (const part of this.#dealt[index] ?? [])
      for (const host of part.hosts ?? []) bytes.set(host, (bytes.get(host) ?? 0) + (part.bytes ?? 1));
    return [...bytes].sort(([, a], [, b]) => b - a).map(([host]) => host);
  }

  /** What a stage reads of it, as text. @internal */
  askedText({ wanted, where }: Asked): string | undefined {
    const texts = wanted ? [`reads ${wanted.join(', ') || 'no column'}`] : [];
    if (where) texts.push(`asks for ${conditionText(where)}`);
    return texts.length > 0 ? texts.join('; ') : undefined;
  }
}

/** Neighbouring parts together, so that each of `n` groups has about the same bytes; some are empty where there are fewer parts. */
export function dealt(parts: readonly SourcePartition[], n: number): SourcePartition[][] {
  const groups: SourcePartition[][] = Array.from({ length: n }, () => []);
  if (parts.length <= n) {
    for (const [i, part] of parts.entries()) groups[i].push(part);
    return groups;
  }
  const size = ({ bytes = 1 }: SourcePartition) => Math.max(1, bytes);
  const total = parts.reduce((sum, part) => sum + size(part), 0);
  let before = 0;
  for (const part of parts) {
    // By its middle: a large part does not push its neighbours away.
    groups[Math.min(n - 1, Math.floor(((before + size(part) / 2) * n) / total))].push(part);
    before += size(part);
  }
  return groups;
}

/** What `read` is, captured. Throws BAD_ARGUMENT where a source is none. */
export function shippedRead(
  context: DatasetHost,
  operation: string,
  source: unknown,
  methods: readonly string[],
): ShippedFunction {
  const refuse = (argument: string, value: unknown, rule: string) => refuseArgument({ operation, argument, value, rule, remedy });
  if (typeof source !== 'object' || source === null) return refuse('its argument', source, 'a source');
  const fields = source as Record<string, unknown>;
  if (typeof fields.name !== 'string' || fields.name === '') return refuse('the name of the source', fields.name, 'a text');
  for (const method of methods)
    if (typeof fields[method] !== 'function') return refuse(`${method} of the source`, fields[method], 'a function');
  return ShippedFunction.of(context, fields.read, operation, 'read of the source');
}
