// The editor of a real terminal: keys in, one block painted at the bottom, everything else printed above it.
import { emitKeypressEvents } from 'node:readline';
import type { ReadStream, WriteStream } from 'node:tty';
import { Block } from './block';
import { continuationText, type Editor, type EditorHost, isForced, type PaneRenderer, promptText, withPrompts } from './editor';
import { type Action, actionOf, type Key, typedText } from './keys';
import { layout, type View } from './layout';
import { commonPrefix, Menu } from './menu';
import { pastedText } from './paste';
import { Printed } from './printed';
import { HistoryWalk, ReverseSearch } from './recall';
import { TextBuffer } from './text-buffer';
import { safeText } from './width';

/** Waiting entries shown before the rest is only counted. */
const waitingShown = 5;

const pasteOn = '\x1b[?2004h';
const pasteOff = '\x1b[?2004l';

type Press = readonly [text: string | undefined, key: Key];

export class BlockEditor implements Editor {
  readonly #input: ReadStream;
  readonly #output: WriteStream;
  readonly #block: Block;
  readonly #entries: () => readonly string[];
  readonly #buffer = new TextBuffer();
  readonly #walk: HistoryWalk;
  #host: EditorHost | undefined;
  #search: ReverseSearch | undefined;
  #menu: Menu | undefined;
  #paste: string[] | undefined;
  /** Keys that came while the type service was asked whether the entry is whole. */
  #held: Press[] | undefined;
  #blockRead: ((text: string | undefined) => void) | undefined;
  /** The terminal is as it was found: what is still said just follows. */
  #stopped = false;
  #busy = false;
  #progress: string | undefined;
  #waiting: readonly string[] = [];
  #panes: PaneRenderer | undefined;
  readonly #printed = new Printed();
  #paintDue = false;
  readonly #onKey = (text: string | undefined, key: Key | undefined) => this.#press(text, key ?? {});
  readonly #onResize = () => this.#resized();
  readonly #onEnd = () => this.#host?.leave();

  /** `entries` are the earlier entries, oldest first. */
  constructor(input: ReadStream, output: WriteStream, entries: () => readonly string[]) {
    this.#input = input;
    this.#output = output;
    this.#block = new Block(output);
    this.#entries = entries;
    this.#walk = new HistoryWalk(entries);
  }

  start(host: EditorHost): void {
    this.#host = host;
    this.#input.setRawMode(true);
    this.#output.write(pasteOn);
    this.#paintNow();
    emitKeypressEvents(this.#input);
    this.#input.on('keypress', this.#onKey);
    this.#input.on('end', this.#onEnd);
    this.#output.on('resize', this.#onResize);
    this.#input.resume();
  }

  print(text: string): void {
    if (this.#stopped) this.#output.write(safeText(text));
    this.#printed.add(text);
    this.#paintSoon();
  }

  echo(entry: string): void {
    this.#printed.addEntry(entry);
    this.#paintSoon();
  }

  setBusy(busy: boolean): void {
    this.#busy = busy;
    if (!busy) this.#printed.endLine();
    this.#paintSoon();
  }

  setProgress(line: string | undefined): void {
    this.#progress = line === undefined ? undefined : safeText(line).replaceAll('\n', ' ');
    this.#paintSoon();
  }

  setWaiting(entries: readonly string[]): void {
    this.#waiting = entries;
    this.#paintSoon();
  }

  setPanes(render: PaneRenderer | undefined): void {
    this.#panes = render;
    this.#paintSoon();
  }

  edit(text: string): void {
    this.#buffer.set(text + this.#buffer.text);
    this.#paintSoon();
  }

  readBlock(): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.#blockRead = resolve;
      this.#paintSoon();
    });
  }

  clearScreen(): void {
    this.#block.clearScreen();
    this.#paintSoon();
  }

  suspend(): () => void {
    const host = this.#host;
    this.stop();
    this.#stopped = false;
    return () => host && this.start(host);
  }

  stop(): void {
    if (!this.#host) return;
    this.#host = undefined;
    this.#stopped = true;
    this.#input.off('keypress', this.#onKey);
    this.#input.off('end', this.#onEnd);
    this.#output.off('resize', this.#onResize);
    this.#printed.endLine();
    this.#block.remove(this.#printed.take());
    this.#output.write(pasteOff);
    this.#input.setRawMode(false);
    this.#input.pause();
  }

  #press(text: string | undefined, key: Key): void {
    if (this.#held) this.#held.push([text, key]);
    else this.#handle(text, key);
  }

  #handle(text: string | undefined, key: Key): void {
    if (!this.#host) return;
    const action = actionOf(key);
    if (action === 'pasteStart') this.#paste = [];
    else if (action === 'pasteEnd') this.#pasteEnded();
    else if (this.#paste) this.#paste.push(key.sequence ?? text ?? '');
    else if (this.#search) this.#searchKey(text, key, action);
    else this.#editKey(text, key, action);
    this.#paintSoon();
  }

  #pasteEnded(): void {
    const pasted = pastedText((this.#paste ?? []).join(''));
    this.#paste = undefined;
    this.#leaveSearch();
    this.#menu = undefined;
    this.#buffer.insert(pasted);
  }

  #editKey(text: string | undefined, key: Key, action: Action | undefined): void {
    if (action === 'complete') {
      this.#tab(1);
      return;
    }
    if (action === 'completeBack') {
      this.#tab(-1);
      return;
    }
    this.#menu = undefined;
    if (action === undefined) {
      const typed = typedText(text, key);
      if (typed !== undefined) this.#buffer.insert(typed);
      return;
    }
    this.#act(action);
  }

  #act(action: Action): void {
    switch (action) {
      case 'enter':
        this.#enter();
        return;
      case 'newline':
        this.#buffer.insert('\n');
        return;
      case 'up':
        if (!this.#buffer.up()) this.#recall(this.#walk.older(this.#buffer.text));
        return;
      case 'down':
        if (!this.#buffer.down()) this.#recall(this.#walk.newer());
        return;
      case 'searchBack':
        this.#search = new ReverseSearch(this.#entries());
        return;
      case 'clearScreen':
        this.clearScreen();
        return;
      case 'interrupt':
        this.#interrupt();
        return;
      case 'endOfInput':
        this.#endOfInput();
        return;
      case 'cancel':
      case 'complete':
      case 'completeBack':
      case 'pasteStart':
      case 'pasteEnd':
        return;
      default:
        this.#buffer[action]();
    }
  }

  #recall(entry: string | undefined): void {
    if (entry !== undefined) this.#buffer.set(entry);
  }

  #enter(): void {
    const text = this.#buffer.text;
    if (this.#blockRead) this.#buffer.insert('\n');
    else if (text.trim() === '') this.#emptyEntry();
    else if (isForced(text)) this.#submit(text);
    else this.#askWhetherComplete(text);
  }

  #emptyEntry(): void {
    this.#buffer.set('');
    if (!this.#busy) this.echo('');
  }

  #askWhetherComplete(text: string): void {
    const answer = this.#host?.isComplete(text) ?? false;
    if (typeof answer === 'boolean') {
      this.#completeIs(answer, text);
      return;
    }
    this.#held = [];
    answer.then(
      (complete) => this.#release(complete, text),
      () => this.#release(true, text),
    );
  }

  #completeIs(complete: boolean, text: string): void {
    if (complete) this.#submit(text);
    else this.#buffer.insert('\n');
  }

  /** Goes on with the keys that were held; an Enter among them holds the rest again. */
  #release(complete: boolean, text: string): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    this.#completeIs(complete, text);
    for (const [typed, key] of held) this.#press(typed, key);
    this.#paintSoon();
  }

  #submit(text: string): void {
    this.#buffer.set('');
    this.#walk.reset();
    this.#host?.submit(text.trimEnd());
  }

  #interrupt(): void {
    if (this.#blockRead) {
      this.#endBlockRead(undefined);
      return;
    }
    if (this.#buffer.text === '') {
      this.#host?.interrupt();
      return;
    }
    this.#buffer.cutAll();
    this.#walk.reset();
  }

  #endOfInput(): void {
    if (this.#blockRead) {
      this.#endBlockRead(this.#buffer.text);
      return;
    }
    if (this.#buffer.text === '') this.#host?.leave();
    else this.#buffer.deleteForward();
  }

  #endBlockRead(text: string | undefined): void {
    const resolve = this.#blockRead;
    this.#blockRead = undefined;
    this.#buffer.set('');
    if (text !== undefined && text !== '') this.print(text.replace(/\n?$/, '\n'));
    resolve?.(text);
  }

  #searchKey(text: string | undefined, key: Key, action: Action | undefined): void {
    const search = this.#search;
    if (!search) return;
    if (action === 'searchBack') return search.older();
    if (action === 'backspace') return search.erase();
    if (action === 'cancel' || action === 'interrupt') {
      this.#search = undefined;
      return;
    }
    const typed = typedText(text, key);
    if (action === undefined && typed !== undefined) {
      search.type(typed);
      return;
    }
    this.#leaveSearch();
    this.#editKey(text, key, action);
  }

  /** Takes the match into the line, to be edited or submitted. */
  #leaveSearch(): void {
    if (this.#search?.match) this.#buffer.set(this.#search.match);
    this.#search = undefined;
  }

  #tab(step: 1 | -1): void {
    const { text, cursor } = this.#buffer;
    if (this.#menu) {
      const { start, end } = this.#menu;
      this.#buffer.replace(start, end, this.#menu.choose(step));
      return;
    }
    const lineBefore = text.slice(text.lastIndexOf('\n', cursor - 1) + 1, cursor);
    if (lineBefore.trim() === '' || this.#blockRead) {
      this.#buffer.insert('  ');
      return;
    }
    this.#host?.complete(text, cursor).then(
      (completion) => {
        // The answer is for a text that may be gone by now.
        if (this.#buffer.text !== text || this.#buffer.cursor !== cursor || completion.entries.length === 0) return;
        const { start, end, entries } = completion;
        const names = entries.map((entry) => entry.name);
        const prefix = commonPrefix(names);
        if (prefix.length > end - start) this.#buffer.replace(start, end, prefix);
        if (names.length > 1) this.#menu = new Menu({ start, end: Math.max(end, start + prefix.length), entries });
        this.#paintSoon();
      },
      () => undefined,
    );
  }

  #resized(): void {
    this.#block.reflowed();
    this.#paintNow();
  }

  /** One paint for all that happens in one turn of the event loop. */
  #paintSoon(): void {
    if (this.#paintDue || !this.#host) return;
    this.#paintDue = true;
    setImmediate(() => {
      this.#paintDue = false;
      if (this.#host) this.#paintNow();
    });
  }

  #paintNow(): void {
    const { columns, rows } = this.#block;
    this.#block.paint(layout(this.#view(columns), columns, rows), this.#printed.take());
  }

  #view(columns: number): View {
    const search = this.#search;
    const text = search ? search.match : this.#buffer.text;
    return {
      panes: (room) => this.#panes?.(columns, room).map((line) => safeText(line).replaceAll('\n', ' ')) ?? [],
      status: this.#status(),
      prompt: search ? search.prompt : this.#prompt(text),
      continuation: this.#blockRead ? '' : continuationText,
      text,
      cursor: search ? text.length : this.#buffer.cursor,
      menu: this.#menu?.rows(columns) ?? [],
    };
  }

  /** While something runs there is no prompt to mistake for readiness, only what is typed ahead. */
  #prompt(text: string): string {
    if (this.#blockRead) return '';
    return this.#busy && text === '' ? '' : promptText;
  }

  #status(): string[] {
    const lines: string[] = [];
    if (this.#printed.unended !== undefined) lines.push(this.#printed.unended);
    if (this.#progress !== undefined) lines.push(this.#progress);
    for (const entry of this.#waiting.slice(0, waitingShown)) lines.push(...withPrompts(entry).split('\n').map(safeText));
    if (this.#waiting.length > waitingShown) lines.push(`… ${this.#waiting.length - waitingShown} more entries wait`);
    return lines;
  }
}
