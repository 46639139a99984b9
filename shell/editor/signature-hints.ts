// The dim lines under an entry: the signature of the call being typed, requested when the typing pauses.

import type { SignatureHint } from '../contract/type-service';
import { paint } from '../print/safe-text';
import { safeText, widthOf } from '../print/width';
import { matchBrackets, readTokens } from './tokens';

/** A pause in typing after which the type service is asked; long enough that fast typing sends no request. */
const pauseMs = 150;
/** Longer texts get no hints: each hint would tokenize the whole text. */
const maxText = 48 * 1024;

interface Known {
  /** The text up to the bracket of the requested call. */
  readonly call: string;
  readonly hint: SignatureHint;
}

export class SignatureHints {
  readonly #ask: (text: string, cursor: number) => Promise<SignatureHint | undefined>;
  readonly #changed: () => void;
  #timer: NodeJS.Timeout | undefined;
  #asking = false;
  #known: Known | undefined;
  #now: { readonly text: string; readonly cursor: number } | undefined;

  constructor(ask: (text: string, cursor: number) => Promise<SignatureHint | undefined>, changed: () => void) {
    this.#ask = ask;
    this.#changed = changed;
  }

  /** Called with the text and the cursor after each change. */
  moved(text: string, cursor: number): void {
    if (this.#now?.text === text && this.#now.cursor === cursor) return;
    this.#now = { text, cursor };
    clearTimeout(this.#timer);
    const isWanted = text.length <= maxText;
    // The text is tokenized for each key only while a hint is shown, which the cursor may have left.
    if (this.#known && (!isWanted || callBefore(text.slice(0, cursor)) !== this.#known.call)) this.#known = undefined;
    if (isWanted) this.#timer = setTimeout(() => void this.#request(), pauseMs);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#known = undefined;
    this.#now = undefined;
  }

  /** The lines to show at this width. */
  rows(columns: number, color: boolean): string[] {
    if (!this.#known) return [];
    const { hint } = this.#known;
    const rows = [signatureRow(hint, columns, color)];
    if (hint.sentence) rows.push(paint(color).dim(safeText(hint.sentence).replaceAll('\n', ' ')));
    return rows;
  }

  /** One request at a time: the type service has other work. */
  async #request(): Promise<void> {
    const now = this.#now;
    if (!now || this.#asking) return;
    const call = callBefore(now.text.slice(0, now.cursor));
    if (call === undefined) return;
    this.#asking = true;
    const hint = await this.#ask(now.text, now.cursor).catch(() => undefined);
    this.#asking = false;
    if (now === this.#now) {
      this.#known = hint && { call, hint };
      this.#changed();
    } else if (this.#now) {
      const { text, cursor } = this.#now;
      this.#now = undefined;
      this.moved(text, cursor);
    }
  }
}

/** The text up to the bracket of the innermost open call. */
function callBefore(text: string): string | undefined {
  const { tokens } = readTokens(text);
  const last = tokens.at(-1);
  if (last && !last.closed && /Comment/.test(last.type)) return undefined;
  const call = matchBrackets(tokens).findLast(({ sign, token }) => sign === '(' && isCallee(tokens[token - 1]?.text));
  return call && text.slice(0, call.start);
}

/** Whether a bracket after this token can open a call, unlike that of `if (` or of a group. */
function isCallee(before: string | undefined): boolean {
  if (before === undefined || /^(?:if|for|while|switch|catch|function|return|await|typeof|of|in)$/.test(before)) return false;
  return /^[\p{ID_Start}$_#]|^[)\]>`]$/u.test(before);
}

/** The signature on one line; if it is too long, only the current parameter is left of the list. */
function signatureRow({ before, parameters, active, after }: SignatureHint, columns: number, color: boolean): string {
  const { dim, bold } = paint(color);
  const clean = (text: string) => safeText(text).replace(/\s+/g, ' ');
  const current = parameters[active] === undefined ? '' : clean(parameters[active]);
  const marked = current === '' ? '' : color ? bold(current) : `‹${current}›`;
  const line = (left: string, right: string) => dim(left) + marked + dim(right);
  const left = parameters.slice(0, active).map((parameter) => `${clean(parameter)}, `);
  const right = parameters.slice(active + 1).map((parameter) => `, ${clean(parameter)}`);
  const whole = line(clean(before) + left.join(''), right.join('') + clean(after));
  if (widthOf(whole) <= columns) return whole;
  const name = `${/^[^(<]*/.exec(clean(before))?.[0] ?? ''}(`;
  return line(name + (left.length > 0 ? '…, ' : ''), (right.length > 0 ? ', …' : '') + clean(after));
}
