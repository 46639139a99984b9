// Facts of an entry from its syntax alone: whether it is whole, what it declares and uses, where its statements are.
import ts from 'typescript';
import type { Declared } from '../contract/type-service';

export type DeclaredKind = Declared['kind'];

/** Statements of a script that run together, as one entry. */
export interface ScriptPiece {
  /** Where it is in the script. */
  readonly start: number;
  readonly end: number;
  /** Its line, one-based, and the characters before it on that line. */
  readonly line: number;
  readonly column: number;
}

/** Parses a text as an ES module with top-level `await`. */
export function parse(text: string, fileName = '__parse.ts'): ts.SourceFile {
  // Without an import or export the parser would read a script, in which `await` is a name.
  const setExternalModuleIndicator = (file: ts.SourceFile) => {
    (file as unknown as { externalModuleIndicator: boolean }).externalModuleIndicator = true;
  };
  const options = { languageVersion: ts.ScriptTarget.ESNext, setExternalModuleIndicator };
  return ts.createSourceFile(fileName, text, options, true, ts.ScriptKind.TS);
}

/** The parser's own errors, which the compiler API leaves out of its public type. */
export function parseErrors(file: ts.SourceFile): readonly ts.DiagnosticWithLocation[] {
  return (file as unknown as { parseDiagnostics: readonly ts.DiagnosticWithLocation[] }).parseDiagnostics;
}

const unterminatedTemplate = 1160;
const unterminatedComment = 1010;
const unterminatedString = 1002;

/** Whether the only error of a text is that it stops too early. An open quote is an error: strings end with their line. */
export function stopsEarly(file: ts.SourceFile): boolean {
  const errors = parseErrors(file);
  if (errors.length === 0 || errors.some((error) => error.code === unterminatedString)) return false;
  const end = file.text.trimEnd().length;
  return errors.every((error) => error.code === unterminatedTemplate || error.code === unterminatedComment || error.start >= end);
}

/** The names that a module declares at its top level, in order, with the `var`s of nested blocks. */
export function declaredNames(file: ts.SourceFile): Declared[] {
  const found = new Map<string, Declared>();
  const add = (name: string, kind: DeclaredKind) => {
    // A class or enum merged with an interface or namespace is still a value: the first kind that is not only a type counts.
    const before = found.get(name);
    if (!before || before.kind === 'type' || before.kind === 'namespace') found.set(name, { name, kind });
  };
  for (const statement of file.statements) declaredBy(statement, add);
  return [...found.values()];
}

type AddName = (name: string, kind: DeclaredKind) => void;

function declaredBy(statement: ts.Statement, add: AddName): void {
  if (ts.isVariableStatement(statement)) declaredByList(statement.declarationList, add);
  else if (ts.isFunctionDeclaration(statement)) addNamed(statement.name, 'function', add);
  else if (ts.isClassDeclaration(statement)) addNamed(statement.name, 'class', add);
  else if (ts.isEnumDeclaration(statement)) addNamed(statement.name, 'enum', add);
  else if (ts.isTypeAliasDeclaration(statement) || ts.isInterfaceDeclaration(statement)) addNamed(statement.name, 'type', add);
  else if (ts.isModuleDeclaration(statement)) addNamespace(statement, add);
  else if (ts.isImportDeclaration(statement)) declaredByImport(statement, add);
  else if (ts.isImportEqualsDeclaration(statement)) addNamed(statement.name, 'import', add);
  else nestedVars(statement, add);
}

function addNamespace(statement: ts.ModuleDeclaration, add: AddName): void {
  if (ts.isIdentifier(statement.name) && !isGlobalBlock(statement)) add(statement.name.text, 'namespace');
}

function addNamed(name: ts.Identifier | undefined, kind: DeclaredKind, add: AddName): void {
  if (name) add(name.text, kind);
}

function isGlobalBlock(statement: ts.ModuleDeclaration): boolean {
  return (statement.flags & ts.NodeFlags.GlobalAugmentation) !== 0;
}

function declaredByList(list: ts.VariableDeclarationList, add: AddName): void {
  const kind =
    (list.flags & ts.NodeFlags.BlockScoped) === 0
      ? 'var'
      : (list.flags & ts.NodeFlags.BlockScoped) === ts.NodeFlags.Let
        ? 'let'
        : 'const';
  for (const declaration of list.declarations) boundNames(declaration.name, (name) => add(name, kind));
}

function boundNames(name: ts.BindingName, add: (name: string) => void): void {
  if (ts.isIdentifier(name)) add(name.text);
  else for (const element of name.elements) if (!ts.isOmittedExpression(element)) boundNames(element.name, add);
}

function declaredByImport(statement: ts.ImportDeclaration, add: AddName): void {
  const clause = statement.importClause;
  if (!clause) return;
  const kind = clause.phaseModifier === ts.SyntaxKind.TypeKeyword ? 'type' : 'import';
  if (clause.name) add(clause.name.text, kind);
  const bindings = clause.namedBindings;
  if (!bindings) return;
  if (ts.isNamespaceImport(bindings)) add(bindings.name.text, kind);
  else for (const element of bindings.elements) add(element.name.text, element.isTypeOnly ? 'type' : kind);
}

function nestedVars(node: ts.Node, add: AddName): void {
  if (ts.isFunctionLike(node) || ts.isClassLike(node) || ts.isModuleDeclaration(node)) return;
  if (ts.isVariableDeclarationList(node) && (node.flags & ts.NodeFlags.BlockScoped) === 0) declaredByList(node, add);
  ts.forEachChild(node, (child) => nestedVars(child, add));
}

/** Names of the top level that the text itself exports. */
export function exportedNames(file: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  for (const statement of file.statements) {
    if (ts.isExportDeclaration(statement)) {
      const clause = statement.exportClause;
      if (clause && ts.isNamedExports(clause)) for (const element of clause.elements) names.add(element.name.text);
      continue;
    }
    const exported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword);
    if (exported) declaredBy(statement, (name) => names.add(name));
  }
  return names;
}

/** The `declare` statements of a text that it neither exports nor merges with a value: they describe something outside. */
export interface Ambient {
  readonly starts: readonly number[];
  readonly names: ReadonlySet<string>;
}

export function ambientOf(file: ts.SourceFile): Ambient {
  const exported = exportedNames(file);
  const made = new Set<string>();
  const ambient: { start: number; names: string[] }[] = [];
  for (const statement of file.statements) {
    const names: string[] = [];
    declaredBy(statement, (name) => names.push(name));
    if (isAmbient(statement)) ambient.push({ start: statement.getStart(file), names });
    else for (const name of names) made.add(name);
  }
  const alone = ambient.filter(({ names }) => names.length > 0 && !names.some((name) => made.has(name) || exported.has(name)));
  return { starts: alone.map(({ start }) => start), names: new Set(alone.flatMap(({ names }) => names)) };
}

function isAmbient(statement: ts.Statement): boolean {
  return (
    ts.canHaveModifiers(statement) && !!ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword)
  );
}

/** All identifiers that may refer to a name; property names after a dot and keys of literals do not. */
export function usedNames(node: ts.Node): Set<string> {
  const names = new Set<string>();
  const visit = (current: ts.Node) => {
    if (ts.isIdentifier(current) && !isPropertyName(current)) names.add(current.text);
    ts.forEachChild(current, visit);
  };
  visit(node);
  return names;
}

function isPropertyName(node: ts.Identifier): boolean {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  if (ts.isQualifiedName(parent)) return parent.right === node;
  if (ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isPropertySignature(parent))
    return parent.name === node;
  return ts.isPropertyDeclaration(parent) && parent.name === node;
}

/** Whether an entry changes the global scope or other modules' types, so that every later program needs it. */
export function augments(file: ts.SourceFile): boolean {
  return file.statements.some(
    (statement) => ts.isModuleDeclaration(statement) && (ts.isStringLiteral(statement.name) || isGlobalBlock(statement)),
  );
}

/**
 * Cuts a script into pieces that run one after the other. A piece is one statement, or several if an earlier one uses a name that a
 * later one declares (a function below its first call): these must be checked and run together.
 */
export function splitStatements(file: ts.SourceFile): ScriptPiece[] {
  const statements = file.statements.filter((statement) => !ts.isEmptyStatement(statement));
  const last = lastOfEachPiece(statements);
  const pieces: ScriptPiece[] = [];
  for (let first = 0; first < statements.length; ) {
    const end = last[first];
    pieces.push(pieceOf(file, statements[first], statements[end]));
    first = end + 1;
  }
  return pieces;
}

/** For each statement, the index of the last one that belongs to the piece that starts there. */
function lastOfEachPiece(statements: readonly ts.Statement[]): number[] {
  const firstDeclared = new Map<string, number>();
  for (const [index, statement] of statements.entries()) {
    declaredBy(statement, (name) => {
      if (!firstDeclared.has(name)) firstDeclared.set(name, index);
    });
  }
  const reach = statements.map((statement, index) => {
    const uses = [...usedNames(statement)].map((name) => firstDeclared.get(name) ?? index);
    // An overload belongs to the implementation that follows.
    const next = ts.isFunctionDeclaration(statement) && !statement.body ? Math.min(index + 1, statements.length - 1) : index;
    return Math.max(next, ...uses);
  });
  return statements.map((_, first) => {
    let end = reach[first];
    for (let index = first; index <= end; index++) end = Math.max(end, reach[index]);
    return end;
  });
}

function pieceOf(file: ts.SourceFile, first: ts.Statement, last: ts.Statement): ScriptPiece {
  const start = first.getStart(file);
  const { line, character } = file.getLineAndCharacterOfPosition(start);
  return { start, end: last.end, line: line + 1, column: character };
}
