// The entry being edited: its text, the cursor, and what was cut from it. Knows nothing of keys or of the screen.
import { clusters, widthOf } from './width';

const wordCharacter = /[\p{L}\p{N}_$]/u;

export class TextBuffer {
  #text = '';
  #cursor = 0;
  #cut = '';
  /** The column that Up and Down keep while they pass shorter lines. */
  #goal: number | undefined;

  get text(): string {
    return this.#text;
  }

  get cursor(): number {
    return this.#cursor;
  }

  /** Replaces everything; the cursor goes to the end unless told. */
  set(text: string, cursor = text.length): void {
    this.#text = text;
    this.#moveTo(cursor);
  }

  insert(text: string): void {
    this.replace(this.#cursor, this.#cursor, text);
  }

  /** Replaces a range; the cursor goes behind what was inserted. */
  replace(start: number, end: number, text: string): void {
    this.#text = this.#text.slice(0, start) + text + this.#text.slice(end);
    this.#moveTo(start + text.length);
  }

  left(): void {
    this.#moveTo(this.#cursor - this.#clusterBefore().length);
  }

  right(): void {
    this.#moveTo(this.#cursor + this.#clusterAfter().length);
  }

  wordLeft(): void {
    this.#moveTo(this.#wordStart());
  }

  wordRight(): void {
    this.#moveTo(this.#wordEnd());
  }

  lineStart(): void {
    this.#moveTo(this.#startOfLine());
  }

  lineEnd(): void {
    this.#moveTo(this.#endOfLine());
  }

  /** Moves one line up; false on the first line. */
  up(): boolean {
    const start = this.#startOfLine();
    if (start === 0) return false;
    this.#moveToColumn(this.#text.lastIndexOf('\n', start - 2) + 1, start - 1);
    return true;
  }

  /** Moves one line down; false on the last line. */
  down(): boolean {
    const end = this.#endOfLine();
    if (end === this.#text.length) return false;
    const nextEnd = this.#text.indexOf('\n', end + 1);
    this.#moveToColumn(end + 1, nextEnd < 0 ? this.#text.length : nextEnd);
    return true;
  }

  backspace(): void {
    this.replace(this.#cursor - this.#clusterBefore().length, this.#cursor, '');
  }

  deleteForward(): void {
    const cursor = this.#cursor;
    this.replace(cursor, cursor + this.#clusterAfter().length, '');
  }

  /** Cuts to the end of the line; at its end, the newline. */
  cutToLineEnd(): void {
    const end = this.#endOfLine();
    this.#cutRange(this.#cursor, end > this.#cursor ? end : Math.min(end + 1, this.#text.length));
  }

  /** Cuts to the start of the line; at its start, the newline before it. */
  cutToLineStart(): void {
    const start = this.#startOfLine();
    this.#cutRange(start < this.#cursor ? start : Math.max(0, start - 1), this.#cursor);
  }

  /** Cuts back to the space before the cursor's word, as the Unix line discipline does. */
  cutBackToSpace(): void {
    const before = this.#text.slice(0, this.#cursor);
    const kept = before.replace(/\S*\s*$/, '');
    this.#cutRange(kept.length, this.#cursor);
  }

  cutWordLeft(): void {
    this.#cutRange(this.#wordStart(), this.#cursor);
  }

  cutWordRight(): void {
    this.#cutRange(this.#cursor, this.#wordEnd());
  }

  /** Cuts everything, so that a dropped entry can be had back by pasting the cut. */
  cutAll(): void {
    this.#cutRange(0, this.#text.length);
  }

  pasteCut(): void {
    this.insert(this.#cut);
  }

  #moveTo(position: number): void {
    this.#cursor = Math.max(0, Math.min(position, this.#text.length));
    this.#goal = undefined;
  }

  #cutRange(start: number, end: number): void {
    if (start === end) return;
    this.#cut = this.#text.slice(start, end);
    this.replace(start, end, '');
  }

  #startOfLine(): number {
    return this.#cursor === 0 ? 0 : this.#text.lastIndexOf('\n', this.#cursor - 1) + 1;
  }

  #endOfLine(): number {
    const end = this.#text.indexOf('\n', this.#cursor);
    return end < 0 ? this.#text.length : end;
  }

  #clusterBefore(): string {
    // A cluster never crosses a newline, so the line is enough to look at.
    return (
      clusters(this.#text.slice(this.#startOfLine(), this.#cursor)).at(-1) ?? this.#text.slice(this.#cursor - 1, this.#cursor)
    );
  }

  #clusterAfter(): string {
    return clusters(this.#text.slice(this.#cursor, this.#endOfLine()))[0] ?? this.#text.slice(this.#cursor, this.#cursor + 1);
  }

  #wordStart(): number {
    const before = Array.from(this.#text.slice(0, this.#cursor));
    let at = before.length;
    while (at > 0 && !wordCharacter.test(before[at - 1])) at--;
    while (at > 0 && wordCharacter.test(before[at - 1])) at--;
    return before.slice(0, at).join('').length;
  }

  #wordEnd(): number {
    const after = Array.from(this.#text.slice(this.#cursor));
    let at = 0;
    while (at < after.length && !wordCharacter.test(after[at])) at++;
    while (at < after.length && wordCharacter.test(after[at])) at++;
    return this.#cursor + after.slice(0, at).join('').length;
  }

  #moveToColumn(lineStart: number, lineEnd: number): void {
    const goal = this.#goal ?? widthOf(this.#text.slice(this.#startOfLine(), this.#cursor));
    let position = lineStart;
    let width = 0;
    for (const cluster of clusters(this.#text.slice(lineStart, lineEnd))) {
      width += widthOf(cluster);
      if (width > goal) break;
      position += cluster.length;
    }
    this.#moveTo(position);
    this.#goal = goal;
  }
}
