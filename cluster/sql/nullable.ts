// Which columns of an answer can be null, by the syntax of the query: what is not certain to have a value can.
import type { DuckDBConnection } from '@duckdb/node-api';
import type { SqlQuery } from '../../runtime/plan/sql-engine';

/** A node of DuckDB's syntax as JSON. */
interface Node {
  readonly class?: string;
  readonly type?: string;
  readonly function_name?: string;
  readonly column_names?: readonly string[];
  readonly children?: readonly Node[];
  readonly child?: Node;
  readonly left?: Node;
  readonly right?: Node;
  readonly value?: { readonly is_null?: boolean };
  readonly try_cast?: boolean;
  readonly select_list?: readonly Node[];
  readonly from_table?: Node;
  readonly join_type?: string;
  readonly table_name?: string;
  readonly cte_map?: { readonly map?: readonly unknown[] };
  readonly group_expressions?: readonly Node[];
  readonly group_sets?: readonly unknown[];
}

/** These have a value of any rows, and of none. */
const counts = new Set(['count', 'count_star', 'row_number', 'rank', 'dense_rank', 'percent_rank', 'cume_dist', 'ntile']);

/** These have a value of rows that have one. */
const aggregates = new Set(
  'sum avg mean min max median mode list array_agg string_agg group_concat any_value first last arg_min arg_max quantile quantile_cont quantile_disc approx_quantile approx_count_distinct bool_and bool_or product'.split(
    ' ',
  ),
);

/** These have a value where all that they are given has one. */
const total = new Set(
  '+ - * || lower upper length len strlen trim ltrim rtrim abs round floor ceil ceiling concat replace year month day hour minute second dayofweek isodow week quarter date_trunc date_part strftime starts_with ends_with contains ~~ !~~ like substring substr left right lpad rpad reverse greatest least md5'.split(
    ' ',
  ),
);

/** For each column whether it can be null. */
export async function nullableColumns(
  connection: DuckDBConnection,
  { text, tables }: SqlQuery,
  count: number,
): Promise<boolean[]> {
  const all = Array.from({ length: count }, () => true);
  const reader = await connection.runAndReadAll('select json_serialize_sql($1::varchar)', [text.replace(/;\s*$/, '')]);
  const syntax = JSON.parse(String(reader.getRows()[0][0])) as { statements?: readonly { readonly node: Node }[] };
  const node = syntax.statements?.[0]?.node;
  if (node?.type !== 'SELECT_NODE' || (node.cte_map?.map?.length ?? 0) > 0 || (node.group_sets?.length ?? 0) > 1) return all;
  const known = new Map<string, boolean>();
  for (const table of tables) {
    if (table.kind !== 'columns') return all;
    for (const { name, nullable } of table.schema.columns) {
      const key = name.toLowerCase();
      known.set(key, nullable || known.get(key) === true);
    }
  }
  const isPlain = hasOnly(node.from_table, new Set(tables.map(({ name }) => name.toLowerCase())));
  const isGrouped = (node.group_expressions?.length ?? 0) > 0;
  const list = node.select_list ?? [];
  if (list.length === 1 && list[0].class === 'STAR' && isPlain && tables.length === 1 && tables[0].kind === 'columns') {
    const { columns } = tables[0].schema;
    return columns.length === count ? columns.map(({ nullable }) => nullable) : all;
  }
  if (list.length !== count || list.some((one) => one.class === 'STAR')) return all;
  return list.map((expression) => !hasValue(expression, { known: isPlain ? known : new Map(), isGrouped }));
}

/** Whether rows come from these tables alone, joined so that none is made up. */
function hasOnly(from: Node | undefined, names: ReadonlySet<string>): boolean {
  if (from?.type === 'BASE_TABLE') return names.has(from.table_name?.toLowerCase() ?? '');
  if (from?.type !== 'JOIN' || !from.left || !from.right) return from?.type === 'EMPTY';
  return /^(?:INNER|SEMI|ANTI)$/.test(from.join_type ?? '') && hasOnly(from.left, names) && hasOnly(from.right, names);
}

interface Surroundings {
  /** Whether columns can be null, by their names in small letters. */
  readonly known: ReadonlyMap<string, boolean>;
  readonly isGrouped: boolean;
}

function hasValue(node: Node, around: Surroundings): boolean {
  const all = (nodes: readonly (Node | undefined)[]) => nodes.every((one) => one !== undefined && hasValue(one, around));
  switch (node.class) {
    case 'COLUMN_REF':
      return around.known.get(node.column_names?.at(-1)?.toLowerCase() ?? '') === false;
    case 'CONSTANT':
      return node.value?.is_null === false;
    case 'CAST':
      return node.try_cast === false && all([node.child]);
    case 'COMPARISON':
      return all([node.left, node.right]);
    case 'WINDOW':
      return counts.has(node.function_name ?? '');
    case 'FUNCTION': {
      const { function_name: name = '', children = [] } = node;
      if (counts.has(name)) return true;
      // Of no rows there is neither a sum nor a least value.
      if (aggregates.has(name)) return around.isGrouped && all(children);
      return total.has(name) && all(children);
    }
    case 'OPERATOR':
      return (node.type === 'OPERATOR_COALESCE' && (node.children ?? []).some((one) => hasValue(one, around))) || isTest(node);
    default:
      return false;
  }
}

/** `is null` answers true or false. */
const isTest = ({ type }: Node): boolean => type === 'OPERATOR_IS_NULL' || type === 'OPERATOR_IS_NOT_NULL';
