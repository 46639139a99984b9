// The message for the name of a column where a function of the row is wanted: other tools take names there.
import ts from 'typescript';

/** The checked file of an error. */
interface CheckedFile {
  readonly checker: ts.TypeChecker;
  readonly source: ts.SourceFile;
}

const field = (name: string): string =>
  /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? `row.${name}` : `row[${JSON.stringify(name)}]`;

const keyed = (name: string): string => `${/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)}: ${field(name)}`;

/** Texts that stand for columns: one, several arguments from the first on, or a list of them. */
function namesIn(given: ts.Expression, all: readonly ts.Expression[]): string[] {
  const texts = (list: readonly ts.Expression[]) => list.flatMap((one) => (ts.isStringLiteralLike(one) ? [one.text] : []));
  if (ts.isArrayLiteralExpression(given)) return texts(given.elements);
  return given === all[0] ? texts(all) : texts([given]);
}

/** Whether a row may have a field: it has it, or nothing is known of it. */
const mayHave = (row: ts.Type, name: string): boolean =>
  (row.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) !== 0 || row.getProperty(name) !== undefined;

/** What the function of one argument is about that a call takes at a place, by the signature that fits or any other. */
function rowOfKey(call: ts.CallExpression, at: number, checker: ts.TypeChecker): ts.Type | undefined {
  const others = checker.getTypeAtLocation(call.expression).getCallSignatures();
  for (const signature of [checker.getResolvedSignature(call), ...others]) {
    const wanted = at < 0 ? undefined : signature?.parameters[at];
    const type = wanted && checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(wanted, call));
    const [key] = type?.getCallSignatures() ?? [];
    if (key?.parameters.length === 1) return checker.getTypeOfSymbolAtLocation(key.parameters[0], call);
  }
  return undefined;
}

/** What to write in place of the names of columns in the call around a node; undefined where that is something else. */
export function functionInstead(node: ts.Node, { checker, source }: CheckedFile): string | undefined {
  const given = ts.isStringLiteralLike(node) || ts.isArrayLiteralExpression(node) ? node : undefined;
  const call = given?.parent;
  if (!given || !call || !ts.isCallExpression(call)) return undefined;
  const row = rowOfKey(call, call.arguments.indexOf(given), checker);
  if (!row) return undefined;
  const names = namesIn(given, call.arguments).filter((name) => mayHave(row, name));
  if (names.length === 0) return undefined;
  const callee = ts.isPropertyAccessExpression(call.expression) ? call.expression.name : call.expression;
  const body = names.length === 1 ? field(names[0]) : `({ ${names.map(keyed).join(', ')} })`;
  return `${callee.getText(source)} takes a function of the row here: row => ${body}`;
}
