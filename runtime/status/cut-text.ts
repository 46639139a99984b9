// Texts of the user's that are remembered: as they are, up to a length.
import type { CallSite } from '../flow';
import { rememberedText } from '../limits';

/** A text of at most so many characters, the last of them `…` where something was cut off. */
export function cutText(text: string, most = rememberedText): string {
  // Joined with a fresh string, so that the long one can go.
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** A call site whose text is short enough to be remembered. */
export const rememberedSite = ({ file, line, text }: CallSite): CallSite => ({ file, line, text: cutText(text) });
