// The settings that `.set` changes: one table with defaults, rules and completions.
import { MillraceError } from '../../runtime/base/errors';
import { nearest } from '../../runtime/base/nearest';
import { isTimeZone } from '../../runtime/schema/time-zone';
import type { Choice, Settings } from '../contract/screen';

export const defaultSettings: Settings = {
  rows: 20,
  seconds: 2,
  colors: 'auto',
  hints: true,
  progress: true,
  pager: 'auto',
  signatures: true,
  strict: false,
  timeZone: 'auto',
};

interface Setting {
  readonly brief: string;
  /** What its value must be, for the error. */
  readonly rule: string;
  /** What completes it. */
  readonly words: readonly string[];
  /** The value that a text stands for; undefined for none. */
  read(text: string): Settings[keyof Settings] | undefined;
}

const mostRows = 10_000;
const mostSeconds = 3_600;

const onOff = { on: true, off: false } as const;

function flag(brief: string): Setting {
  const read = (text: string) => (text === 'on' || text === 'off' ? onOff[text] : undefined);
  return { brief, rule: 'on or off', words: ['on', 'off'], read };
}

function number(brief: string, least: number, most: number, whole: boolean): Setting {
  const read = (text: string) => {
    const value = Number(text);
    return text.trim() !== '' && value >= least && value <= most && (!whole || Number.isInteger(value)) ? value : undefined;
  };
  return { brief, rule: `a ${whole ? 'whole ' : ''}number from ${least} to ${most}`, words: [], read };
}

const colorWords = ['auto', 'on', 'off'] as const;

const table: Readonly<Record<keyof Settings, Setting>> = {
  rows: number('rows of a sample or table', 1, mostRows, true),
  seconds: number('seconds that a sample may take', 0.1, mostSeconds, false),
  colors: {
    brief: 'colours on this terminal',
    rule: 'auto, on or off',
    words: colorWords,
    read: (text) => colorWords.find((word) => word === text),
  },
  hints: flag('suggest a better way where there is one'),
  progress: flag('show the progress of long jobs'),
  pager: {
    brief: 'the pager of .page: a program with arguments, off, or auto ($PAGER, or else less)',
    rule: 'a program with arguments, off or auto',
    words: ['auto', 'off', 'less'],
    read: (text) => (text.trim() === '' ? undefined : text.trim()),
  },
  signatures: flag('show the signature of the call you are typing'),
  strict: flag('refuse what has no type and cannot be inferred'),
  timeZone: {
    brief: "the zone of times in files, queries, printed dates and getHours; auto is the machine's",
    rule: 'auto, UTC, or the name of a zone such as Europe/Berlin',
    words: ['auto', 'UTC', ...Intl.supportedValuesOf('timeZone')],
    read: (text) => (text === 'auto' || isTimeZone(text) ? text : undefined),
  },
};

const names = Object.keys(table) as (keyof Settings)[];

const isName = (name: string): name is keyof Settings => Object.hasOwn(table, name);

const shown = (value: Settings[keyof Settings]): string => (typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value));

/** All settings with their values, or only the named one, one per line. */
export function settingsText(settings: Settings, name = ''): string {
  const wanted = name === '' ? names : [known(name)];
  const pairs = wanted.map((key) => [`${key} ${shown(settings[key])}`, table[key].brief] as const);
  const width = Math.max(...pairs.map(([pair]) => pair.length)) + 2;
  return pairs.map(([pair, brief]) => pair.padEnd(width) + brief).join('\n');
}

/** The settings with one of them changed; the word `default` restores its default. Throws BAD_ARGUMENT. */
export function changedSettings(settings: Settings, name: string, text: string): Settings {
  const key = known(name);
  const value = text === 'default' ? defaultSettings[key] : table[key].read(text);
  if (value !== undefined) return { ...settings, [key]: value };
  throw new MillraceError('BAD_ARGUMENT', {
    operation: '.set',
    argument: key,
    value: text,
    rule: table[key].rule,
    remedy: `For example: .set ${key} ${shown(defaultSettings[key])}`,
  });
}

/** The next words of `.set`: names, then values of the named setting. */
export function settingWords(before: readonly string[]): readonly Choice[] {
  if (before.length === 0) return names.map((name) => ({ name, brief: table[name].brief }));
  const [name] = before;
  return before.length === 1 && isName(name) ? [...table[name].words, 'default'].map((word) => ({ name: word })) : [];
}

function known(name: string): keyof Settings {
  if (isName(name)) return name;
  const meant = nearest(name, names);
  throw new MillraceError('BAD_ARGUMENT', {
    operation: '.set',
    argument: 'the setting',
    value: name,
    rule: `one of ${names.join(', ')}`,
    remedy: meant === undefined ? '.set alone lists the settings.' : `Did you mean .set ${meant}?`,
  });
}
