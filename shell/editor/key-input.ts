// Input from the keyboard: keys, named by Node's decoder, and pastes, which bypass the decoder as a whole.
import { EventEmitter } from 'node:events';
import { emitKeypressEvents } from 'node:readline';
import { StringDecoder } from 'node:string_decoder';
import type { Key } from './keys';

const pasteStart = '\x1b[200~';
const pasteEnd = '\x1b[201~';

/** If a paste is silent this long and a single key follows, the paste was cut off: its end will not come. */
const stalledMs = 700;

export interface KeyHandler {
  /** `inText` is true for a key in a burst too fast to be typed: a paste from a terminal that does not mark pastes. */
  key(text: string | undefined, key: Key, inText: boolean): void;
  paste(text: string): void;
}

/** Splits the bytes of a terminal into keys and pastes. */
export class KeyInput {
  readonly #handler: KeyHandler;
  readonly #utf8 = new StringDecoder('utf8');
  /** The input of Node's decoder, which would take a paste for keys, one character at a time. */
  readonly #keys = new EventEmitter();
  #paste: string[] | undefined;
  /** A possible beginning of a mark. */
  #tail = '';
  #lastPasteAt = 0;
  /** Newlines of the chunk that are still to come. */
  #burst = false;

  constructor(handler: KeyHandler) {
    this.#handler = handler;
    emitKeypressEvents(this.#keys as unknown as NodeJS.ReadableStream);
    this.#keys.on('keypress', (text: string | undefined, key: Key | undefined) => handler.key(text, key ?? {}, this.#burst));
  }

  /** Takes what was read. */
  take(bytes: Buffer): void {
    const text = this.#utf8.write(bytes);
    if (this.#paste && this.#endsStalledPaste(text)) this.#endPaste('');
    if (this.#paste) this.#pasted(text);
    else this.#typed(text);
  }

  #typed(text: string): void {
    const start = text.indexOf(pasteStart);
    const typed = start < 0 ? text : text.slice(0, start);
    if (typed !== '') {
      this.#burst = /[\r\n]./s.test(typed);
      this.#keys.emit('data', Buffer.from(typed));
      this.#burst = false;
    }
    if (start < 0) return;
    this.#paste = [];
    this.#pasted(text.slice(start + pasteStart.length));
  }

  #pasted(text: string): void {
    this.#lastPasteAt = performance.now();
    // Two chunks may split the mark.
    const all = this.#tail + text;
    const end = all.indexOf(pasteEnd);
    if (end >= 0) {
      this.#tail = '';
      this.#endPaste(all.slice(0, end));
      this.#typed(all.slice(end + pasteEnd.length));
      return;
    }
    const kept = all.length - partOfMark(all);
    this.#paste?.push(all.slice(0, kept));
    this.#tail = all.slice(kept);
  }

  #endPaste(rest: string): void {
    const text = [...(this.#paste ?? []), this.#tail, rest].join('');
    this.#paste = undefined;
    this.#tail = '';
    this.#handler.paste(text);
  }

  #endsStalledPaste(text: string): boolean {
    return /^[\r\x03\x04]$/.test(text) && performance.now() - this.#lastPasteAt > stalledMs;
  }
}

/** How many characters at the end of a text may be the beginning of the end mark of a paste. */
function partOfMark(text: string): number {
  for (let length = Math.min(pasteEnd.length - 1, text.length); length > 0; length--) {
    if (pasteEnd.startsWith(text.slice(-length))) return length;
  }
  return 0;
}
