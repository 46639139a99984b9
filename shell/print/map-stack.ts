// Maps stacks of the user's errors to positions in the text as typed, and remembers the lines of earlier entries.

import { FrameProbe, UserFrame } from '../../runtime/base/call';
import type { Place } from '../../runtime/base/place';
import type { EditedText } from '../../runtime/closure/instrument/edits';
import { isUserScript, lineStartsOf, mapFrame, ProgramText, stacksAreMapped } from '../../runtime/closure/position';
import type { CompiledCell } from '../contract/type-service';

type Mapping = (line: number, column: number) => Place;

const scripts = new Map<string, Mapping>();

/** Entries by label: a closure may fail long after its entry. */
const typed = new Map<string, Pick<CompiledCell, 'text' | 'firstLine'>[]>();

/** Registers an entry's script, to map its frames. The statements of a file share one label. */
export function registerEntry(fileName: string, cell: CompiledCell, edited: EditedText): void {
  const { label, js, map, firstLine, text } = cell;
  // Lines of a file are read from the file.
  if (label.startsWith('<'))
    typed
      .set(label, typed.get(label) ?? [])
      .get(label)!
      .push({ text, firstLine });
  let starts: number[] | undefined;
  let program: ProgramText | undefined;
  scripts.set(fileName, (line, column) => {
    starts ??= lineStartsOf(edited.code);
    program ??= new ProgramText(label, js, { map, firstLine });
    const offset = (starts[line - 1] ?? edited.code.length) + column - 1;
    return program.place(edited.sourceOffset(offset));
  });
}

/** The line of a place in this or an earlier entry. */
export function lineOfEntry(place: Place): string | undefined {
  const entry = typed.get(place.file)?.findLast((one) => lineIn(one, place) !== undefined);
  return entry && lineIn(entry, place);
}

/** The line of a place in a text. If statements share a line, the text of a later one has blanks for the earlier ones. */
export function lineIn(
  { text, firstLine }: Pick<CompiledCell, 'text' | 'firstLine'>,
  { line, column }: Place,
): string | undefined {
  const found = text.split(/\r?\n/)[line - firstLine];
  return found?.slice(0, column).trim() === '' && found.trim() !== '' ? undefined : found;
}

/** The place in the user's text of a frame; undefined for frames of other code. */
function placeOfFrame(file: string, line: number, column: number): Place | undefined {
  const entry = scripts.get(file);
  if (entry) return entry(line, column);
  return isUserScript(file) ? mapFrame(file, line, column) : undefined;
}

/** `Error.captureStackTrace` also takes objects that are no errors; `console.trace` gives it one. */
function headerOf(error: Error): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return 'Error';
  }
}

function frameText(site: NodeJS.CallSite): string {
  const text = String(site);
  const file = site.getFileName();
  const line = site.getLineNumber();
  const column = site.getColumnNumber();
  if (!file || line === null || column === null) return text;
  const place = placeOfFrame(file, line, column);
  if (!place) return text;
  const position = `${file}:${line}:${column}`;
  const at = text.lastIndexOf(position);
  if (at < 0) return text;
  return `${text.slice(0, at)}${place.file}:${place.line}:${place.column}${text.slice(at + position.length)}`;
}

const isUsers = (site: NodeJS.CallSite) => {
  const file = site.getFileName();
  return typeof file === 'string' && (scripts.has(file) || isUserScript(file));
};

/** A frame in the user's code, mapped to its place when needed. */
class ScriptFrame extends UserFrame {
  readonly #file: string;
  readonly #line: number;
  readonly #column: number;

  constructor(site: NodeJS.CallSite) {
    super();
    this.#file = site.getFileName() ?? '';
    this.#line = site.getLineNumber() ?? 1;
    this.#column = site.getColumnNumber() ?? 1;
  }

  get place(): Place | undefined {
    return placeOfFrame(this.#file, this.#line, this.#column);
  }
}

function innermost(sites: readonly NodeJS.CallSite[]): UserFrame | undefined {
  const site = sites.find(isUsers);
  return site && new ScriptFrame(site);
}

/**
 * From now on `error.stack` shows positions as typed, also when the user's code reads it. Stacks without a user frame go to the
 * earlier formatter.
 */
export function installStackPositions(): void {
  stacksAreMapped();
  const before = Error.prepareStackTrace;
  Error.prepareStackTrace = (error, sites) => {
    if ((error as unknown) instanceof FrameProbe) return innermost(sites);
    const last = sites.findLastIndex(isUsers);
    if (before && last < 0) return before(error, sites);
    // Frames below the user's outermost frame belong to the evaluator.
    const shown = last < 0 ? sites : sites.slice(0, last + 1);
    return [headerOf(error), ...shown.map((site) => `    at ${frameText(site)}`)].join('\n');
  };
}
