// The type service itself, synchronous and in one process: checks, splits, completes and emits entries with a LanguageService.
import path from 'node:path';
import ts from 'typescript';
import type {
  CommitOptions,
  CompiledCell,
  CompileResult,
  Completion,
  CompletionDetail,
  Declared,
  Diagnostic,
  SignatureHint,
  Statement,
  TextOrigin,
} from '../contract/type-service';
import { layoutEntry, layoutScratch } from './await-result';
import { completionsAt, describeAt, quickInfoAt, type Scratch } from './completions';
import { type DocAnswer, documentationOf } from './doc';
import { mapToTyped, withoutMapComment } from './emitted-maps';
import { cleanTypeText, type KnownName, Names, type PromptName, promptModule } from './entry-names';
import {
  ambientOf,
  augments,
  declaredNames,
  exportedNames,
  parse,
  parseErrors,
  splitStatements,
  usedNames,
} from './entry-syntax';
import { messageOf, withoutConsequences } from './error-messages';
import { apiFile, apiFolder, Host, type HostOptions } from './language-host';
import { lastValue, readEntry, type WholeEntry } from './read-entry';
import { syntaxMessage } from './scala-words';
import { signatureAt } from './signature';
import { askedSymbol, membersText, unaliased } from './symbols';
import type { Layout } from './text-layout';

export interface CoreOptions extends HostOptions {
  /** The user's folder: imports are resolved from it. */
  readonly cwd: string;
  readonly promptNames: readonly PromptName[];
}

/** The record of a committed entry: enough for a new service to know its names. */
export interface Committed {
  readonly cellId: number;
  /** Path of the entry's module without extension. */
  readonly module: string;
  /** Its declarations, or its source if they cannot be emitted. */
  readonly text: string;
  readonly extension: '.d.ts' | '.ts';
  readonly names: readonly Declared[];
  readonly result?: string;
  /** True if it changes global types, so that every later program needs it. */
  readonly global: boolean;
  /** A background entry: its result does not become `_`. */
  readonly inBackground: boolean;
}

interface Pending {
  readonly module: string;
  /** Its declarations, unless they cannot be emitted. */
  readonly declarations?: string;
  readonly names: readonly Declared[];
  readonly result?: string;
  readonly global: boolean;
}

interface Checked {
  readonly entry: WholeEntry;
  readonly layout: Layout;
  readonly declared: readonly Declared[];
  readonly resultName: string;
  readonly file: string;
  readonly diagnostics: readonly Diagnostic[];
}

// Not an error at a prompt: a package without type declarations is `any`.
const harmless = new Set([7016]);

/** A variable of the type that `.type` was given by name. */
const askedType = 'askedType';

/** The modules of the API that `.doc` searches. */
const apiModules = ['index', 'models'];

/** At most this many compiled but uncommitted entries are remembered. */
const maxPending = 16;

/** The parsed files of all services of this process: the libraries are parsed once. */
const parsed = ts.createDocumentRegistry();

export class TypeServiceCore {
  readonly #options: CoreOptions;
  readonly #host: Host;
  readonly #service: ts.LanguageService;
  readonly #names = new Names();
  readonly #pending = new Map<number, Pending>();
  /** In every program: files that the last program did not need would be parsed again when the next one needs them. */
  readonly #always: string[];
  #cwd: string;
  #nextCell = 1;
  #nextResult = 0;
  #userOwnsLastValue = false;

  constructor(options: CoreOptions) {
    this.#options = options;
    this.#cwd = options.cwd;
    this.#host = new Host(options);
    this.#service = ts.createLanguageService(this.#host, parsed);
    this.#always = this.#declarePrompt();
  }

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

  compile(text: string, origin?: TextOrigin): CompileResult {
    const checked = this.#check(text, origin?.folder ?? this.#cwd);
    if (checked.status !== 'checked') return checked;
    if (checked.diagnostics.length > 0) {
      this.#host.remove(checked.file);
      return { status: 'error', diagnostics: checked.diagnostics };
    }
    return { status: 'ok', cell: this.#cellOf(text, checked, origin) };
  }

  commit(
    cellId: number,
    names?: readonly string[],
    { inBackground = false, isModule = false }: CommitOptions = {},
  ): Committed | undefined {
    const pending = this.#pending.get(cellId);
    if (!pending) return undefined;
    this.#pending.delete(cellId);
    const kept = pending.names.filter(({ name, kind }) => (kind === 'type' && !isModule) || !names || names.includes(name));
    const result = pending.result !== undefined && (!names || names.includes(pending.result)) ? pending.result : undefined;
    // The declarations replace the entry: later entries are checked against them, not against its code.
    const { module, declarations, global } = pending;
    const source = this.#host.readFile(`${module}.ts`) ?? '';
    const text = declarations ?? source;
    const extension = declarations ? '.d.ts' : '.ts';
    const committed: Committed = { cellId, module, text, extension, names: kept, result, global, inBackground };
    this.#host.remove(`${module}.ts`);
    this.#keep(committed);
    return committed;
  }

  /** Restores the entries that another service committed; new entries get higher numbers than its last. */
  restore(list: readonly Committed[], lastCell = 0): void {
    this.#nextCell = Math.max(this.#nextCell, lastCell + 1);
    for (const committed of list) {
      this.#nextCell = Math.max(this.#nextCell, committed.cellId + 1);
      this.#keep(committed);
    }
  }

  isComplete(text: string): boolean {
    return readEntry(text).status !== 'incomplete';
  }

  statements(text: string): { statements: readonly Statement[]; diagnostics: readonly Diagnostic[] } {
    const file = parse(text);
    const diagnostics = parseErrors(file).map((error) => this.#diagnostic(error, undefined, syntaxMessage(error)));
    return { statements: diagnostics.length > 0 ? [] : splitStatements(file), diagnostics };
  }

  typeOf(expression: string): { type: string } | { diagnostics: readonly Diagnostic[] } {
    const checked = this.#check(expression, this.#cwd);
    if (checked.status === 'incomplete') return this.#typeOfPart(expression);
    if (checked.status === 'error') return this.#typeNamed(expression) ?? checked;
    try {
      if (checked.diagnostics.length > 0) return this.#typeNamed(expression) ?? { diagnostics: checked.diagnostics };
      if (!checked.entry.expression) return { diagnostics: [notAnExpression(expression, 'This is not an expression.')] };
      return { type: this.#resultType(checked) };
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
    const found = checked.diagnostics.length === 0 ? this.#exported(checked, askedType) : undefined;
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

  /** Declares the names of the prompt, and returns the files that all programs have: the module of these names, which imports the API. */
  #declarePrompt(): string[] {
    const { api, promptNames } = this.#options;
    const module = `${apiFolder}/__prompt`;
    this.#host.write(`${module}.d.ts`, promptModule(promptNames, api && apiFile(api)));
    for (const { name, type } of promptNames) this.#names.set(name, { module, kind: type && api ? 'const' : 'import' });
    return [`${module}.d.ts`];
  }

  #check(text: string, folder: string): ({ status: 'checked' } & Checked) | Exclude<CompileResult, { status: 'ok' }> {
    const entry = readEntry(text);
    if (entry.status !== 'whole') return entry;
    const declared = declaredNames(entry.file);
    const resultName = this.#freeResultName(declared);
    const layout = layoutEntry(text, entry, resultName).setTail(this.#tail(entry, declared, resultName));
    const file = path.join(folder, `__in_${this.#nextCell}.ts`);
    this.#host.write(file, layout.composed());
    this.#host.setRoots([...this.#always, file]);
    return { status: 'checked', entry, layout, declared, resultName, file, diagnostics: this.#diagnostics(file, layout) };
  }

  #freeResultName(declared: readonly Declared[]): string {
    let number = this.#nextResult;
    while (declared.some(({ name }) => name === `res${number}`)) number++;
    return `res${number}`;
  }

  #tail(entry: WholeEntry, declared: readonly Declared[], resultName: string): string {
    const own = new Set(declared.map(({ name }) => name));
    const already = exportedNames(entry.file);
    const ambient = ambientOf(entry.file).names;
    const exported = [...own].filter((name) => !already.has(name) && !ambient.has(name));
    if (entry.expression) exported.push(resultName);
    return `${this.#names.tail(this.#usedNames(entry), own)}export{${exported.join(',')}};`;
  }

  #usedNames(entry: WholeEntry): Set<string> {
    const used = usedNames(entry.file);
    if (entry.continues !== undefined) used.add(lastValue);
    return used;
  }

  #diagnostics(file: string, layout: Layout): Diagnostic[] {
    const program = this.#service.getProgram();
    const source = program?.getSourceFile(file);
    if (!program || !source) return [];
    const all = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    const checkedFile = { checker: program.getTypeChecker(), file: source };
    const errors = all.filter((found) => found.category === ts.DiagnosticCategory.Error && !harmless.has(found.code));
    // An error in the tail concerns an older name whose declaration could not be emitted, not this entry.
    const typed = errors.filter((found) => (found.start ?? 0) <= layout.bodyLength());
    return withoutConsequences(typed).map((found) => this.#diagnostic(found, layout, messageOf(found, checkedFile)));
  }

  #diagnostic(found: ts.Diagnostic, layout?: Layout, message?: string): Diagnostic {
    const start = found.start ?? 0;
    const end = start + (found.length ?? 0);
    const typed = (position: number) => layout?.toOriginal(position) ?? position;
    const text = message ?? ts.flattenDiagnosticMessageText(found.messageText, '\n');
    return { message: cleanTypeText(text), code: found.code, start: typed(start), length: typed(end) - typed(start) };
  }

  #cellOf(text: string, checked: Checked, origin: TextOrigin | undefined): CompiledCell {
    const id = this.#nextCell++;
    const { js, map, declarations } = this.#emit(checked.file);
    const label = origin?.label ?? `<input ${id}>`;
    const type = checked.entry.expression ? this.#resultType(checked) : 'void';
    const result = type === 'void' || type === 'never' ? undefined : { name: checked.resultName, type };
    const module = checked.file.slice(0, -'.ts'.length);
    this.#remember(id, {
      module,
      declarations,
      names: checked.declared,
      result: result?.name,
      global: augments(checked.entry.file),
    });
    const mapped = mapToTyped(map, checked.layout, label);
    const { firstLine, folder } = { firstLine: 1, folder: this.#cwd, ...origin };
    const { entry, declared } = checked;
    const exported = [...exportedNames(entry.file)];
    return { id, label, text, firstLine, folder, js: withoutMapComment(js), map: mapped, declared, exported, result };
  }

  #remember(id: number, pending: Pending): void {
    this.#pending.set(id, pending);
    if (this.#pending.size <= maxPending) return;
    const [oldest, forgotten] = this.#pending.entries().next().value!;
    this.#pending.delete(oldest);
    this.#host.remove(`${forgotten.module}.ts`);
  }

  /** Declarations are left out if they would have an error, as for an unexported class with private members. */
  #emit(file: string): { js: string; map: string; declarations?: string } {
    const { outputFiles } = this.#service.getEmitOutput(file);
    const textOf = (ending: string) => outputFiles.find(({ name }) => name.endsWith(ending))?.text;
    return { js: textOf('.js') ?? '', map: textOf('.map') ?? '', declarations: textOf('.d.ts') };
  }

  #resultType(checked: Checked): string {
    const found = this.#exported(checked, checked.resultName);
    return found ? cleanTypeText(found.checker.typeToString(found.type)) : 'unknown';
  }

  /** The type of a name that a checked entry exports. */
  #exported({ file }: Checked, name: string): { type: ts.Type; checker: ts.TypeChecker } | undefined {
    const program = this.#service.getProgram()!;
    const checker = program.getTypeChecker();
    const source = program.getSourceFile(file);
    const symbol = source && checker.getSymbolAtLocation(source)?.exports?.get(ts.escapeLeadingUnderscores(name));
    return symbol && { type: checker.getTypeOfSymbol(unaliased(symbol, checker)), checker };
  }

  #keep(committed: Committed): void {
    const { module, names, result } = committed;
    const file = `${module}${committed.extension}`;
    this.#host.write(file, committed.text);
    if (committed.global) this.#always.push(file);
    for (const { name, kind } of names) this.#names.set(name, { module, kind });
    if (names.some(({ name }) => name === lastValue)) this.#userOwnsLastValue = true;
    if (result !== undefined) this.#keepResult(module, result, committed.inBackground);
  }

  #keepResult(module: string, result: string, inBackground: boolean): void {
    this.#names.set(result, { module, kind: 'let' });
    const last: KnownName = { module, kind: 'const', exported: result };
    if (!this.#userOwnsLastValue && !inBackground) this.#names.set(lastValue, last);
    this.#nextResult = Math.max(this.#nextResult, Number(result.slice('res'.length)) + 1);
  }

  #scratch(text: string, more = ''): Scratch {
    const file = path.join(this.#cwd, '__scratch.ts');
    const declared = new Set(declaredNames(parse(text)).map(({ name }) => name));
    const layout = layoutScratch(text).setTail(this.#names.tail(this.#names.all(), declared) + more);
    this.#host.write(file, layout.composed());
    this.#host.setRoots([...this.#always, file]);
    return { service: this.#service, file, layout, known: new Set(this.#names.all()) };
  }
}

function notAnExpression(text: string, message: string): Diagnostic {
  return { message, code: 0, start: 0, length: text.length };
}
