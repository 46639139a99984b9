// The public API as its declarations in dist/ say it: exported names and their members, each with whether it has a docstring.
import { join } from 'node:path';
import ts from 'typescript';

const root = join(__dirname, '..', '..');

export interface PublicName {
  /** `RDD`, or `RDD.map`, or `TaskContext.get` for what is on the class itself. */
  readonly name: string;
  readonly kind: 'export' | 'method' | 'property';
  readonly isDocumented: boolean;
}

const entries = ['index', 'models'].map((name) => join(root, 'dist', 'types', `${name}.d.ts`));

/** All that `import 'millrace'` and `'millrace/models'` give, without what is marked `@internal`. */
export function publicNames(): PublicName[] {
  const program = ts.createProgram(entries, {
    module: ts.ModuleKind.Node20,
    types: ['node'],
    skipLibCheck: true,
    lib: ['lib.es2023.d.ts'],
  });
  const checker = program.getTypeChecker();
  const names = entries.flatMap((entry) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(entry)!)!;
    return checker.getExportsOfModule(module).flatMap((symbol) => namesOf(aliased(symbol, checker), checker));
  });
  return [...new Map(names.map((name) => [name.name, name])).values()];
}

const aliased = (symbol: ts.Symbol, checker: ts.TypeChecker) =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

function namesOf(symbol: ts.Symbol, checker: ts.TypeChecker): PublicName[] {
  const own: PublicName = { name: symbol.name, kind: 'export', isDocumented: isDocumented(symbol, checker) };
  if (!(symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface))) return [own];
  const declared = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol));
  const statics = symbol.flags & ts.SymbolFlags.Class ? checker.getPropertiesOfType(checker.getTypeOfSymbol(symbol)) : [];
  const members = [...declared, ...statics].filter(isPublic);
  return [own, ...members.map((member) => ({ ...memberOf(member, checker), name: `${ownerOf(member)}.${member.name}` }))];
}

function memberOf(member: ts.Symbol, checker: ts.TypeChecker): Omit<PublicName, 'name'> {
  const isMethod = (member.flags & ts.SymbolFlags.Method) !== 0;
  return { kind: isMethod ? 'method' : 'property', isDocumented: isDocumented(member, checker) };
}

/** The class or interface that declares it, so that what is inherited counts once. */
function ownerOf(member: ts.Symbol): string {
  const owner = member.declarations?.[0].parent as ts.ClassDeclaration | undefined;
  return owner?.name?.text ?? '';
}

/** Of overloads one is enough. */
const isDocumented = (symbol: ts.Symbol, checker: ts.TypeChecker) => symbol.getDocumentationComment(checker).length > 0;

/** Written in this project, not private, not for the engine alone, and with a name that can be typed. */
function isPublic(member: ts.Symbol): boolean {
  const declaration = member.declarations?.[0];
  if (!declaration || !/^[A-Za-z]\w*$/.test(member.name) || member.name === 'prototype') return false;
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  if (ts.getCombinedModifierFlags(declaration) & hidden) return false;
  if (declaration.getSourceFile().fileName.includes('/node_modules/')) return false;
  return !member.getJsDocTags().some(({ name }) => name === 'internal');
}
