// The text of a query from a template: datasets become names of tables, values become parameters, and positions lead back.
import { MillraceError } from '../base/errors';

/** What stands in a hole of the template. */
export type Hole = { readonly kind: 'table'; readonly name: string } | { readonly kind: 'value' };

interface Piece {
  /** Where it begins in the query, and in the template as it is shown. */
  readonly at: number;
  readonly shownAt: number;
  readonly length: number;
  readonly shownLength: number;
}

/** How a hole is shown in errors. */
const shownHole = '${…}';

/** The name of a table in the text of a query. */
const quotedName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** What of a SQL text is open at its end: nothing, a text in quotes, a name in quotes, or a comment. */
function openAt(text: string): string | undefined {
  const opening = /'|"|--|\/\*|\$(\w*)\$/g;
  for (let match = opening.exec(text); match; match = opening.exec(text)) {
    const [open] = match;
    const close = open === '--' ? '\n' : open === '/*' ? '*/' : open;
    const end = text.indexOf(close, opening.lastIndex);
    if (end < 0) return open;
    opening.lastIndex = end + close.length;
  }
  return undefined;
}

/** The text of a template as it was typed, but for what protects its backquotes and holes. */
export const typedText = (raw: string): string => raw.replace(/\\(`|\$\{|\$(?=\{))/g, '$1');

/** A query, put together, and where its parts stand in the template. */
export class QueryText {
  readonly text: string;
  /** The template as errors show it. */
  readonly shown: string;
  readonly #pieces: readonly Piece[];

  /** Throws BAD_SQL for a hole within quotes or a comment. */
  constructor(strings: readonly string[], holes: readonly Hole[]) {
    const pieces: Piece[] = [];
    let [text, shown] = ['', ''];
    let parameter = 0;
    const add = (part: string, shownPart = part) => {
      pieces.push({ at: text.length, shownAt: shown.length, length: part.length, shownLength: shownPart.length });
      text += part;
      shown += shownPart;
    };
    for (const [i, part] of strings.entries()) {
      add(part);
      const hole = holes[i];
      if (hole === undefined) continue;
      const open = openAt(text);
      add(hole.kind === 'table' ? quotedName(hole.name) : `$${++parameter}`, shownHole);
      if (open !== undefined) throw this.#within(open, strings, i, shown.length - shownHole.length);
    }
    this.text = text;
    this.shown = shown;
    this.#pieces = pieces;
  }

  #within(open: string, strings: readonly string[], hole: number, at: number): MillraceError {
    const whole = strings.map((part, i) => (i <= hole ? part : '')).join(shownHole);
    const isComment = open === '--' || open === '/*';
    return badSql({
      message: `A value stands within ${isComment ? 'a comment' : 'quotes'}`,
      shown: whole.slice(0, at + shownHole.length),
      at,
      remedy: isComment
        ? 'Take it out of the comment.'
        : "Leave out the quotes: values are never part of the text. Join texts with ||, as in like '%' || ${word} || '%'.",
    });
  }

  /** The part of the template, literals and holes by turns, that has a position of the query. */
  pieceAt(position: number): { readonly piece: number; readonly offset: number } {
    const piece = Math.max(
      0,
      this.#pieces.findLastIndex(({ at }) => at <= position),
    );
    return { piece, offset: position - this.#pieces[piece].at };
  }

  /** Where a position of the query is in the template as it is shown. */
  shownAt(position: number): number {
    const piece = this.#pieces.findLast(({ at }) => at <= position);
    if (!piece) return 0;
    return piece.shownAt + Math.min(position - piece.at, piece.length === piece.shownLength ? piece.length : 0);
  }
}

interface BadSql {
  readonly message: string;
  readonly shown: string;
  readonly at?: number;
  readonly remedy?: string;
}

/** Longer lines of a query are shown around the place only. */
const shownColumns = 100;

/** BAD_SQL with the line of the query and a caret below the place. */
export function badSql({ message, shown, at, remedy }: BadSql): MillraceError {
  const excerpt = at === undefined ? '' : `\n${lineWithCaret(shown, at)}`;
  return new MillraceError('BAD_SQL', { message, excerpt, remedy: remedy ?? 'Mend the query.' });
}

function lineWithCaret(shown: string, at: number): string {
  const start = shown.lastIndexOf('\n', at - 1) + 1;
  const end = shown.indexOf('\n', at);
  const line = shown.slice(start, end < 0 ? undefined : end);
  const from = Math.max(0, at - start - shownColumns / 2);
  const part = line.slice(from, from + shownColumns);
  const indent = part.length - part.trimStart().length;
  const column = Math.max(0, at - start - from - indent);
  return `  ${part.trim()}\n  ${' '.repeat(column)}^`;
}
