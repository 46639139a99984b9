// Completion and short help at a position of an entry.
import ts from 'typescript';
import type { Completion, CompletionDetail } from '../contract/type-service';
import { type SqlColumn, sqlColumnsAt } from './additions/sql-columns';
import { cleanTypeText } from './entry-names';
import { fitsReceiver, receiverAt } from './fitting-members';
import { liveValueAt } from './live-value';
import type { Layout } from './text-layout';

/** An unfinished entry, as the language service sees it. */
export interface Scratch {
  readonly service: ts.LanguageService;
  readonly file: string;
  readonly layout: Layout;
  /** Names of the prompt and of earlier entries: they rank before JavaScript's globals. */
  readonly known: ReadonlySet<string>;
}

/** At most this many entries get types, which cost a millisecond each: one per row of the menu. */
const maxDetailed = 8;

const wordBefore = /#?[\p{ID_Continue}$\u200c\u200d]*$/u;

export function completionsAt(scratch: Scratch, position: number): Completion {
  const { service, file, layout, known } = scratch;
  const at = layout.toComposed(position);
  const columns = sqlColumnsAt(service.getProgram(), file, at);
  if (columns) return ofColumns(columns, layout, position);
  const found = service.getCompletionsAtPosition(file, at, {
    includeCompletionsForModuleExports: false,
    includeCompletionsWithInsertText: false,
    includeSymbol: true,
  });
  const open = liveValueAt(service.getProgram(), scratch, at);
  const start = open?.start ?? startOfWord(found, layout, position);
  const word = layout.text.slice(start, position);
  // Without a word, the thousand globals of JavaScript are left out.
  const own = word === '' && found?.isGlobalCompletion;
  const offered = (found?.entries ?? []).filter(({ name, kind }) => isOffered(name, kind) && (!own || known.has(name)));
  const candidates = fitting(scratch, matching(offered, word), at);
  // Names of the prompt are no members that happen to have their name.
  const first = found?.isGlobalCompletion ? known : new Set<string>();
  candidates.sort(
    (a, b) => rank(a, word, first) - rank(b, word, first) || compare(a.sortText, b.sortText) || compare(a.name, b.name),
  );
  const detailed = candidates.length <= maxDetailed;
  const entries = candidates.map(({ name, kind }) => ({ name, kind, ...(detailed ? detailOf(service, file, at, name) : {}) }));
  return { start, end: position, entries, ...(open && { live: open.value }) };
}

/** The columns that begin as the word before the cursor: SQL knows no case. */
function ofColumns(columns: readonly SqlColumn[], layout: Layout, position: number): Completion {
  const [word] = wordBefore.exec(layout.text.slice(0, position))!;
  const entries = columns
    .filter(({ name }) => name.toLowerCase().startsWith(word.toLowerCase()))
    .map(({ name, type }) => ({ name, kind: 'property', detail: `${name}: ${type}` }));
  return { start: position - word.length, end: position, entries };
}

/** The type and documentation of one completion at a position. */
export function describeAt({ service, file, layout }: Scratch, position: number, name: string): CompletionDetail | undefined {
  return detailOf(service, file, layout.toComposed(position), name);
}

/** The start of the name before the cursor, or of the string around it. */
function startOfWord(found: ts.CompletionInfo | undefined, layout: Layout, position: number): number {
  const word = wordBefore.exec(layout.text.slice(0, position))?.[0] ?? '';
  const inString = found?.entries[0]?.kind === ts.ScriptElementKind.string;
  const span = inString ? found?.optionalReplacementSpan : undefined;
  return span ? Math.min(position, layout.toOriginal(span.start)) : position - word.length;
}

function isOffered(name: string, kind: string): boolean {
  return !name.startsWith('__millrace') && kind !== ts.ScriptElementKind.warning;
}

/** Names that start with the word; else that contain it; else that have its letters in this order. */
function matching(entries: readonly ts.CompletionEntry[], word: string): ts.CompletionEntry[] {
  const wanted = word.toLowerCase();
  const begins = entries.filter(({ name }) => name.toLowerCase().startsWith(wanted));
  if (begins.length > 0 || word.length < 2) return begins;
  const contains = entries.filter(({ name }) => name.toLowerCase().includes(wanted));
  return contains.length > 0 ? contains : entries.filter(({ name }) => hasLetters(name.toLowerCase(), wanted));
}

function hasLetters(name: string, letters: string): boolean {
  let at = -1;
  return Array.from(letters).every((letter) => {
    at = name.indexOf(letter, at + 1);
    return at >= 0;
  });
}

/** Drops operators that the receiver's elements do not fit, and internal members, unless nothing else matches. */
function fitting({ service, file }: Scratch, entries: ts.CompletionEntry[], at: number): ts.CompletionEntry[] {
  const receiver = receiverAt(service.getProgram(), file, at);
  if (!receiver) return entries;
  const fit = entries.filter(({ symbol }) => !symbol || fitsReceiver(symbol, receiver));
  return fit.length > 0 ? fit : entries;
}

/** Exact case first, then the user's own names; members of every function or object come last. */
function rank(entry: ts.CompletionEntry, word: string, known: ReadonlySet<string>): number {
  const inherited = /^(?:Function|Object)$/.test(parentName(entry.symbol)) ? 4 : 0;
  return inherited + (entry.name.startsWith(word) ? 0 : 2) + (known.has(entry.name) ? 0 : 1);
}

function parentName(symbol: ts.Symbol | undefined): string {
  const parent = symbol?.declarations?.[0]?.parent;
  return parent && ts.isInterfaceDeclaration(parent) ? parent.name.text : '';
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function detailOf(service: ts.LanguageService, file: string, position: number, name: string): CompletionDetail | undefined {
  const details = service.getCompletionEntryDetails(file, position, name, undefined, undefined, undefined, undefined);
  if (!details) return undefined;
  // Drop the receiver at the start of a member's text: the user has just typed it.
  const own = details.displayParts.findIndex(({ text, kind }) => text === name && /^(?:method|property)Name$/.test(kind));
  const text = cleanTypeText(ts.displayPartsToString(details.displayParts.slice(Math.max(0, own))));
  // Drop the `this` parameter: the receiver is already typed, and fits.
  const detail = text.replace(/\(this: \w+<(?:\[[^\]]*\]|[^<>]*)>(?:, )?/, '(');
  return { detail, sentence: firstSentence(details.documentation) };
}

/** The signature of the name at a position, and the first sentence of its documentation. */
export function quickInfoAt({ service, file, layout }: Scratch, position: number): string | undefined {
  const at = layout.toComposed(position);
  // After a name, the name itself is meant.
  const info = service.getQuickInfoAtPosition(file, at) ?? service.getQuickInfoAtPosition(file, Math.max(0, at - 1));
  if (!info) return undefined;
  const signature = cleanTypeText(ts.displayPartsToString(info.displayParts));
  const sentence = firstSentence(info.documentation);
  return sentence ? `${signature}\n${sentence}` : signature;
}

export function firstSentence(documentation: ts.SymbolDisplayPart[] | undefined): string | undefined {
  const text = ts.displayPartsToString(documentation).replace(/\s+/g, ' ');
  return /^.*?[.!?](?=\s|$)/.exec(text)?.[0] ?? (text === '' ? undefined : text);
}
