// Checks a script as a whole, and cuts what is emitted for it into its statements, each an entry of its own.
//
//   script                     module that is checked                        what is emitted, cut at the marks
//   const n = 1                void "mark0";const n = 1                      const n = 1;
//   n + 1                      void "mark1";let __value1=await (n + 1)       let res0 = await (n + 1);
//                              void "mark2";export{n,__value1}
//
// One module costs about as much as one entry. Where a name is declared again, as at the prompt, another module begins.
import path from 'node:path';
import type { CompiledCell, Declared, Diagnostic, ScriptResult, TextOrigin } from '../../contract/type-service';
import { type Addition, scriptOf } from '../additions/addition';
import { layoutEntry } from '../await-result';
import type { CheckedWith, Draft } from '../check-text';
import { cutAtMarks, type EmittedModule, type EmittedPart, lineStarts, renamed, rewritten, wholeOf } from '../emitted-maps';
import { isValueType } from '../entry-names';
import { ambientOf, augments, declaredNames, exportedAs, exportedNames, parse, parseErrors } from '../entry-syntax';
import type { KnownEntries, PendingCell, PendingModule } from '../known-entries';
import { syntaxMessage } from '../messages/scala-words';
import { lastValue, readEntry, type WholeEntry } from '../read-entry';
import { isResultName } from '../result-names';
import { namesReferred } from '../scopes';
import { isStarExport } from '../symbols';
import type { Layout, TypedText } from '../text-layout';
import { type ScriptPiece, splitStatements } from './script-pieces';

/** What the type service does for a script. */
export interface ScriptChecker {
  readonly known: KnownEntries;
  /** Writes a module, with what it needs added; its errors are at the places of the text as typed. */
  check(draft: Draft<ModuleText>): CheckedWith<ModuleText>;
  emit(file: string): EmittedModule;
  /** The type of a name that the module of the last check exports, as text. */
  typeOf(file: string, name: string): string;
  /** The files that aliases in a statement mean. */
  aliases(entry: WholeEntry): Readonly<Record<string, string>> | undefined;
  /** What each `export * from` of that module exports, by the other module's specifier. */
  reexported(file: string): Readonly<Record<string, readonly string[]>>;
  remove(file: string): void;
}

/** A piece of a script. */
interface Piece extends ScriptPiece {
  /** What stands between the piece before and this one: comments, some of which TypeScript obeys. */
  readonly before: string;
  readonly text: string;
  readonly entry: WholeEntry;
  readonly declared: readonly Declared[];
  readonly used: ReadonlySet<string>;
}

/** A piece in its module. */
interface Placed {
  readonly piece: Piece;
  /** The variable of its last expression. */
  readonly value: string;
  readonly layout: Layout;
  /** Where its layout begins in the composed text. */
  readonly start: number;
}

export function compileScript(text: string, origin: TextOrigin, checker: ScriptChecker): ScriptResult {
  const file = parse(text);
  const errors = parseErrors(file);
  if (errors.length > 0) {
    const diagnostics = errors.map((found) => {
      const { code, start, length } = found;
      return { message: syntaxMessage(found), code, start, length };
    });
    return { status: 'error', diagnostics };
  }
  return new ScriptCompiler(text, origin, checker).compile(splitStatements(file, origin.isSaved));
}

class ScriptCompiler {
  readonly #text: string;
  readonly #origin: TextOrigin;
  readonly #checker: ScriptChecker;
  /** Begins a mark: a word that the script does not contain. */
  readonly #mark: string;
  readonly #cells: CompiledCell[] = [];
  readonly #pending: PendingModule[] = [];

  constructor(text: string, origin: TextOrigin, checker: ScriptChecker) {
    this.#text = text;
    this.#origin = origin;
    this.#checker = checker;
    let mark = '__millrace_';
    while (text.includes(mark)) mark += '_';
    this.#mark = mark;
  }

  compile(pieces: readonly ScriptPiece[]): ScriptResult {
    const { known } = this.#checker;
    const read = pieces.map((piece, index) => this.#read(piece, index === 0 ? 0 : pieces[index - 1].end));
    const diagnostics = known.provisionally((assume) => this.#modules(modulesOf(read), assume));
    if (diagnostics.length > 0) {
      for (const { module } of this.#pending) for (const ending of ['.ts', '.d.ts']) this.#checker.remove(module + ending);
      return { status: 'error', diagnostics };
    }
    known.remember(this.#pending);
    return { status: 'ok', cells: this.#cells };
  }

  #read(piece: ScriptPiece, before: number): Piece {
    const text = this.#text.slice(piece.start, piece.end);
    const entry = readEntry(text);
    // A piece of a text without errors has none.
    if (entry.status !== 'whole') throw new Error(`a statement is ${entry.status}: ${text}`);
    return {
      ...piece,
      before: this.#text.slice(before, piece.start),
      text,
      entry,
      declared: [...declaredNames(entry.file), ...exportedAs(entry.file)],
      used: new Set(namesReferred(entry.file).map((id) => id.text)),
    };
  }

  /** Compiles one module after the other; answers the errors of the first that has any. */
  #modules(modules: readonly (readonly Piece[])[], assume: (pending: PendingModule) => void): readonly Diagnostic[] {
    for (const [index, pieces] of modules.entries()) {
      const ended = this.#module(pieces);
      // What TypeScript puts at the top of a module belongs to some of its statements: a half has fewer of them.
      if (ended === 'inseparable') {
        const half = pieces.length >> 1;
        return this.#modules([pieces.slice(0, half), pieces.slice(half), ...modules.slice(index + 1)], assume);
      }
      if ('diagnostics' in ended) return ended.diagnostics;
      this.#pending.push(ended);
      if (index < modules.length - 1) assume(ended);
    }
    return [];
  }

  #module(pieces: readonly Piece[]): PendingModule | { diagnostics: readonly Diagnostic[] } | 'inseparable' {
    const { known } = this.#checker;
    const module = path.join(this.#origin.folder, `__in_${known.nextCell}`);
    const file = `${module}.ts`;
    const declared = pieces.flatMap((piece) => piece.declared);
    const compose = (additions: readonly Addition[]) => new ModuleText(pieces, this.#mark, known, additions);
    const { text, additions, diagnostics } = this.#checker.check({ file, declared, compose });
    const emitted = diagnostics.length > 0 ? undefined : this.#checker.emit(file);
    const parts = emitted && partsOf(emitted, text.marks);
    if (!emitted || !parts) {
      this.#checker.remove(file);
      // An entry of a session was checked without those around it, which may tell TypeScript more of a name than its type.
      const isToBeCut = emitted !== undefined || (this.#origin.isSaved && pieces.length > 1);
      return isToBeCut ? 'inseparable' : { diagnostics };
    }
    const global = pieces.some(({ entry }) => augments(entry.file));
    const cells = this.#cellsOf(text, parts, file, additions);
    return { module, label: this.#origin.label, declarations: emitted.declarations, global, cells };
  }

  #cellsOf(text: ModuleText, parts: readonly EmittedPart[], file: string, additions: readonly Addition[]): PendingCell[] {
    const { known, typeOf } = this.#checker;
    const { label, folder, firstLine } = this.#origin;
    const all = this.#checker.reexported(file);
    let number = known.results.next;
    return text.placed.map((placed, index) => {
      const { piece, value } = placed;
      const type = piece.entry.expression ? typeOf(file, value) : 'void';
      const isValue = isValueType(type);
      number = known.results.free(number, text.declares);
      const name = `res${number}`;
      if (isValue) number++;
      const { js, lines } = renamed(parts[index], value, name);
      const stars = piece.entry.file.statements.filter(isStarExport).map(({ moduleSpecifier }) => moduleSpecifier.text);
      const reexported = Object.fromEntries(stars.map((specifier) => [specifier, all[specifier]]));
      const starred = Object.values(reexported).flat();
      const declared = [...piece.declared, ...starred.map((one): Declared => ({ name: one, kind: 'import' }))];
      const cell: CompiledCell = {
        id: known.nextCell++,
        label,
        // Blanks stand for what is before it on its line, to keep the columns true.
        text: ' '.repeat(piece.column) + piece.text,
        script: scriptOf(piece.text, additions, piece.start),
        firstLine: firstLine + piece.line - 1,
        folder,
        js,
        map: rewritten(lines, label, (line, column) => text.placeIn(placed, line, column)),
        declared,
        exported: [...exportedNames(piece.entry.file), ...starred],
        reexported,
        aliases: this.#checker.aliases(piece.entry),
        result: isValue ? { name, type } : undefined,
      };
      this.#cells.push(cell);
      return { cellId: cell.id, names: declared, result: isValue ? { name, exported: value } : undefined };
    });
  }
}

/** What is emitted for each piece; undefined if some of it stands above them all: a helper, or a `try` around `using`. */
function partsOf(emitted: EmittedModule, marks: readonly string[]): readonly EmittedPart[] | undefined {
  if (marks.length === 0) return [wholeOf(emitted)];
  const { before, parts } = cutAtMarks(emitted, marks);
  return parse(before).statements.length === 0 ? parts : undefined;
}

/** The text of a module for some pieces of a script. */
class ModuleText implements TypedText {
  readonly placed: Placed[] = [];
  /** The statements between which those of each piece are emitted. */
  readonly marks: string[] = [];
  readonly #declared: Set<string>;
  readonly #text: string;
  readonly #bodyLength: number;
  readonly #lineStarts: readonly number[];

  constructor(pieces: readonly Piece[], mark: string, known: KnownEntries, additions: readonly Addition[]) {
    const next = () => {
      this.marks.push(`void "${mark}${this.marks.length}_";`);
      return this.marks[this.marks.length - 1];
    };
    // What is emitted for one piece alone needs no cuts.
    const isSeveral = pieces.length > 1;
    this.#declared = new Set(pieces.flatMap(({ declared }) => declared.map(({ name }) => name)));
    let composed = '';
    for (const [index, piece] of pieces.entries()) {
      const value = isSeveral ? `${mark}value${index}_` : `res${known.results.free(known.results.next, this.declares)}`;
      const layout = layoutEntry(piece.text, piece.entry, value, within(additions, piece));
      composed += piece.before + (isSeveral ? next() : '');
      this.placed.push({ piece, value, layout, start: composed.length });
      composed += layout.composed();
    }
    this.#bodyLength = composed.length;
    const used = new Set(pieces.flatMap(({ used }) => [...used]));
    if (isSeveral) composed += `\n${next()}`;
    this.#text = `${composed}\n;${known.names.declarations(used, this.#declared)}export{${[...this.#exports(pieces)].join(',')}};`;
    this.#lineStarts = lineStarts(this.#text);
  }

  readonly declares = (name: string): boolean => this.#declared.has(name);

  composed(): string {
    return this.#text;
  }

  bodyLength(): number {
    return this.#bodyLength;
  }

  toOriginal(position: number): number {
    const at = this.placed.findLastIndex(({ start }) => start <= position);
    const { piece, layout, start } = this.placed[Math.max(0, at)];
    return piece.start + layout.toOriginal(Math.max(0, position - start));
  }

  isInsertion(position: number): boolean {
    const { layout, start } =
      this.placed[
        Math.max(
          0,
          this.placed.findLastIndex((one) => one.start <= position),
        )
      ];
    return position >= start && layout.isInsertion(position - start);
  }

  /** A place of the composed text, as line and column of a piece; none if it is not of that piece. */
  placeIn({ piece, layout, start }: Placed, line: number, column: number): readonly [number, number] | undefined {
    const position = this.#lineStarts[line] + column - start;
    if (position < 0 || position > layout.bodyLength()) return undefined;
    const before = piece.text.slice(0, layout.toOriginal(position));
    const typedLine = before.split('\n').length - 1;
    return [typedLine, before.length - (before.lastIndexOf('\n') + 1) + (typedLine === 0 ? piece.column : 0)];
  }

  /** The names that the text does not export itself. Ambient declarations have no value to export. */
  #exports(pieces: readonly Piece[]): Set<string> {
    const files = pieces.map(({ entry }) => entry.file);
    const left = [...files.map(exportedNames), ...files.map((file) => ambientOf(file).names)];
    const values = this.placed.filter(({ piece }) => piece.entry.expression).map(({ value }) => value);
    return new Set([...this.#declared, ...values].filter((name) => !left.some((names) => names.has(name))));
  }
}

/** The additions to a piece, at positions of its own text. */
const within = (additions: readonly Addition[], { start, end }: Piece): Addition[] =>
  additions.filter(({ at }) => at >= start && at <= end).map((addition) => ({ ...addition, at: addition.at - start }));

/** Stands for the names of `export * from`, which only a check tells. */
const anyName = '*';

/**
 * The pieces of each module: a new one begins where a name is declared again, and where a result of an earlier statement is used, or a
 * name that it only exports.
 */
function modulesOf(pieces: readonly Piece[]): Piece[][] {
  const modules: Piece[][] = [];
  let declared = new Set<string>();
  let exported = new Set<string>();
  for (const piece of pieces) {
    // A result that is declared may be the value of an earlier statement.
    const again = piece.declared.some(({ name }) => declared.has(name) || isResultName(name));
    const usesResult = [...piece.used].some((name) => (name === lastValue || isResultName(name)) && !declared.has(name));
    const usesExport = exported.has(anyName) || [...piece.used].some((name) => exported.has(name));
    if (modules.length === 0 || again || usesResult || usesExport) {
      modules.push([]);
      declared = new Set();
      exported = new Set();
    }
    modules[modules.length - 1].push(piece);
    for (const { name } of piece.declared) declared.add(name);
    for (const { name } of exportedAs(piece.entry.file)) exported.add(name);
    if (piece.entry.file.statements.some(isStarExport)) exported.add(anyName);
  }
  return modules;
}
