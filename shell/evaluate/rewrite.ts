// Turns the emitted JavaScript of an entry into a script: its top-level names become versioned variables of the script scope.
//
// before (`x` is `x$1` and `f` is `f$2` by earlier entries; a test compares the text after it):
//   const { a, b } = await f(x);
//   function half() { return a / 2; }
//   let res0 = await (half());
// after (`yield` hands each awaited value to the evaluator; `declare` and `done` report progress; `__c` records captures):
//   "use strict";(function*(__millrace,require){
//   half$5=__c(function half() { return a$3 / 2; },0,()=>a$3);
//   __millrace.declare(0);({ a:a$3, b:b$4 } = (yield f$2(x$1)));__millrace.done(0);
//   __millrace.declare(1);(res0$6 = (yield (half$5())));__millrace.done(1);
//   })
import type { AnyNode, Identifier, VariableDeclaration } from 'acorn';
import { analyze } from '../../runtime/closure/instrument/analyze';
import { namesOf } from '../../runtime/closure/instrument/declarations';
import { type EditedText, Edits } from '../../runtime/closure/instrument/edits';
import { instrument } from '../../runtime/closure/instrument/instrument';
import { type Analysis, childrenOf } from '../../runtime/closure/instrument/scope';
import type { CompiledCell } from '../contract/type-service';
import { homeOf } from './entry-home';

/** A name that an import brings in: an export of the module, `default`, or `*` for the whole. */
export interface ImportedName {
  readonly local: string;
  readonly exported: string;
}

export interface ImportedModule {
  readonly specifier: string;
  readonly names: readonly ImportedName[];
}

/**
 * How an entry awaits. A generator yields what it awaits: the evaluator runs each part where SIGINT can break it, and can abandon the
 * rest. `for await` cannot be a generator, so such an entry is an async function.
 */
export type Waiting = 'never' | 'generator' | 'async';

/** An entry as a script whose value is a function of the entry's own object and `require`. */
export interface RewrittenEntry {
  readonly waiting: Waiting;
  readonly code: string;
  readonly edited: EditedText;
  /** The versioned name of each name that the entry declares. */
  readonly versions: ReadonlyMap<string, string>;
  readonly imports: readonly ImportedModule[];
  /** Names that exist from the start: `var`s, and functions with their values. */
  readonly hoisted: readonly string[];
  /** Names of each declaring statement; the script calls `declare` and `done` with their index. */
  readonly groups: readonly (readonly string[])[];
  /** Names that cannot be assigned. */
  readonly constants: ReadonlySet<string>;
  /** The variables of earlier entries that it uses. */
  readonly used: ReadonlySet<string>;
}

export interface RewriteOptions {
  /** The variable of a name from an earlier entry. */
  readonly rename: (name: string) => string | undefined;
  /** A new variable for a name that this entry declares. */
  readonly version: (name: string) => string;
  /** Whether a name from an earlier entry cannot be assigned. */
  readonly isConstant: (name: string) => boolean;
  /** Modules that exist for the checker only. */
  readonly isEntryModule: (specifier: string) => boolean;
}

/** What the script calls its entry's object. */
const entryObject = '__millrace';

const headOf: Readonly<Record<Waiting, string>> = {
  never: `(${entryObject},require)=>`,
  generator: `function*(${entryObject},require)`,
  async: `async(${entryObject},require)=>`,
};

export function rewriteEntry(cell: CompiledCell, options: RewriteOptions): RewrittenEntry {
  return new Rewriter(cell, options).run();
}

class Rewriter {
  readonly #cell: CompiledCell;
  readonly #options: RewriteOptions;
  readonly #analysis: Analysis;
  readonly #edits = new Edits();
  readonly #versions = new Map<string, string>();
  readonly #imports: ImportedModule[] = [];
  readonly #hoisted: string[] = [];
  readonly #groups: string[][] = [];
  readonly #constants = new Set<string>();
  readonly #used = new Set<string>();
  readonly #waits: AnyNode[] = [];

  constructor(cell: CompiledCell, options: RewriteOptions) {
    this.#cell = cell;
    this.#options = options;
    const ownRequire = cell.declared.some(({ name }) => name === 'require');
    this.#analysis = analyze(cell.js, { topLevelAwait: true, params: ownRequire ? [] : ['require'] });
    for (const { name, kind } of this.#analysis.root.bindings.values()) {
      if (kind !== 'param') this.#versions.set(name, options.version(name));
      if (kind === 'var' || kind === 'function') this.#hoisted.push(name);
      if (kind === 'const' || kind === 'import') this.#constants.add(name);
    }
  }

  run(): RewrittenEntry {
    const statements = this.#analysis.program.body as AnyNode[];
    // Imports of earlier entries name variables that exist already.
    for (const statement of statements) if (statement.type === 'ImportDeclaration') this.#import(statement);
    for (const statement of statements) this.#findWaits(statement);
    const waiting = this.#wait();
    this.#edits.insertLeft(0, `"use strict";(${headOf[waiting]}{`);
    for (const statement of statements) this.#statement(statement);
    for (const statement of statements) this.#dynamicImports(statement);
    const { js, label, map, firstLine } = this.#cell;
    for (const statement of statements) if (statement.type === 'ExportNamedDeclaration') this.#exportedAs(statement);
    this.#edits.insertRight(js.length, '\n})');
    const { code } = instrument(js, label, {
      topLevelAwait: true,
      analysis: this.#analysis,
      edits: this.#edits,
      rename: (name) => this.#variableOf(name),
      isConstant: this.#options.isConstant,
      home: homeOf(this.#cell),
      map,
      firstLine,
    });
    const edited = this.#edits.apply(js);
    return {
      waiting,
      code,
      edited,
      versions: this.#versions,
      imports: this.#imports,
      hoisted: this.#hoisted,
      groups: this.#groups,
      constants: this.#constants,
      used: this.#used,
    };
  }

  #variableOf(name: string): string | undefined {
    const own = this.#versions.get(name);
    if (own !== undefined) return own;
    const earlier = this.#options.rename(name);
    if (earlier !== undefined) this.#used.add(earlier);
    return earlier;
  }

  /** Collects the awaits of the entry itself, not of functions inside it. */
  #findWaits(node: AnyNode): void {
    if (isFunction(node)) return;
    if (node.type === 'AwaitExpression' || (node.type === 'ForOfStatement' && node.await)) this.#waits.push(node);
    for (const child of childrenOf(node)) this.#findWaits(child);
  }

  #wait(): Waiting {
    if (this.#waits.length === 0) return 'never';
    if (this.#waits.some(({ type }) => type === 'ForOfStatement')) return 'async';
    for (const node of this.#waits) {
      if (node.type !== 'AwaitExpression') continue;
      this.#edits.replace(node.start, node.start + 'await'.length, '(yield');
      this.#edits.insertLeft(node.end, ')');
    }
    return 'generator';
  }

  #import(statement: AnyNode & { type: 'ImportDeclaration' }): void {
    const specifier = String(statement.source.value);
    const names = statement.specifiers.map((item): ImportedName => {
      if (item.type === 'ImportDefaultSpecifier') return { local: item.local.name, exported: 'default' };
      if (item.type === 'ImportNamespaceSpecifier') return { local: item.local.name, exported: '*' };
      return { local: item.local.name, exported: nameOf(item.imported) };
    });
    if (this.#options.isEntryModule(specifier)) for (const { local } of names) this.#versions.delete(local);
    else this.#imports.push({ specifier, names });
  }

  #statement(statement: AnyNode): void {
    switch (statement.type) {
      case 'ImportDeclaration':
        this.#edits.remove(statement.start, statement.end);
        break;
      case 'ExportAllDeclaration':
        this.#exportedAll(statement);
        break;
      case 'ExportNamedDeclaration':
        this.#exported(statement);
        break;
      case 'ExportDefaultDeclaration':
        this.#exportedDefault(statement);
        break;
      case 'VariableDeclaration':
        this.#variables(statement);
        break;
      case 'FunctionDeclaration':
        this.#function(statement, statement.id?.name ?? '');
        break;
      case 'ClassDeclaration':
        this.#class(statement, statement.id?.name ?? '');
        break;
      default:
        this.#nestedVars(statement, statement);
    }
  }

  #exported(statement: AnyNode & { type: 'ExportNamedDeclaration' }): void {
    const declaration = statement.declaration as AnyNode | null | undefined;
    this.#edits.remove(statement.start, declaration?.start ?? statement.end);
    if (declaration) this.#statement(declaration);
  }

  /** `export { a as b }` makes a name b, with the value that a has at the end of the entry; with `from` it is an import of b. */
  #exportedAs({ specifiers, source }: AnyNode & { type: 'ExportNamedDeclaration' }): void {
    const names = specifiers.map(({ local, exported }) => ({ local: nameOf(exported), exported: nameOf(local) }));
    if (source) return this.#reexported(String(source.value), names);
    for (const { local: made, exported: from } of names) {
      const value = this.#variableOf(from);
      if (made === from || value === undefined || !this.#makes(made)) continue;
      const group = this.#groups.push([made]) - 1;
      const text = `${entryObject}.declare(${group});${this.#versions.get(made)}=${value};${entryObject}.done(${group});`;
      this.#edits.insertRight(this.#cell.js.length, text);
    }
  }

  #exportedAll(statement: AnyNode & { type: 'ExportAllDeclaration' }): void {
    const specifier = String(statement.source.value);
    const { exported } = statement;
    const all = this.#cell.reexported?.[specifier] ?? [];
    this.#reexported(
      specifier,
      exported ? [{ local: nameOf(exported), exported: '*' }] : all.map((name) => ({ local: name, exported: name })),
    );
    this.#edits.remove(statement.start, statement.end);
  }

  #reexported(specifier: string, names: readonly ImportedName[]): void {
    this.#imports.push({ specifier, names: names.filter(({ local }) => this.#makes(local)) });
  }

  /** Makes a name that only an export declares; false for what is no name, and for a name that the entry has already. */
  #makes(name: string): boolean {
    if (name === 'default' || !isIdentifier(name) || this.#versions.has(name)) return false;
    this.#versions.set(name, this.#options.version(name));
    this.#constants.add(name);
    return true;
  }

  #exportedDefault(statement: AnyNode & { type: 'ExportDefaultDeclaration' }): void {
    const declaration = statement.declaration as AnyNode;
    this.#edits.remove(statement.start, declaration.start);
    const named = (declaration.type === 'FunctionDeclaration' || declaration.type === 'ClassDeclaration') && declaration.id;
    if (named) this.#statement(declaration);
    else this.#edits.wrap(declaration.start, declaration.end, '(', ')');
  }

  /** `const { a, b } = f()` becomes `({ a: a$1, b: b$2 } = f())`. `declare` makes the variables just before, so that an earlier use fails. */
  #variables(statement: VariableDeclaration): void {
    const names = statement.declarations.flatMap((declarator) => [...namesOf(declarator.id)].map(({ name }) => name));
    const group = this.#groups.push(names) - 1;
    this.#assignments(statement, `${entryObject}.declare(${group});(`, `);${entryObject}.done(${group});`);
  }

  #assignments(statement: VariableDeclaration, before: string, after: string): void {
    const [first] = statement.declarations;
    const last = statement.declarations[statement.declarations.length - 1];
    this.#edits.replace(statement.start, first.start, before);
    for (const { id, init } of statement.declarations) {
      if (init || id.type !== 'Identifier') continue;
      // `var x;` keeps the value of x; `let x;` starts with undefined.
      this.#edits.insertLeft(id.end, statement.kind === 'var' ? `=${this.#current(id)}` : '=void 0');
    }
    this.#edits.replace(last.end, statement.end, after);
  }

  /** What a declared identifier stands for in the script: inside of `catch (e)`, `var e` means the caught value. */
  #current({ name, start }: Identifier): string {
    const found = this.#analysis.declared.find((declared) => declared.start === start);
    return found?.binding.scope.kind === 'program' ? (this.#versions.get(name) ?? name) : name;
  }

  /** Functions exist before the first statement: their assignments move to the front. */
  #function(statement: AnyNode, name: string): void {
    this.#edits.wrap(statement.start, statement.end, `${this.#versions.get(name)}=`, ';');
    this.#edits.move(statement.start, statement.end, 0);
  }

  #class(statement: AnyNode, name: string): void {
    const group = this.#groups.push([name]) - 1;
    const before = `${entryObject}.declare(${group});${this.#versions.get(name)}=`;
    this.#edits.wrap(statement.start, statement.end, before, `;${entryObject}.done(${group});`);
  }

  /** A `var` inside a block or a loop's head belongs to the top level too. */
  #nestedVars(node: AnyNode, parent: AnyNode): void {
    if (isFunction(node) || node.type.startsWith('Class')) return;
    if (node.type === 'VariableDeclaration' && node.kind === 'var') this.#nestedVar(node, parent);
    else for (const child of childrenOf(node)) this.#nestedVars(child, node);
  }

  #nestedVar(node: VariableDeclaration, parent: AnyNode): void {
    const inHead = isLoop(parent) && parent.body !== (node as AnyNode);
    if (!inHead) this.#assignments(node, '(', ');');
    else if (parent.type === 'ForStatement') this.#assignments(node, '', '');
    else this.#edits.remove(node.start, node.declarations[0].start);
  }

  /** Every `import(…)` goes through `__millrace.import`: a script's own loader cannot load local TypeScript. */
  #dynamicImports(node: AnyNode): void {
    this.#requiredAlias(node);
    if (node.type === 'ImportExpression') this.#edits.replace(node.start, node.start + 'import'.length, `${entryObject}.import`);
    for (const child of childrenOf(node)) this.#dynamicImports(child);
  }

  /** `require` knows no aliases, in closures on executors neither: it gets the file that one means. */
  #requiredAlias(node: AnyNode): void {
    if (node.type !== 'CallExpression' || node.callee.type !== 'Identifier' || node.callee.name !== 'require') return;
    const [specifier] = node.arguments as AnyNode[];
    const written = specifier?.type === 'Literal' ? String(specifier.value) : '';
    const { aliases = {} } = this.#cell;
    if (Object.hasOwn(aliases, written)) this.#edits.replace(specifier.start, specifier.end, JSON.stringify(aliases[written]));
  }
}

/** A name as an import or export has it. */
function nameOf(node: AnyNode): string {
  return node.type === 'Identifier' ? node.name : String((node as AnyNode & { type: 'Literal' }).value);
}

const isIdentifier = (name: string) => /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u.test(name);

function isFunction(node: AnyNode): boolean {
  return node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression';
}

function isLoop(node: AnyNode): node is AnyNode & { type: 'ForStatement' | 'ForInStatement' | 'ForOfStatement' } {
  return node.type === 'ForStatement' || node.type === 'ForInStatement' || node.type === 'ForOfStatement';
}
