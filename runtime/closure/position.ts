// Positions: from emitted JavaScript to the user's text, and from the frames of running code back to it.
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import type { Place } from '../base/place';
import { type EditedText, lastAtMost } from './instrument/edits';

/** Offsets at which the lines of a text start. */
export function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** The zero-based line that holds an offset. */
function lineOf(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (starts[middle] <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Emitted JavaScript with the way from its offsets to the text that the user wrote. */
export class ProgramText {
  readonly #starts: number[];
  readonly #map: string | undefined;
  readonly #ofPackage: boolean;
  #trace: TraceMap | undefined;
  /** The line of the file on which the user's text starts, one-based. */
  readonly firstLine: number;
  /** The file whose `require` and `import.meta` these are: an absolute path. */
  readonly home: string;

  constructor(
    readonly file: string,
    readonly js: string,
    {
      map,
      firstLine = 1,
      home = file,
      ofPackage = false,
    }: { map?: string; firstLine?: number; home?: string; ofPackage?: boolean } = {},
  ) {
    this.#map = map;
    this.#ofPackage = ofPackage;
    this.firstLine = firstLine;
    this.home = home;
    this.#starts = lineStartsOf(js);
  }

  place(offset: number): Place {
    const line = lineOf(this.#starts, offset);
    const column = offset - this.#starts[line];
    const original = this.#original(line, column);
    return { file: this.file, line: original.line + this.firstLine, column: original.column + 1 };
  }

  /** Whether the user wrote what stands there: not a package, and the compiler's own helpers have no source. */
  isUsers(offset: number): boolean {
    if (this.#ofPackage) return false;
    const line = lineOf(this.#starts, offset);
    return this.#map === undefined || this.#find(line, offset - this.#starts[line]) !== undefined;
  }

  /** Zero-based line and column of the user's text. */
  #original(line: number, column: number): { line: number; column: number } {
    return this.#find(line, column) ?? { line, column };
  }

  #find(line: number, column: number): { line: number; column: number } | undefined {
    if (this.#map === undefined) return undefined;
    this.#trace ??= new TraceMap(this.#map);
    const found = originalPositionFor(this.#trace, { line: line + 1, column });
    return found.line === null ? undefined : { line: found.line - 1, column: found.column };
  }
}

interface Running {
  place(line: number, column: number): Place;
}

const running = new Map<string, Running>();

/**
 * The place in the user's text of a stack frame, one-based line and column. Frames of scripts that were neither instrumented nor
 * revived in this process are answered as they are.
 */
export function mapFrame(file: string, line: number, column: number): Place {
  return running.get(file)?.place(line, column) ?? { file, line, column };
}

let areStacksMapped = false;

/** From now on `error.stack` of this process has places of the user's text already. */
export function stacksAreMapped(): void {
  areStacksMapped = true;
}

/** The place in the user's text of a frame that `error.stack` has. */
export function placeInStack(file: string, line: number, column: number): Place {
  return areStacksMapped ? { file, line, column } : mapFrame(file, line, column);
}

/** True if the file is the user's code that this process instrumented or revived. */
export function isUserScript(file: string): boolean {
  return running.has(file);
}

/** Makes frames of an instrumented text known; a newer text of the same file replaces it. */
export function registerText(file: string, text: ProgramText, edited: EditedText): void {
  let starts: number[] | undefined;
  running.set(file, {
    place(line, column) {
      starts ??= lineStartsOf(edited.code);
      const offset = (starts[line - 1] ?? edited.code.length) + column - 1;
      return text.place(edited.sourceOffset(offset));
    },
  });
}

/** Makes frames of a revived script known: `positions` as `encodePositions` wrote them. */
export function registerScript(name: string, file: string, positions: string): void {
  if (running.has(name)) return;
  let decoded: Segment[] | undefined;
  running.set(name, {
    place(line, column) {
      decoded ??= decodePositions(positions);
      const found = lastAtMost(decoded, line * columnsPerLine + column, (s) => s.line * columnsPerLine + s.column);
      if (!found) return { file, line, column };
      const further = found.line === line ? column - found.column : 0;
      return { file, line: found.placeLine, column: found.placeColumn + further };
    },
  });
}

/** Larger than any column, so that a line and a column compare as one number. */
const columnsPerLine = 1 << 24;

interface Segment {
  readonly line: number;
  readonly column: number;
  readonly placeLine: number;
  readonly placeColumn: number;
}

/** A token or the start of a line: the places where positions of two texts are matched. */
const matched = /[\w$]+|["'`]|[^\s\w$]/g;

/**
 * The positions of a script made from a part of `text`, as text: for each token of `code` that was kept its line and column, and
 * the place of the user's text, each as the difference to the one before.
 */
export function encodePositions(text: ProgramText, edited: EditedText, base: number): string {
  const starts = lineStartsOf(edited.code);
  const parts: string[] = [];
  let last = [0, 0, 0, 0];
  for (const run of edited.kept) {
    const kept = edited.code.slice(run.output, run.output + run.length);
    for (const token of kept.matchAll(matched)) {
      const output = run.output + token.index;
      const line = lineOf(starts, output);
      const place = text.place(base + run.source + token.index);
      const next = [line + 1, output - starts[line] + 1, place.line, place.column];
      // Where both texts went on in step there is nothing to say.
      if (next[0] === last[0] && next[2] === last[2] && next[1] - last[1] === next[3] - last[3]) continue;
      parts.push(next.map((value, i) => (value - last[i]).toString(36)).join(','));
      last = next;
    }
  }
  return parts.join(';');
}

function decodePositions(positions: string): Segment[] {
  if (positions === '') return [];
  const last = [0, 0, 0, 0];
  return positions.split(';').map((part) => {
    part.split(',').forEach((delta, i) => {
      last[i] += Number.parseInt(delta, 36);
    });
    return { line: last[0], column: last[1], placeLine: last[2], placeColumn: last[3] };
  });
}
