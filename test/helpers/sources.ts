// Reads the project's own sources for the tests of its style: files, what they import and what they export.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { globSync } from 'tinyglobby';
import ts from 'typescript';

const root = join(__dirname, '..', '..');

export interface Import {
  /** As written. */
  readonly specifier: string;
  /** The project's file it leads to; undefined for packages and builtins. */
  readonly file?: string;
  /** The names taken from it; undefined when all may be used (`import * as`, `require`, `import()`, `export *`). */
  readonly names?: readonly string[];
  /** Gone after compilation. */
  readonly typeOnly: boolean;
}

export interface Export {
  readonly name: string;
  readonly kind: 'value' | 'type';
  /** Mentioned in its own file besides its declaration, so that a type may be part of another's signature. */
  readonly mentionedHere: boolean;
}

export interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
  readonly exports: readonly Export[];
}

/** All TypeScript files of the given folders, by path from the root with `/`. */
export function readSources(folders: readonly string[]): Map<string, Source> {
  const patterns = folders.map((folder) => (folder.endsWith('.ts') ? folder : `${folder}/**/*.{ts,tsx}`));
  const paths = globSync(patterns, { cwd: root, ignore: ['**/*.d.ts', '**/node_modules/**'] }).sort();
  return new Map(paths.map((path) => [path, readSource(path)]));
}

export function readDocument(path: string): string {
  return existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '';
}

function readSource(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8');
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  return { path, text, imports: importsOf(file), exports: exportsOf(file) };
}

function resolved(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const target = normalize(join(dirname(from), specifier)).replaceAll('\\', '/');
  const candidates = [target, `${target}.ts`, `${target}.tsx`, `${target}/index.ts`, target.replace(/\.js$/, '.ts')];
  return candidates.find((candidate) => existsSync(join(root, candidate)) && statSync(join(root, candidate)).isFile()) ?? target;
}

function importsOf(file: ts.SourceFile): Import[] {
  const found: Import[] = [];
  const add = (specifier: string, typeOnly: boolean, names?: readonly string[]) =>
    found.push({ specifier, file: resolved(file.fileName, specifier), names, typeOnly });
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      add(node.moduleSpecifier.text, isTypeOnlyImport(node), importedNames(node));
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
      const clause = node.exportClause;
      const names =
        clause && ts.isNamedExports(clause)
          ? clause.elements.map((element) => (element.propertyName ?? element.name).text)
          : undefined;
      add(node.moduleSpecifier.text, node.isTypeOnly, names);
    } else if (
      ts.isCallExpression(node) &&
      isLoad(node.expression) &&
      node.arguments[0] &&
      ts.isStringLiteral(node.arguments[0])
    ) {
      add(node.arguments[0].text, false);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
      add(node.argument.literal.text, true);
    } else if (ts.isModuleDeclaration(node) && ts.isStringLiteral(node.name)) {
      add(node.name.text, true, []);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** `require`, `require.resolve` and `import()`. */
function isLoad(callee: ts.Expression): boolean {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true;
  if (ts.isPropertyAccessExpression(callee)) return isLoad(callee.expression);
  return ts.isIdentifier(callee) && callee.text === 'require';
}

function isTypeOnlyImport(node: ts.ImportDeclaration): boolean {
  const clause = node.importClause;
  if (!clause) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const bindings = clause.namedBindings;
  return (
    !clause.name &&
    bindings !== undefined &&
    ts.isNamedImports(bindings) &&
    bindings.elements.every((element) => element.isTypeOnly)
  );
}

function importedNames(node: ts.ImportDeclaration): string[] | undefined {
  const clause = node.importClause;
  if (!clause) return [];
  if (clause.namedBindings && ts.isNamespaceImport(clause.namedBindings)) return undefined;
  const named = clause.namedBindings?.elements.map((element) => (element.propertyName ?? element.name).text) ?? [];
  return clause.name ? ['default', ...named] : named;
}

function exportsOf(file: ts.SourceFile): Export[] {
  const mentions = mentionsIn(file);
  const found: Export[] = [];
  const add = (name: ts.Identifier, kind: Export['kind']) =>
    found.push({ name: name.text, kind, mentionedHere: (mentions.get(name.text) ?? 0) > 1 });
  for (const statement of file.statements) {
    if (!ts.canHaveModifiers(statement) || !ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword))
      continue;
    if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) add(statement.name, 'type');
    else if ((ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) && statement.name)
      add(statement.name, 'value');
    else if (ts.isEnumDeclaration(statement)) add(statement.name, 'value');
    else if (ts.isVariableStatement(statement)) {
      for (const { name } of statement.declarationList.declarations) if (ts.isIdentifier(name)) add(name, 'value');
    }
  }
  return found;
}

function mentionsIn(file: ts.SourceFile): Map<string, number> {
  const counts = new Map<string, number>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) counts.set(node.text, (counts.get(node.text) ?? 0) + 1);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return counts;
}

/** The files that are loaded when `entry` is, through imports that are there at run time; with the way to each. */
export function reachable(entry: string, sources: ReadonlyMap<string, Source>): Map<string, readonly string[]> {
  const ways = new Map<string, readonly string[]>([[entry, [entry]]]);
  const waiting = [entry];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    for (const { file, typeOnly } of sources.get(path)?.imports ?? []) {
      if (!file || typeOnly || ways.has(file)) continue;
      ways.set(file, [...ways.get(path)!, file]);
      waiting.push(file);
    }
  }
  return ways;
}
