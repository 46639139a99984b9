// The columns that Tab offers inside sql`…`: those of the tables that stand in the template.
import ts from 'typescript';

export interface SqlColumn {
  readonly name: string;
  /** The type of its values. */
  readonly type: string;
}

/** The columns of the tables of the query whose text is at a position; undefined where there is no query. */
export function sqlColumnsAt(program: ts.Program | undefined, file: string, position: number): readonly SqlColumn[] | undefined {
  const source = program?.getSourceFile(file);
  const query = source && queryAt(source, position);
  if (!program || !query) return undefined;
  const checker = program.getTypeChecker();
  const columns = new Map<string, string>();
  for (const { expression } of query.templateSpans)
    for (const { name, type } of columnsOf(checker.getTypeAtLocation(expression), checker)) columns.set(name, type);
  return [...columns].map(([name, type]) => ({ name, type }));
}

/** The template of a query, where the position is in its text and not in one of its expressions. */
function queryAt(source: ts.SourceFile, position: number): ts.TemplateExpression | undefined {
  let found: ts.TemplateExpression | undefined;
  const visit = (node: ts.Node): void => {
    if (node.pos > position || position > node.end) return;
    if (ts.isTaggedTemplateExpression(node) && isQuery(node.tag) && ts.isTemplateExpression(node.template)) {
      const texts = [node.template.head, ...node.template.templateSpans.map(({ literal }) => literal)];
      found = texts.some((text) => position > text.getStart(source) && position <= text.end) ? node.template : undefined;
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** `sql`, `sc.sql`, and either with options. */
function isQuery(tag: ts.Expression): boolean {
  if (ts.isCallExpression(tag)) return isQuery(tag.expression);
  return ts.isPropertyAccessExpression(tag) ? tag.name.text === 'sql' : ts.isIdentifier(tag) && tag.text === 'sql';
}

/** The columns of a dataset, as queries name them. */
function columnsOf(dataset: ts.Type, checker: ts.TypeChecker): SqlColumn[] {
  const collect = checker.getPropertyOfType(dataset, 'collect');
  const [row] = collect ? checker.getTypeArguments(dataset as ts.TypeReference) : [];
  if (!row || (row.flags & ts.TypeFlags.Any) !== 0) return [];
  const shown = (type: ts.Type) => checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation);
  if (checker.isTupleType(row))
    return checker.getTypeArguments(row as ts.TupleTypeReference).map((type, i) => ({ name: `_${i + 1}`, type: shown(type) }));
  if ((row.flags & ts.TypeFlags.Object) === 0) return [{ name: 'value', type: shown(row) }];
  return row.getProperties().map((property) => ({ name: property.name, type: shown(checker.getTypeOfSymbol(property)) }));
}
