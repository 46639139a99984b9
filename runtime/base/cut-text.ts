// The user's texts as they are remembered: unchanged, up to a length.
import type { CallSite } from './flow';
import { rememberedText } from './limits';

/** A text of at most so many characters, the last of them `…` where something was cut off. */
export function cutText(text: string, most = rememberedText): string {
  if (text.length <= most) return text;
  // A slice would keep the whole text in memory: this one is a copy, halves of pairs included.
  return `${Buffer.from(text.slice(0, most - 1), 'utf16le').toString('utf16le')}…`;
}

/** A call site whose text is short enough to be remembered. */
export const rememberedSite = ({ file, line, text }: CallSite): CallSite => ({ file, line, text: cutText(text) });
