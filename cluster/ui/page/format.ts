// Texts in few characters, as the pages show them: numbers with their nouns, times of day, what users and data say.
import { compact } from '../../../runtime/base/units';

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });

/** The time of day. */
export const timeOfDay = (at: number): string => clock.format(at);

/** `1 task`, `3 tasks`. */
export const counted = (n: number, noun: string): string =>
  `${compact(n)} ${noun}${n === 1 ? '' : noun.endsWith('ch') ? 'es' : 's'}`;

/** Marks that turn the direction of writing, and characters that are not seen: shown, so that they deceive nobody. */
const unseen = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A text of the user's or of data, made fit to be read: as a text node it can do no harm, but it could still deceive. */
export function plain(text: string): string {
  return text.replace(unseen, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** One line of at most so many characters. */
export function brief(text: string, most = 160): string {
  const line = plain(text.slice(0, 4 * most))
    .replace(/\s+/g, ' ')
    .trim();
  return line.length <= most ? line : `${line.slice(0, most - 1)}…`;
}
