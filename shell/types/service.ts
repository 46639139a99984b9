// The type service itself, synchronous and in one process: checks, splits, completes and emits entries with a LanguageService.
import path from 'node:path';
import ts from 'typescript';
import type {
  CheckOptions,
  CommitOptions,
  CompiledCell,
  CompileResult,
  Completion,
  CompletionDetail,
  Declared,
  Diagnostic,
  ModuleErrors,
  RanCell,
  ScriptResult,
  SignatureHint,
  TextOrigin,
} from '../contract/type-service';
import { mayShare, publishedDeclaration } from './additions/added-published';
import { mayQuery, QueryFacts, queriesIn } from './additions/added-queries';
import { tableTypesOf } from './additions/added-schemas';
import { type Addition, scriptOf } from './additions/addition';
import { type DatabaseCall, DatabaseColumns } from './additions/database-columns';
import { layoutEntry, layoutScratch } from './await-result';
import { TextChecker } from './check-text';
import { completionsAt, describeAt, quickInfoAt, type Scratch } from './completions';
import { type DocAnswer, documentationOf } from './doc';
import { type EmittedModule, mapToTyped, withoutMapComment } from './emitted-maps';
import { cleanTypeText, isValueType, type PromptName, promptModule } from './entry-names';
import { ambientOf, augments, declaredNames, exportedAs, exportedNames, importedSpecifiers, parse } from './entry-syntax';
import { type Committed, KnownEntries } from './known-entries';
import { apiFile, apiFolder, Host, type HostOptions } from './language-host';
import { aliasedFile } from './modules/run-options';
import { UserModules } from './modules/user-modules';
import { lastValue, readEntry, type WholeEntry } from './read-entry';
import { namesReferred } from './scopes';
import { compileScript } from './scripts/script-statements';
import { signatureAt } from './signature';
import { askedSymbol, isStarExport, membersText, unaliased, valuesOf } from './symbols';
import { type TableCall, TableSchemas } from './table-schemas';
import type { Layout } from './text-layout';

export interface CoreOptions extends HostOptions {
  /** The user's folder: imports are resolved from it. */
  readonly cwd: string;
  readonly promptNames: readonly PromptName[];
}

interface Checked {
  readonly entry: WholeEntry;
  readonly layout: Layout;
  readonly additions: readonly Addition[];
  readonly declared: readonly Declared[];
  readonly resultName: string;
  readonly file: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** Declares the published datasets of the server. */
const publishedFile = `${apiFolder}/__published.d.ts`;

/** A variable of the type that `.type` was given by name. */
const askedType = 'askedType';

/** The modules of the API that `.doc` searches. */
const apiModules = ['index', 'models'];

/** The parsed files of all services of this process: the libraries are parsed once. */
const parsed = ts.createDocumentRegistry();

export class TypeServiceCore {
  readonly #options: CoreOptions;
  readonly #host: Host;
  readonly #service: ts.LanguageService;
  readonly #modules: UserModules;
  readonly #known: KnownEntries;
  readonly #checker: TextChecker;
  readonly #schemas = new TableSchemas();
  readonly #databases: DatabaseColumns | undefined;
  readonly #cassandra: DatabaseColumns | undefined;
  #cwd: string;
  /** What is known of queries. */
  readonly facts = new QueryFacts();

  constructor(options: CoreOptions) {
    this.#options = options;
    this.#cwd = options.cwd;
    // The bundles lie beside the declarations of the API.
    if (options.api?.endsWith('.d.ts')) {
      this.#databases = new DatabaseColumns(path.join(options.api, '../../table-columns.js'));
      this.#cassandra = new DatabaseColumns(path.join(options.api, '../../cassandra-columns.js'));
    }
    this.#host = new Host(options);
    this.#service = ts.createLanguageService(this.#host, parsed);
    this.#modules = new UserModules(options, parsed);
    this.#known = new KnownEntries(this.#host);
    const sources = { facts: this.facts, typeOf: this.#typeOfTable };
    this.#checker = new TextChecker(this.#host, this.#service, this.#known, sources);
    this.#declarePrompt();
  }

  readonly #typeOfTable = (call: TableCall | DatabaseCall): string | undefined =>
    'reader' in call
      ? this.#schemas.typeOf(call, this.#cwd)
      : (call.url === undefined ? this.#cassandra : this.#databases)?.typeOf(call, this.#cwd);

  /** Sets the user's folder, which a service from a snapshot does not know yet. */
  setFolder(cwd: string): void {
    this.#cwd = cwd;
  }

  /** Parses the libraries and checks a few lines, so that the user's first entry is fast. */
  warm(lines: readonly string[]): void {
    for (const line of lines) {
      const checked = this.#check(line, this.#cwd);
      if (checked.status === 'checked') this.#emit(checked.file);
    }
  }

  compile(text: string, origin?: TextOrigin, options?: CheckOptions): CompileResult {
    const checked = this.#check(text, origin?.folder ?? this.#cwd, options);
    if (checked.status !== 'checked') return checked;
    // It is checked again once these are known.
    if (this.facts.areWanted || checked.diagnostics.length > 0) {
      this.#host.remove(checked.file);
      return { status: 'error', diagnostics: checked.diagnostics };
    }
    const { errors, isNew } = /\bimport\b|\bfrom\b/.test(text) ? this.#checkModules() : { errors: [], isNew: false };
    return { status: 'ok', cell: this.#cellOf(text, checked, origin), modules: isNew ? errors : [] };
  }

  /** Checks a script as a whole; its statements become entries. */
  compileScript(text: string, origin: TextOrigin, options?: CheckOptions): ScriptResult {
    const modules = new Map<string, ModuleErrors>();
    this.#declarePublished(text);
    const script = compileScript(text, origin, {
      known: this.#known,
      check: (draft) => {
        const found = this.#checker.check(draft, options);
        if (this.facts.areWanted) return { ...found, diagnostics: [notAnExpression('', '')] };
        if (origin.isUnchecked) return { ...found, diagnostics: [] };
        if (found.diagnostics.length === 0) for (const one of this.#checkModules().errors) modules.set(one.file, one);
        return found;
      },
      emit: (file) => this.#emit(file),
      typeOf: (file, name) => this.#typeOfExport(file, name),
      reexported: (file) => this.#reexported(file),
      aliases: (entry) => this.#aliases(entry, origin.folder),
      remove: (file) => this.#host.remove(file),
    });
    return script.status === 'error' || modules.size === 0
      ? script
      : { status: 'error', diagnostics: [], modules: [...modules.values()] };
  }

  /** Checks the user's modules that the last program has. */
  #checkModules(): ReturnType<UserModules['check']> {
    return this.#modules.check(this.#service.getProgram()!);
  }

  commit(cellId: number, names?: readonly string[], options?: CommitOptions): Committed | undefined {
    this.facts.forget();
    return this.#known.commit([{ cellId, names }], options)[0];
  }

  commitScript(ran: readonly RanCell[]): Committed[] {
    return this.#known.commit(ran);
  }

  /** Restores the entries that another service committed; new entries get higher numbers than its last. */
  restore(list: readonly Committed[], lastCell = 0): void {
    this.#known.restore(list, lastCell);
  }

  isComplete(text: string): boolean {
    return readEntry(text).status !== 'incomplete';
  }

  typeOf(expression: string, options?: CheckOptions): { type: string } | { diagnostics: readonly Diagnostic[] } {
    const checked = this.#check(expression, this.#cwd, options);
    if (checked.status === 'incomplete') return this.#typeOfPart(expression);
    if (checked.status === 'error') return this.#typeNamed(expression) ?? checked;
    try {
      if (checked.diagnostics.length > 0) return this.#typeNamed(expression) ?? { diagnostics: checked.diagnostics };
      if (!checked.entry.expression) return { diagnostics: [notAnExpression(expression, 'This is not an expression.')] };
      return { type: this.#typeOfExport(checked.file, checked.resultName) };
    } finally {
      this.#host.remove(checked.file);
    }
  }

  /** The called function of an expression that stops in the middle of a call. */
  #typeOfPart(expression: string): { type: string } | { diagnostics: readonly Diagnostic[] } {
    const callee = /^([\s\S]*[\w$\])>])\s*\([^()]*$/.exec(expression)?.[1];
    if (callee !== undefined) return this.typeOf(callee);
    return { diagnostics: [notAnExpression(expression, 'The expression is not finished.')] };
  }

  /** The type that a type's name stands for. */
  #typeNamed(text: string): { type: string } | undefined {
    if (!/^[\p{ID_Start}$_][\p{ID_Continue}$.<>[\]|&, ]*$/u.test(text)) return undefined;
    const checked = this.#check(`declare const ${askedType}: ${text};`, this.#cwd);
    if (checked.status !== 'checked') return undefined;
    const found = checked.diagnostics.length === 0 ? this.#exported(checked.file, askedType) : undefined;
    const type = found && cleanTypeText(membersText(found.type, found.checker));
    this.#host.remove(checked.file);
    return type === undefined ? undefined : { type };
  }

  complete(text: string, position: number): Completion {
    return completionsAt(this.#scratch(text), position);
  }

  describe(text: string, position: number, name: string): CompletionDetail | undefined {
    return describeAt(this.#scratch(text), position, name);
  }

  signature(text: string, position: number): SignatureHint | undefined {
    return signatureAt(this.#scratch(text), position);
  }

  doc(name: string): DocAnswer {
    const { service, file } = this.#scratch(name, this.#apiImports());
    const program = service.getProgram();
    const source = program?.getSourceFile(file);
    if (!program || !source) return { found: [], near: [] };
    const checker = program.getTypeChecker();
    const modules = source.statements.filter(ts.isImportDeclaration).slice(-apiModules.length);
    const exports = modules.flatMap(({ moduleSpecifier }) => {
      const module = checker.getSymbolAtLocation(moduleSpecifier);
      return module ? checker.getExportsOfModule(module).map((symbol) => unaliased(symbol, checker)) : [];
    });
    return documentationOf(name, { checker, asked: askedSymbol(source, checker), exports });
  }

  /** A tail that imports the whole API, its models too, for an entry that uses none of it. */
  #apiImports(): string {
    return this.#options.api
      ? apiModules.map((name) => `import * as __millrace_${name} from '${apiFolder}/${name}';`).join('')
      : '';
  }

  quickInfo(text: string, position: number): string | undefined {
    return quickInfoAt(this.#scratch(text), position);
  }

  /** Declares the names of the prompt, in a module that imports the API. */
  #declarePrompt(): void {
    const { api, promptNames } = this.#options;
    const module = `${apiFolder}/__prompt`;
    this.#host.write(`${module}.d.ts`, promptModule(promptNames, api && apiFile(api)));
    for (const { name, type } of promptNames) this.#known.names.set(name, { module, kind: type && api ? 'const' : 'import' });
    this.#host.write(publishedFile, publishedDeclaration(new QueryFacts()));
    this.#known.always.push(`${module}.d.ts`, publishedFile);
  }

  /** Declares the published datasets as they are now, for a text that may read one. */
  #declarePublished(text: string): void {
    if (mayShare(text)) this.#host.write(publishedFile, publishedDeclaration(this.facts));
  }

  #check(
    text: string,
    folder: string,
    options?: CheckOptions,
  ): ({ status: 'checked' } & Checked) | Exclude<CompileResult, { status: 'ok' }> {
    const entry = readEntry(text);
    if (entry.status !== 'whole') return entry;
    this.#declarePublished(text);
    const declared = declaredNames(entry.file);
    const resultName = options?.result ?? this.#known.results.nextName((name) => declared.some((one) => one.name === name));
    const tail = this.#tail(entry, declared, resultName);
    const file = path.join(folder, `__in_${this.#known.nextCell}.ts`);
    const compose = (additions: readonly Addition[]) => layoutEntry(text, entry, resultName, additions).setTail(tail);
    const { text: layout, additions, diagnostics } = this.#checker.check({ file, declared, compose }, options);
    const named = options?.result === undefined ? [] : declarationOf(options.result, entry);
    return { status: 'checked', entry, layout, additions: [...additions, ...named], declared, resultName, file, diagnostics };
  }

  #tail(entry: WholeEntry, declared: readonly Declared[], resultName: string): string {
    const own = new Set(declared.map(({ name }) => name));
    const already = exportedNames(entry.file);
    const ambient = ambientOf(entry.file).names;
    const exported = [...own].filter((name) => !already.has(name) && !ambient.has(name));
    if (entry.expression) exported.push(resultName);
    return `\n;${this.#known.names.declarations(this.#usedNames(entry), own)}export{${exported.join(',')}};`;
  }

  #usedNames(entry: WholeEntry): Set<string> {
    const used = new Set(namesReferred(entry.file).map(({ text }) => text));
    if (entry.continues !== undefined) used.add(lastValue);
    return used;
  }

  #cellOf(text: string, checked: Checked, origin: TextOrigin | undefined): CompiledCell {
    const id = this.#known.nextCell++;
    const { js, map, declarations } = this.#emit(checked.file);
    const label = origin?.label ?? `<input ${id}>`;
    const type = checked.entry.expression ? this.#typeOfExport(checked.file, checked.resultName) : 'void';
    const result = isValueType(type) ? { name: checked.resultName, type } : undefined;
    const module = checked.file.slice(0, -'.ts'.length);
    const { entry } = checked;
    const reexported = this.#reexported(checked.file);
    const starred = Object.values(reexported).flat();
    const declared = [...checked.declared, ...exportedAs(entry.file), ...importsOf(starred)];
    const pending = { cellId: id, names: declared, result: result && { name: result.name } };
    this.#known.remember([{ module, label, declarations, global: augments(entry.file), cells: [pending] }]);
    const mapped = mapToTyped(map, checked.layout, label);
    const { firstLine, folder } = { firstLine: 1, folder: this.#cwd, ...origin };
    const exported = [...exportedNames(entry.file), ...starred];
    const code = withoutMapComment(js);
    const script = scriptOf(text, checked.additions);
    const aliases = this.#aliases(entry, folder);
    return { id, label, text, script, firstLine, folder, js: code, map: mapped, declared, exported, reexported, aliases, result };
  }

  #aliases({ file }: WholeEntry, folder: string): Record<string, string> | undefined {
    const found = importedSpecifiers(file).flatMap((specifier) => {
      const target = aliasedFile(specifier, folder);
      return target === undefined ? [] : [[specifier, target]];
    });
    return found.length === 0 ? undefined : Object.fromEntries(found);
  }

  /** What each `export * from` of the module of the last check exports, by the other module's specifier. */
  #reexported(file: string): Record<string, readonly string[]> {
    const program = this.#service.getProgram();
    const stars = program?.getSourceFile(file)?.statements.filter(isStarExport) ?? [];
    return Object.fromEntries(
      stars.map(({ moduleSpecifier }) => [moduleSpecifier.text, valuesOf(moduleSpecifier, program!.getTypeChecker())]),
    );
  }

  #emit(file: string): EmittedModule {
    const { outputFiles } = this.#service.getEmitOutput(file);
    const textOf = (ending: string) => outputFiles.find(({ name }) => name.endsWith(ending))?.text;
    return { js: textOf('.js') ?? '', map: textOf('.map') ?? '', declarations: textOf('.d.ts') };
  }

  #typeOfExport(file: string, name: string): string {
    const found = this.#exported(file, name);
    return found ? cleanTypeText(found.checker.typeToString(found.type)) : 'unknown';
  }

  /** The type of a name that a checked module exports. */
  #exported(file: string, name: string): { type: ts.Type; checker: ts.TypeChecker } | undefined {
    const program = this.#service.getProgram()!;
    const checker = program.getTypeChecker();
    const source = program.getSourceFile(file);
    const symbol = source && checker.getSymbolAtLocation(source)?.exports?.get(ts.escapeLeadingUnderscores(name));
    return symbol && { type: checker.getTypeOfSymbol(unaliased(symbol, checker)), checker };
  }

  /** Writes the row types of the queries in a text, so that their columns complete. */
  #typeQueries(file: string, layout: Layout): void {
    const program = this.#service.getProgram()!;
    const text = { source: program.getSourceFile(file)!, checker: program.getTypeChecker(), layout };
    const { additions } = queriesIn(text, this.facts);
    if (additions.length === 0) return;
    for (const { at, text } of additions) layout.insert(at, text);
    this.#host.write(file, layout.composed());
  }

  /** A text with the names that it can use; `more` declarations go to its end. */
  #scratch(text: string, more = ''): Scratch {
    const { names } = this.#known;
    this.#declarePublished(text);
    const file = path.join(this.#cwd, '__scratch.ts');
    const parsedText = parse(text);
    const declared = new Set(declaredNames(parsedText).map(({ name }) => name));
    const known = names.declarations(names.all(), declared);
    const layout = more === '' ? layoutScratch(text, known) : layoutScratch(text).setTail(`\n;${known}${more}`);
    for (const { at, text } of tableTypesOf(parsedText, this.#typeOfTable)) layout.insert(at, text);
    this.#host.write(file, layout.composed());
    this.#host.setRoots([...this.#known.always, file]);
    if (mayQuery(text)) this.#typeQueries(file, layout);
    return { service: this.#service, file, layout, known: new Set(names.all()) };
  }
}

const importsOf = (names: readonly string[]) => names.map((name): Declared => ({ name, kind: 'import' }));

/** What makes an entry declare its value by this name, for a script. */
function declarationOf(result: string, { expression }: WholeEntry): Addition[] {
  if (!expression) return [];
  return [
    { at: expression.start, text: `let ${result} = await (`, saved: true },
    { at: expression.end, text: ')', saved: true },
  ];
}

function notAnExpression(text: string, message: string): Diagnostic {
  return { message, code: 0, start: 0, length: text.length };
}
