// The columns of a table that a program uses: what its first steps read of a row, as far as their texts say.
import type { Asked, Condition } from '../../plan/condition';
import type { FunctionRef } from '../../plan/function-ref';
import type { Plan, Program, Sink } from '../../plan/program';
import type { AggregateSpec } from '../library/aggregates';

/** Fields of rows; undefined for all of them. */
type Wanted = ReadonlySet<string> | undefined;

/** What a function reads of its rows, which it must not change. */
const readBy = (f: FunctionRef | undefined): Wanted =>
  f?.kind === 'closure' && f.reads !== undefined && !f.changes?.first ? new Set(f.reads) : undefined;

/** What a library function reads of its rows, where all of it is what its functions do. */
function readByLibrary(f: FunctionRef | undefined): Wanted {
  if (f?.kind !== 'library') return readBy(f);
  if (f.name === 'pickFields') return new Set(f.args[0] as string[]);
  if (f.name !== 'groupStart' && f.name !== 'groupAdd') return undefined;
  const [specs, ...functions] = f.args as [readonly AggregateSpec[], ...FunctionRef[]];
  if (specs.some(({ kind, isOf }) => !isOf && kind !== 'count')) return undefined;
  return joined(functions.map(readBy));
}

const joined = (all: readonly Wanted[]): Wanted =>
  all.includes(undefined) ? undefined : new Set(all.flatMap((one) => [...one!]));

/** What a sink reads of the values of pairs that it gets, where it looks at nothing else of them. */
function readOfValues(sink: Sink): Wanted {
  if (sink.kind !== 'shuffle' || !sink.combine?.create) return undefined;
  return joined([readByLibrary(sink.combine.create), readByLibrary(sink.combine.merge)]);
}

/** What the filters right above a table say of the rows that all of them leave, the first one first: of any but the last all is said. */
function whereOf(filters: readonly FunctionRef[]): Condition | undefined {
  const found: Condition[] = [];
  for (const f of filters) {
    const where = f.kind === 'closure' ? f.where : undefined;
    if (where) found.push(where.condition);
    if (!where?.isAll) break;
  }
  return found.length === 0 ? undefined : found.length === 1 ? found[0] : { kind: 'all', of: found };
}

type Source = Plan & { op: 'table' | 'cached' | 'stored' | 'mapPartitions' };

/** Walks a chain of steps down to the table, the source or the persisted rows that they read; undefined where there are none. What gathers, keeps or passes on whole rows uses all columns. */
export function askedOf({ plan, sink }: Pick<Program, 'plan' | 'sink'>): { source: Source; asked: Asked } | undefined {
  let wanted: Wanted = sink.kind === 'count' ? new Set() : undefined;
  let ofValues = readOfValues(sink);
  let filters: FunctionRef[] = [];
  for (let node: Plan = plan; ; ) {
    switch (node.op) {
      case 'filter': {
        wanted = wanted && joined([wanted, readBy(node.f)]);
        filters.unshift(node.f);
        ofValues = undefined;
        node = node.input;
        continue;
      }
      case 'map':
        wanted =
          node.template === 'call'
            ? readByLibrary(node.f)
            : node.template === 'keyBy' && ofValues
              ? joined([readBy(node.f), ofValues])
              : undefined;
        filters = [];
        ofValues = undefined;
        node = node.input;
        continue;
      case 'flatMap':
        wanted = node.values ? undefined : readBy(node.f);
        filters = [];
        ofValues = undefined;
        node = node.input;
        continue;
      case 'table':
      case 'cached':
      case 'stored':
        return { source: node, asked: { wanted: wanted && [...wanted], where: whereOf(filters) } };
      case 'mapPartitions':
        return node.reads && { source: node, asked: { wanted: wanted && [...wanted], where: whereOf(filters) } };
      default:
        return undefined;
    }
  }
}

/** Tells the table or the source below a chain of steps what is read of it. */
export function wantColumns(program: Pick<Program, 'plan' | 'sink'>): void {
  const found = askedOf(program);
  // The program was decoded for this process alone.
  if (found?.source.op === 'table') (found.source as { spec: object }).spec = { ...found.source.spec, ...found.asked };
  if (found?.source.op === 'mapPartitions') (found.source as { reads: object }).reads = found.asked;
}
