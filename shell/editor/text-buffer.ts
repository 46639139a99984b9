// The entry being edited: text, cursor, cuts and undo. It knows nothing of keys or of the screen.

import { clusters, widthOf } from '../print/width';
import { KillRing } from './kill-ring';
import { type State, UndoHistory } from './undo';

const wordCharacter = /[\p{L}\p{M}\p{N}_$]/u;
const wordThenGap = /[\p{L}\p{M}\p{N}_$]+[^\p{L}\p{M}\p{N}_$]*$/u;
const gapThenWord = /^[^\p{L}\p{M}\p{N}_$]*[\p{L}\p{M}\p{N}_$]*/u;
/** The cursor crosses longer words in several steps. */
const maxWord = 4096;

type CutSide = 'before' | 'after';

export class TextBuffer {
  #text = '';
  #cursor = 0;
  readonly #kills = new KillRing();
  readonly #undo = new UndoHistory();
  /** The last action was a cut, so that the next one joins it. */
  #cutting = false;
  /** The range of the last pasted cut; an earlier cut can replace it. */
  #pasted: readonly [start: number, end: number] | undefined;
  /** The column that Up and Down keep across shorter lines. */
  #goal: number | undefined;

  get text(): string {
    return this.#text;
  }

  get cursor(): number {
    return this.#cursor;
  }

  /** Starts another entry with the cursor at its end by default; undo stops here. */
  set(text: string, cursor = text.length): void {
    this.#undo.clear();
    this.#restore({ text, cursor });
  }

  /** Types a text; consecutive letters are undone together, one word at a time. */
  type(text: string): void {
    const isWord = wordCharacter.test(text.slice(-1));
    if (!isWord) this.#undo.pause();
    this.#change(this.#cursor, this.#cursor, text, 'type');
  }

  insert(text: string): void {
    this.replace(this.#cursor, this.#cursor, text);
  }

  /** Replaces a range; the cursor goes after the inserted text. */
  replace(start: number, end: number, text: string): void {
    this.#change(start, end, text, undefined);
  }

  /** Replaces everything, as one undo step. */
  rewrite(text: string, cursor = text.length): void {
    if (text !== this.#text) this.#change(0, this.#text.length, text, undefined);
    this.#moveTo(cursor);
  }

  undo(): void {
    this.#restore(this.#undo.undo(this.#state));
  }

  redo(): void {
    this.#restore(this.#undo.redo(this.#state));
  }

  /** Moves the cursor back by so many units of the text. */
  back(units: number): void {
    this.#moveTo(this.#cursor - units);
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

  entryStart(): void {
    this.#moveTo(0);
  }

  entryEnd(): void {
    this.#moveTo(this.#text.length);
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
    if (this.#cursor > 0) this.#change(this.#cursor - this.#clusterBefore().length, this.#cursor, '', 'backspace');
  }

  deleteForward(): void {
    const cursor = this.#cursor;
    if (cursor < this.#text.length) this.#change(cursor, cursor + this.#clusterAfter().length, '', 'delete');
  }

  /** Cuts to the end of the line; at its end, the newline. */
  cutToLineEnd(): void {
    const end = this.#endOfLine();
    this.#cut(this.#cursor, end > this.#cursor ? end : Math.min(end + 1, this.#text.length), 'after');
  }

  /** Cuts to the start of the line; at its start, the newline before it. */
  cutToLineStart(): void {
    const start = this.#startOfLine();
    this.#cut(start < this.#cursor ? start : Math.max(0, start - 1), this.#cursor, 'before');
  }

  /** Cuts back to the space before the cursor's word, as the Unix line discipline does. */
  cutBackToSpace(): void {
    const before = this.#text.slice(0, this.#cursor);
    let at = before.trimEnd().length;
    while (at > 0 && !/\s/.test(before[at - 1])) at--;
    this.#cut(at, this.#cursor, 'before');
  }

  cutWordLeft(): void {
    this.#cut(this.#wordStart(), this.#cursor, 'before');
  }

  cutWordRight(): void {
    this.#cut(this.#cursor, this.#wordEnd(), 'after');
  }

  /** Cuts everything, so that pasting the cut restores a dropped entry. */
  cutAll(): void {
    this.#cut(0, this.#text.length, 'before');
  }

  pasteCut(): void {
    this.#pasteOver(this.#cursor, this.#cursor, this.#kills.newest());
  }

  /** After a paste: replaces it by the previous cut. */
  pasteEarlierCut(): void {
    if (this.#pasted) this.#pasteOver(...this.#pasted, this.#kills.rotate());
  }

  /** Swaps the two characters around the cursor; at the end of a line, the two before it. */
  transpose(): void {
    if (this.#cursor === this.#endOfLine()) this.left();
    const [before, after] = [this.#clusterBefore(), this.#clusterAfter()];
    if (before === '' || after === '' || before === '\n' || after === '\n') return;
    this.replace(this.#cursor - before.length, this.#cursor + after.length, after + before);
  }

  /** Swaps the word before the cursor with the word at or after it. */
  transposeWords(): void {
    const end = this.#wordEnd();
    const start = end - (/[\p{L}\p{M}\p{N}_$]+$/u.exec(this.#text.slice(0, end))?.[0].length ?? 0);
    const before = wordThenGap.exec(this.#text.slice(0, start))?.[0];
    if (start === end || !before) return;
    const word = /^[\p{L}\p{M}\p{N}_$]+/u.exec(before)![0];
    this.replace(start - before.length, end, this.#text.slice(start, end) + before.slice(word.length) + word);
  }

  upperWord(): void {
    this.#changeWord((word) => word.toUpperCase());
  }

  lowerWord(): void {
    this.#changeWord((word) => word.toLowerCase());
  }

  capitalWord(): void {
    this.#changeWord((word) => word.toLowerCase().replace(/\p{L}/u, (letter) => letter.toUpperCase()));
  }

  get #state(): State {
    return { text: this.#text, cursor: this.#cursor };
  }

  #restore(state: State | undefined): void {
    if (!state) return;
    this.#text = state.text;
    this.#moveTo(state.cursor);
  }

  #change(start: number, end: number, text: string, run: string | undefined): void {
    this.#undo.changing(this.#state, run);
    this.#text = this.#text.slice(0, start) + text + this.#text.slice(end);
    this.#place(start + text.length);
  }

  /** Moving the cursor ends a run of typing and of cuts. */
  #moveTo(position: number): void {
    this.#undo.pause();
    this.#place(position);
  }

  #place(position: number): void {
    this.#cursor = Math.max(0, Math.min(position, this.#text.length));
    this.#goal = undefined;
    this.#cutting = false;
    this.#pasted = undefined;
  }

  #cut(start: number, end: number, side: CutSide): void {
    if (start === end) return;
    this.#kills.add(this.#text.slice(start, end), this.#cutting ? side : undefined);
    this.replace(start, end, '');
    this.#cutting = true;
  }

  #pasteOver(start: number, end: number, cut: string): void {
    this.replace(start, end, cut);
    this.#pasted = [start, start + cut.length];
  }

  #changeWord(change: (word: string) => string): void {
    const end = this.#wordEnd();
    const word = this.#text.slice(this.#cursor, end);
    if (word !== '') this.replace(this.#cursor, end, change(word));
  }

  #startOfLine(): number {
    return this.#cursor === 0 ? 0 : this.#text.lastIndexOf('\n', this.#cursor - 1) + 1;
  }

  #endOfLine(): number {
    const end = this.#text.indexOf('\n', this.#cursor);
    return end < 0 ? this.#text.length : end;
  }

  #clusterBefore(): string {
    // A grapheme cluster never crosses a newline and is short: part of the line is enough.
    const from = Math.max(this.#startOfLine(), this.#cursor - maxWord);
    return clusters(this.#text.slice(from, this.#cursor)).at(-1) ?? this.#text.slice(this.#cursor - 1, this.#cursor);
  }

  #clusterAfter(): string {
    const to = Math.min(this.#endOfLine(), this.#cursor + maxWord);
    return clusters(this.#text.slice(this.#cursor, to))[0] ?? this.#text.slice(this.#cursor, this.#cursor + 1);
  }

  #wordStart(): number {
    const before = this.#text.slice(Math.max(0, this.#cursor - maxWord), this.#cursor);
    return this.#cursor - (wordThenGap.exec(before)?.[0].length ?? before.length);
  }

  #wordEnd(): number {
    const after = this.#text.slice(this.#cursor, this.#cursor + maxWord);
    return this.#cursor + (gapThenWord.exec(after)?.[0].length ?? 0);
  }

  #moveToColumn(lineStart: number, lineEnd: number): void {
    const goal = this.#goal ?? widthOf(this.#text.slice(this.#startOfLine(), this.#cursor));
    let position = lineStart;
    let width = 0;
    for (const cluster of clusters(this.#text.slice(lineStart, Math.min(lineEnd, lineStart + maxWord)))) {
      width += widthOf(cluster);
      if (width > goal) break;
      position += cluster.length;
    }
    this.#moveTo(position);
    this.#goal = goal;
  }
}
