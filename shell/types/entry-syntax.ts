// Facts of an entry from its syntax alone: whether it is whole, what it declares and uses, where its statements are.
import ts from 'typescript';
import type { Declared } from '../contract/type-service';

export type DeclaredKind = Declared['kind'];

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

export function declaredBy(statement: ts.Statement, add: AddName): void {
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
      else if (clause) names.add(clause.name.text);
      continue;
    }
    const exported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword);
    if (exported) declaredBy(statement, (name) => names.add(name));
  }
  return names;
}

/** Names that only exports declare: `b` of `export { a as b }`, `a` of `export { a } from './m'`. */
export function exportedAs(file: ts.SourceFile): Declared[] {
  const found: Declared[] = [];
  for (const statement of file.statements) {
    if (!ts.isExportDeclaration(statement) || !statement.exportClause) continue;
    const { exportClause: clause, isTypeOnly, moduleSpecifier } = statement;
    if (ts.isNamespaceExport(clause)) found.push({ name: clause.name.text, kind: isTypeOnly ? 'type' : 'import' });
    else
      for (const { name, propertyName, isTypeOnly: isType } of clause.elements)
        if (moduleSpecifier || propertyName) found.push({ name: name.text, kind: isTypeOnly || isType ? 'type' : 'import' });
  }
  return found.filter(({ name }) => name !== 'default');
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

/** Whether an entry changes the global scope or other modules' types, so that every later program needs it. */
export function augments(file: ts.SourceFile): boolean {
  return file.statements.some(
    (statement) => ts.isModuleDeclaration(statement) && (ts.isStringLiteral(statement.name) || isGlobalBlock(statement)),
  );
}

/** What a text imports, also by `import()`. */
export function importedSpecifiers(file: ts.SourceFile): string[] {
  const found: string[] = [];
  const add = (node: ts.Node | undefined) => node && ts.isStringLiteralLike(node) && found.push(node.text);
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node.moduleSpecifier);
    else if (ts.isCallExpression(node) && loads(node.expression)) add(node.arguments[0]);
    ts.forEachChild(node, visit);
  };
  if (/\b(?:import|from|require)\b/.test(file.text)) visit(file);
  return found;
}

/** Whether a call of this is `import(…)` or `require(…)`. */
const loads = (callee: ts.Expression) =>
  callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require');
