// Stacks of the user's errors, in positions of the text as typed; and the lines of entries that ran before.

import { FrameProbe, UserFrame } from '../../runtime/base/call';
import type { Place } from '../../runtime/base/place';
import type { EditedText } from '../../runtime/closure/instrument/edits';
import { isUserScript, lineStartsOf, mapFrame, ProgramText } from '../../runtime/closure/position';
import type { CompiledCell } from '../contract/type-service';

type Mapping = (line: number, column: number) => Place;

const scripts = new Map<string, Mapping>();

/** What was typed, by its label: a closure may fail long after its entry. */
const typed = new Map<string, Pick<CompiledCell, 'text' | 'firstLine'>[]>();

/** Makes the frames of an entry's script known. Several entries may share one label: the statements of a file. */
export function registerEntry(fileName: string, cell: CompiledCell, edited: EditedText): void {
  const { label, js, map, firstLine, text } = cell;
  // The lines of a file are read from it.
  if (label.startsWith('<'))
    typed
      .set(label, typed.get(label) ?? [])
      .get(label)!
      .push({ text, firstLine });
  let starts: number[] | undefined;
  let program: ProgramText | undefined;
  scripts.set(fileName, (line, column) => {
    starts ??= lineStartsOf(edited.code);
    program ??= new ProgramText(label, js, map, firstLine);
    const offset = (starts[line - 1] ?? edited.code.length) + column - 1;
    return program.place(edited.sourceOffset(offset));
  });
}

/** The line of an entry that ran before, or runs. */
export function lineOfEntry(place: Place): string | undefined {
  const entry = typed.get(place.file)?.findLast((one) => lineIn(one, place) !== undefined);
  return entry && lineIn(entry, place);
}

/** The line of a text that a place points to. Of statements that share a line, a later one has blanks where the earlier ones stand. */
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

function headerOf(error: Error): string {
  try {
    return String(error);
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

/** A frame of the user's by the script that runs. */
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
 * From now on `error.stack` shows typed positions, also where the user's code reads it. Stacks without a frame of the user are
 * left to whoever formatted them before.
 */
export function installStackPositions(): void {
  const before = Error.prepareStackTrace;
  Error.prepareStackTrace = (error, sites) => {
    if ((error as unknown) instanceof FrameProbe) return innermost(sites);
    const last = sites.findLastIndex(isUsers);
    if (before && last < 0) return before(error, sites);
    // Below the user's first frame is only what runs entries.
    const shown = last < 0 ? sites : sites.slice(0, last + 1);
    return [headerOf(error), ...shown.map((site) => `    at ${frameText(site)}`)].join('\n');
  };
}
