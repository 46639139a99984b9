// Symbols and types of the checker, as `.doc` and `.type` need them.
import ts from 'typescript';
import { apiFolder } from './language-host';

/** Members of a type that are shown; `…` stands for the rest. */
const maxMembers = 20;

/** A type, written out by its members if it is an object type. */
export function membersText(type: ts.Type, checker: ts.TypeChecker): string {
  const members = checker.getPropertiesOfType(type);
  if ((type.flags & ts.TypeFlags.Object) === 0 || type.isClass() || members.length === 0 || checker.isArrayLikeType(type)) {
    return checker.typeToString(type, undefined, ts.TypeFormatFlags.InTypeAlias | ts.TypeFormatFlags.NoTruncation);
  }
  const shown = members.slice(0, maxMembers).map((member) => {
    const optional = (member.flags & ts.SymbolFlags.Optional) === 0 ? '' : '?';
    return `${member.name}${optional}: ${checker.typeToString(checker.getTypeOfSymbol(member))}`;
  });
  return `{ ${shown.join('; ')}${members.length > maxMembers ? '; …' : ''} }`;
}

/** The symbol behind an import or re-export. */
export const unaliased = (symbol: ts.Symbol, checker: ts.TypeChecker) =>
  (symbol.flags & ts.SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(symbol) : symbol;

/** The symbol of a text that is only a name or a path of names. */
export function askedSymbol(source: ts.SourceFile, checker: ts.TypeChecker): ts.Symbol | undefined {
  const [statement] = source.statements;
  if (!statement || !ts.isExpressionStatement(statement)) return undefined;
  const { expression } = statement;
  const name = ts.isPropertyAccessExpression(expression) ? expression.name : expression;
  const value = ts.isIdentifier(name) ? checker.getSymbolAtLocation(name) : undefined;
  const symbol = value?.declarations || name !== expression ? value : typeNamed(name.getText(source), source, checker);
  return symbol && symbol.declarations !== undefined ? unaliased(symbol, checker) : undefined;
}

function typeNamed(name: string, source: ts.SourceFile, checker: ts.TypeChecker): ts.Symbol | undefined {
  const types = checker.getSymbolsInScope(source, ts.SymbolFlags.Type | ts.SymbolFlags.Alias);
  return types.find((symbol) => symbol.name === name);
}

type StarExport = ts.ExportDeclaration & { readonly moduleSpecifier: ts.StringLiteral };

/** `export * from './m'`. */
export function isStarExport(statement: ts.Statement): statement is StarExport {
  return ts.isExportDeclaration(statement) && !statement.exportClause && !statement.isTypeOnly;
}

/** The names of the values that a module exports, its default left out. */
export function valuesOf(module: ts.StringLiteral, checker: ts.TypeChecker): string[] {
  const symbol = checker.getSymbolAtLocation(module);
  const exported = symbol ? checker.getExportsOfModule(symbol) : [];
  const values = exported.filter((one) => (unaliased(one, checker).flags & ts.SymbolFlags.Value) !== 0);
  return values.map(({ name }) => name).filter((name) => name !== 'default');
}

/** Whether a type is declared by the engine's API. */
export const isOfApi = ({ symbol }: ts.Type): boolean =>
  !!symbol?.declarations?.some((declaration) => declaration.getSourceFile().fileName.startsWith(`${apiFolder}/`));
