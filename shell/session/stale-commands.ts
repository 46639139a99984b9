// `.stale` and `.rerun`: which names use older definitions of others, and the entries that compute them again.
import { MillraceError } from '../../runtime';
import { nearest } from '../../runtime/base/nearest';
import type { Choice } from '../contract/screen';
import { type Cause, givenNames, type StaleName, type StaleNames } from '../evaluate/stale-names';
import { escapeControls } from '../print/safe-text';
import type { CommandAnswer } from './session-local';

/** Names that a notice spells out. */
const shownNames = 4;

const because = ({ name, label }: Cause): string =>
  label === undefined ? `uses ${name}, which is stale` : `uses ${name}, which ${escapeControls(label)} declared again`;

/** `a`, `a and b`, `a, b and 3 more`. */
function listed(names: readonly string[], most: number): string {
  const shown = names.length > most ? [...names.slice(0, most - 1), `${names.length - most + 1} more`] : names;
  return shown.length === 1 ? shown[0] : `${shown.slice(0, -1).join(', ')} and ${shown[shown.length - 1]}`;
}

export class StaleCommands {
  readonly #stale: () => StaleNames;
  /** The names that the last notice could have named. */
  #told = new Set<string>();

  constructor(stale: () => StaleNames) {
    this.#stale = stale;
  }

  /** The stale names with their causes. */
  text(): string {
    const all = this.#stale().list();
    const given = givenNames(all);
    const results = all.filter((one) => !given.includes(one)).map(({ name }) => name);
    if (all.length === 0) return 'No name is stale: none uses an older definition of another name.';
    const width = Math.max(0, ...given.map(({ name }) => name.length)) + 2;
    const lines = given.map(({ name, cause }) => name.padEnd(width) + because(cause));
    if (results.length > 0) lines.push(`(${given.length > 0 ? 'also ' : ''}values of expressions: ${listed(results, 10)})`);
    return lines.join('\n');
  }

  /** One line about the names that have become stale since the last notice; empty if none has. */
  notice(): string {
    const stale = givenNames(this.#stale().list()).map(({ name }) => name);
    const news = stale.filter((name) => !this.#told.has(name));
    this.#told = new Set(stale);
    if (news.length === 0) return '';
    return `(stale now: ${listed(news, shownNames)}. .stale says why, .rerun computes ${news.length === 1 ? 'it' : 'them'} again)`;
  }

  /** The entries that compute stale names again: the given ones, or all that the user named. */
  rerun(names: readonly string[]): CommandAnswer {
    const all = this.#stale().list();
    for (const name of names) if (!all.some((one) => one.name === name)) throw notStale(name, all);
    const wanted = names.length > 0 ? names : givenNames(all).map(({ name }) => name);
    return { entries: this.#stale().entries(wanted) };
  }

  choices(): Choice[] {
    return givenNames(this.#stale().list()).map(({ name, cause }) => ({ name, brief: because(cause) }));
  }
}

function notStale(name: string, all: readonly StaleName[]): MillraceError {
  const names = givenNames(all).map((one) => one.name);
  const meant = nearest(name, names);
  const those = names.length === 0 ? 'No name is stale.' : `Stale are: ${listed(names, 10)}.`;
  return new MillraceError('BAD_ARGUMENT', {
    operation: '.rerun',
    argument: 'the name',
    value: name,
    rule: 'one that is stale',
    remedy: meant === undefined ? those : `Did you mean ${meant}? ${those}`,
  });
}
