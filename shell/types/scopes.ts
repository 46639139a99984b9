// Which names a text uses from outside, by the scopes of the language: TypeScript itself resolves each name.
import ts from 'typescript';

/** Neither libraries nor imports are read: only the text's own scopes count. */
const options: ts.CompilerOptions = { noLib: true, noResolve: true, types: [], moduleDetection: ts.ModuleDetectionKind.Force };

const everything = ts.SymbolFlags.Value | ts.SymbolFlags.Type | ts.SymbolFlags.Namespace | ts.SymbolFlags.Alias;

export class Scopes {
  readonly #checker: ts.TypeChecker;
  readonly #top: ReadonlySet<ts.Symbol>;

  constructor(file: ts.SourceFile) {
    const program = ts.createProgram({ rootNames: [file.fileName], options, host: hostOf(file) });
    this.#checker = program.getTypeChecker();
    const top = this.#checker.getSymbolsInScope(file, everything);
    // A declaration that is exported has two symbols: names refer to one of them.
    this.#top = new Set(top.flatMap((symbol) => [symbol, this.#checker.getExportSymbolOfSymbol(symbol)]));
  }

  /** The names that a part of the file uses and no scope inside of it declares: names of the top level, or of nowhere in the file. */
  outerNames(part: ts.Node): Set<string> {
    const names = new Set<string>();
    for (const id of namesReferred(part)) {
      const symbol = this.#visible(id, symbolReferred(id, this.#checker));
      if (!symbol?.declarations || this.#top.has(symbol)) names.add(id.text);
    }
    return names;
  }

  /** Default values of parameters do not see what the body of their function declares, though TypeScript looks there. */
  #visible(id: ts.Identifier, symbol: ts.Symbol | undefined): ts.Symbol | undefined {
    const declaration = symbol?.declarations?.[0];
    const around = declaration && ts.findAncestor(declaration.parent, ts.isFunctionLike);
    const isInParameters = (node: ts.Node) => around?.parameters.some(({ pos, end }) => pos <= node.pos && node.end <= end);
    if (!around || !isInParameters(id) || isInParameters(declaration)) return symbol;
    const outside = this.#checker.getSymbolsInScope(around.parent, everything).find(({ name }) => name === id.text);
    return this.#visible(id, outside);
  }
}

function hostOf(file: ts.SourceFile): ts.CompilerHost {
  return {
    getSourceFile: (name) => (name === file.fileName ? file : undefined),
    getDefaultLibFileName: () => '',
    getCurrentDirectory: () => '/',
    getCanonicalFileName: (name) => name,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => '\n',
    fileExists: (name) => name === file.fileName,
    readFile: () => undefined,
    writeFile: () => {},
  };
}

/** The identifiers of a part that stand for something by its name: no declarations, no properties, no labels. */
export function namesReferred(part: ts.Node): ts.Identifier[] {
  const found: ts.Identifier[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isIdentifier(node) && refers(node)) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(part);
  return found;
}

/** What an identifier stands for; undefined if nothing in the program has its name there. */
function symbolReferred(id: ts.Identifier, checker: ts.TypeChecker): ts.Symbol | undefined {
  const { parent } = id;
  // For these two the checker answers the property and the export that they declare.
  if (ts.isShorthandPropertyAssignment(parent) && parent.name === id) return checker.getShorthandAssignmentValueSymbol(parent);
  if (ts.isExportSpecifier(parent)) return checker.getExportSpecifierLocalTargetSymbol(parent);
  return checker.getSymbolAtLocation(id);
}

function refers(id: ts.Identifier): boolean {
  const { parent } = id;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  // `export { a as b }` uses a; with a `from` it uses nothing here.
  if (ts.isExportSpecifier(parent)) return !parent.parent.parent.moduleSpecifier && (parent.propertyName ?? parent.name) === id;
  if (ts.isImportSpecifier(parent) || ts.isMetaProperty(parent) || ts.isJsxAttribute(parent)) return false;
  if (ts.isQualifiedName(parent)) return parent.right !== id;
  if (ts.isBindingElement(parent) && parent.propertyName === id) return false;
  if (ts.isLabeledStatement(parent) || ts.isBreakOrContinueStatement(parent)) return parent.label !== id;
  // Declarations and properties call theirs `name`.
  return (parent as Partial<ts.NamedDeclaration>).name !== id;
}
