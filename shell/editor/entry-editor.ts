// Applies keys to the entry being edited, to its menu and hints, and to the search through earlier entries.

import { safeText } from '../print/width';
import { type EditorHost, isForced } from './editor';
import { closingIndentation, newLineAt } from './indent';
import { type Action, actionOf, chordOf, isPrefix, type Key, typedText } from './keys';
import { pastedText } from './paste';
import { type Earlier, HistorySearch, HistoryWalk } from './recall-history';
import { SignatureHints } from './signature-hints';
import { Completing } from './tab-key';
import { TextBuffer } from './text-buffer';

/** What the entry editor needs of its screen. */
export interface EntryScreen {
  readonly rows: number;
  /** The view has changed: paint it. */
  changed(): void;
  print(text: string): void;
  /** The user submitted an empty entry. */
  emptyEntry(): void;
  clearScreen(): void;
  /** Gives the terminal back until the shell is in the foreground again. */
  suspend(): void;
  /** Opens the text in the user's own editor; undefined if that changed nothing. */
  editOutside(text: string): Promise<string | undefined>;
}

export class EntryEditor {
  readonly buffer = new TextBuffer();
  readonly completing: Completing;
  readonly hints: SignatureHints;
  readonly #host: EditorHost;
  readonly #screen: EntryScreen;
  readonly #earlier: Earlier;
  readonly #walk: HistoryWalk;
  #search: HistorySearch | undefined;
  /** The first of two chords that belong together. */
  #prefix: string | undefined;
  /** Keys and pastes that wait for an answer on which they depend. */
  #held: (() => void)[] | undefined;
  #blockRead: ((text: string | undefined) => void) | undefined;
  #about: string | undefined;

  constructor(host: EditorHost, screen: EntryScreen, earlier: Earlier) {
    this.#host = host;
    this.#screen = screen;
    this.#earlier = earlier;
    this.#walk = new HistoryWalk(() => earlier.entries());
    const changed = () => screen.changed();
    this.completing = new Completing(this.buffer, (text, cursor) => host.complete(text, cursor), changed);
    this.hints = new SignatureHints((text, cursor) => host.signature(text, cursor), changed);
  }

  get search(): HistorySearch | undefined {
    return this.#search;
  }

  /** Whether `.editor` reads lines, until Ctrl-D. */
  get readsBlock(): boolean {
    return this.#blockRead !== undefined;
  }

  readBlock(): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.#blockRead = resolve;
    });
  }

  /** Takes a key; `inText` if it came in the middle of text too fast to be typed. */
  key(text: string | undefined, key: Key, inText: boolean): void {
    this.#orHold(() => this.#handle(text, key, inText));
  }

  paste(text: string): void {
    this.#orHold(() => {
      this.#leaveSearch();
      this.completing.close();
      this.buffer.insert(pastedText(text));
    });
  }

  /** The lines under the entry. */
  below(columns: number, color: boolean): string[] {
    if (this.#search) return [];
    if (this.completing.isOpen) return this.completing.rows(columns, color);
    if (this.#about !== undefined) return safeText(this.#about).split('\n');
    return this.#blockRead ? [] : this.hints.rows(columns, color);
  }

  #orHold(work: () => void): void {
    if (this.#held) {
      this.#held.push(work);
      return;
    }
    work();
    if (!this.#search) this.hints.moved(this.buffer.text, this.buffer.cursor);
    this.#screen.changed();
  }

  /** Holds keys until the answer is there; an Enter among them may hold the rest again. */
  #holdFor<T>(answer: Promise<T>, then: (value: T) => void): void {
    this.#held = [];
    const release = (goOn: () => void) => {
      const held = this.#held ?? [];
      this.#held = undefined;
      this.#orHold(goOn);
      for (const work of held) this.#orHold(work);
    };
    answer.then(
      (value) => release(() => then(value)),
      () => release(() => undefined),
    );
  }

  #handle(text: string | undefined, key: Key, inText: boolean): void {
    const chord = chordOf(key);
    if (this.#prefix === undefined && isPrefix(chord)) {
      this.#prefix = chord;
      return;
    }
    const action = actionOf(this.#prefix === undefined ? chord : `${this.#prefix} ${chord}`);
    const ofTwo = this.#prefix !== undefined;
    this.#prefix = undefined;
    if (ofTwo && action === undefined) return;
    this.#about = undefined;
    if (this.#search) this.#searchKey(text, key, action, inText);
    else this.#editKey(text, key, action, inText);
  }

  #editKey(text: string | undefined, key: Key, action: Action | undefined, inText: boolean): void {
    if (action === 'complete' || action === 'completeBack') {
      this.#tab(action === 'complete' ? 1 : -1);
      return;
    }
    this.completing.close();
    if (action === undefined) this.#type(typedText(text, key), inText);
    else if (action === 'enter') this.#enter(inText);
    else this.#act(action);
  }

  #type(typed: string | undefined, inText: boolean): void {
    if (typed === undefined) return;
    const { text, cursor } = this.buffer;
    const indentation = /^[)\]}]$/.test(typed) && !inText && !this.#blockRead ? closingIndentation(text, cursor) : undefined;
    if (indentation === undefined) this.buffer.type(typed);
    else this.buffer.replace(text.lastIndexOf('\n', cursor - 1) + 1, cursor, indentation + typed);
  }

  #act(action: Exclude<Action, 'enter' | 'complete' | 'completeBack'>): void {
    switch (action) {
      case 'newline':
        this.#newLine(false);
        return;
      case 'up':
        if (!this.buffer.up()) this.#recall(this.#walk.older(this.buffer.text));
        return;
      case 'down':
        if (!this.buffer.down()) this.#recall(this.#walk.newer());
        return;
      case 'pageUp':
        for (let row = 1; row < this.#screen.rows && this.buffer.up(); row++);
        return;
      case 'pageDown':
        for (let row = 1; row < this.#screen.rows && this.buffer.down(); row++);
        return;
      case 'searchBack':
        this.#search = new HistorySearch(this.#earlier.refreshed());
        return;
      case 'about':
        void this.#showAbout();
        return;
      case 'externalEditor':
        this.#holdFor(this.#screen.editOutside(this.buffer.text), (text) => {
          if (text !== undefined) this.buffer.rewrite(text);
        });
        return;
      case 'suspend':
        this.#screen.suspend();
        return;
      case 'clearScreen':
        this.#screen.clearScreen();
        return;
      case 'interrupt':
        this.#interrupt();
        return;
      case 'endOfInput':
        this.#endOfInput();
        return;
      case 'searchForward':
      case 'cancel':
        return;
      default:
        this.buffer[action]();
    }
  }

  #recall(entry: string | undefined): void {
    if (entry !== undefined) this.buffer.set(entry);
  }

  #newLine(inText: boolean): void {
    if (inText || this.#blockRead) {
      this.buffer.insert('\n');
      return;
    }
    const { text, cursor } = this.buffer;
    const { indentation, after } = newLineAt(text, cursor);
    const lineStart = text.lastIndexOf('\n', cursor - 1) + 1;
    // A line with nothing but indentation loses it.
    const from = text.slice(lineStart, cursor).trim() === '' ? lineStart : cursor;
    this.buffer.replace(from, cursor, `\n${indentation}${after}`);
    if (after !== '') this.buffer.back(after.length);
  }

  #enter(inText: boolean): void {
    const text = this.buffer.text;
    if (this.#blockRead) this.buffer.insert('\n');
    else if (text.trim() === '') {
      this.buffer.set('');
      this.#screen.emptyEntry();
    } else if (isForced(text)) this.#submit(text);
    else this.#askWhetherComplete(text, inText);
  }

  #askWhetherComplete(text: string, inText: boolean): void {
    const answer = this.#host.isComplete(text);
    const go = (complete: boolean) => {
      if (complete) this.#submit(text);
      else this.#newLine(inText);
    };
    if (typeof answer === 'boolean') go(answer);
    else
      this.#holdFor(
        answer.catch(() => true),
        go,
      );
  }

  #submit(text: string): void {
    this.buffer.set('');
    this.#walk.reset();
    this.hints.clear();
    this.#host.submit(text.trimEnd());
  }

  #interrupt(): void {
    if (this.#blockRead) this.#endBlockRead(undefined);
    else if (this.buffer.text === '') this.#host.interrupt();
    else {
      this.buffer.cutAll();
      this.#walk.reset();
    }
  }

  #endOfInput(): void {
    if (this.#blockRead) this.#endBlockRead(this.buffer.text);
    else if (this.buffer.text === '') this.#host.leave();
    else this.buffer.deleteForward();
  }

  #endBlockRead(text: string | undefined): void {
    const resolve = this.#blockRead;
    this.#blockRead = undefined;
    this.buffer.set('');
    if (text !== undefined && text !== '') this.#screen.print(text.replace(/\n?$/, '\n'));
    resolve?.(text);
  }

  #searchKey(text: string | undefined, key: Key, action: Action | undefined, inText: boolean): void {
    const search = this.#search;
    if (!search) return;
    const typed = action === undefined ? typedText(text, key) : undefined;
    if (action === 'searchBack') search.next(-1);
    else if (action === 'searchForward') search.next(1);
    else if (action === 'backspace') search.erase();
    else if (typed !== undefined) search.type(typed);
    else if (action === 'cancel' || action === 'interrupt') this.#search = undefined;
    else {
      this.#leaveSearch();
      this.#editKey(text, key, action, inText);
    }
  }

  /** Ends the search and takes its match as the entry, to edit or submit. */
  #leaveSearch(): void {
    if (this.#search?.match) this.buffer.set(this.#search.match);
    if (this.#search) this.#walk.reset();
    this.#search = undefined;
  }

  #tab(step: 1 | -1): void {
    const { text, cursor } = this.buffer;
    const lineBefore = text.slice(text.lastIndexOf('\n', cursor - 1) + 1, cursor);
    if (!this.completing.isOpen && (lineBefore.trim() === '' || this.#blockRead)) this.buffer.insert('  ');
    else this.completing.tab(step);
  }

  async #showAbout(): Promise<void> {
    const { text, cursor } = this.buffer;
    const about = await this.#host.about(text, cursor).catch(() => undefined);
    if (this.buffer.text !== text || this.buffer.cursor !== cursor) return;
    this.#about = about ?? 'Nothing is known of what is here.';
    this.#screen.changed();
  }
}
