// Formats what the pages show: numbers with their nouns, times of day, and texts that come from users and data.
import { compact } from '../../../runtime/base/units';

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });

/** The time of day. */
export const timeOfDay = (at: number): string => clock.format(at);

/** `1 task`, `3 tasks`. */
export const counted = (n: number, noun: string): string =>
  `${compact(n)} ${noun}${n === 1 ? '' : noun.endsWith('ch') ? 'es' : 's'}`;

/** Marks that change the direction of writing, and invisible characters: we show their codes, so that they cannot deceive. */
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Makes a text from the user or the data safe to read. A text node can run nothing, but it could still deceive. */
export function plain(text: string): string {
  return text.replace(unseen, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The text in one line of at most `most` characters. */
export function brief(text: string, most = 160): string {
  const line = plain(text.slice(0, 4 * most))
    .replace(/\s+/g, ' ')
    .trim();
  return line.length <= most ? line : `${line.slice(0, most - 1)}…`;
}
