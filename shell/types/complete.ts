// Completion and short help at a position of an entry.
import ts from 'typescript';
import type { Layout } from './layout';
import { cleanTypeText } from './names';
import type { Completion } from './protocol';

/** An entry as it is being typed, put before the language service. */
export interface Scratch {
  readonly service: ts.LanguageService;
  readonly file: string;
  readonly layout: Layout;
  /** Names of the prompt and of earlier entries: they come before the globals of the language. */
  readonly known: ReadonlySet<string>;
}

/** Up to this many entries are shown with their types, which cost a millisecond each. */
const maxDetailed = 10;

const wordBefore = /[\p{ID_Continue}$\u200c\u200d]*$/u;

export function completionsAt({ service, file, layout, known }: Scratch, position: number): Completion {
  const word = wordBefore.exec(layout.text.slice(0, position))?.[0] ?? '';
  const start = position - word.length;
  const at = layout.toComposed(position);
  const found = service.getCompletionsAtPosition(file, at, {
    includeCompletionsForModuleExports: false,
    includeCompletionsWithInsertText: false,
  });
  const candidates = (found?.entries ?? []).filter((entry) => matches(entry, word));
  candidates.sort(
    (a, b) => rank(a, word, known) - rank(b, word, known) || compare(a.sortText, b.sortText) || compare(a.name, b.name),
  );
  const detailed = candidates.length <= maxDetailed;
  const entries = candidates.map(({ name, kind }) => ({
    name,
    kind,
    detail: detailed ? detailOf(service, file, at, name) : undefined,
  }));
  return { start, end: position, entries };
}

function matches(entry: ts.CompletionEntry, word: string): boolean {
  if (entry.name.startsWith('__millrace') || entry.kind === ts.ScriptElementKind.warning) return false;
  return entry.name.toLowerCase().startsWith(word.toLowerCase());
}

/** The exact case first, then the user's own names. */
function rank(entry: ts.CompletionEntry, word: string, known: ReadonlySet<string>): number {
  return (entry.name.startsWith(word) ? 0 : 2) + (known.has(entry.name) ? 0 : 1);
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function detailOf(service: ts.LanguageService, file: string, position: number, name: string): string | undefined {
  const details = service.getCompletionEntryDetails(file, position, name, undefined, undefined, undefined, undefined);
  return details && cleanTypeText(ts.displayPartsToString(details.displayParts));
}

/** The signature of what is at a position, and the first sentence of its documentation. */
export function quickInfoAt({ service, file, layout }: Scratch, position: number): string | undefined {
  const info = service.getQuickInfoAtPosition(file, layout.toComposed(position));
  if (!info) return undefined;
  const signature = cleanTypeText(ts.displayPartsToString(info.displayParts));
  const sentence = /^[\s\S]*?[.!?](?=\s|$)/.exec(ts.displayPartsToString(info.documentation))?.[0];
  return sentence ? `${signature}\n${sentence}` : signature;
}
