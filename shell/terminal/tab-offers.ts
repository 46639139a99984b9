// What Tab offers: commands and their arguments, paths and modules inside quotes, and otherwise what the type service finds.

import { continuationStart } from '../base/continuation';
import type { Command } from '../contract/commands';
import type { Asked, Choice, LiveValue } from '../contract/screen';
import type { TypeService } from '../contract/type-service';
import type { Offer } from '../editor/editor';
import { isUnfinished } from '../editor/unfinished';
import { escapeControls } from '../print/safe-text';
import { commandBrief, commandNames, commandOf } from '../repl/commands/commands';
import { dottedWord } from '../repl/entry-kind';
import { paths, specifiers } from './complete-paths';

const nothing: Offer = { start: 0, end: 0, entries: [] };

/** An open string that is the argument of something that takes a path. */
const openPath =
  /\b(?:textFile|wholeTextFiles|objectFile|textFileStream|fileStream|saveAs\w+|addFile|setCheckpointDir|checkpoint)\s*\(\s*["'`]([^"'`\n]*)$/;
/** An open string that begins like a path. */
const pathLike = /["']((?:\.{0,2}|~)\/[^"'\n]*)$/;
/** An open string that names a module. */
const openSpecifier = /(?:\bfrom\s*|\bimport\s*|\b(?:import|require)\s*\(\s*)["']([^"'\n]*)$/;

export interface CompletionContext {
  readonly types: TypeService;
  /** The name of the value that a leading dot continues. */
  readonly lastValue: string | undefined;
  /** What the session knows: the possible arguments of a command, the names of a value. */
  choices(asked: Asked): Promise<readonly Choice[]>;
}

export async function completeEntry(text: string, cursor: number, context: CompletionContext): Promise<Offer> {
  const before = text.slice(0, cursor);
  const word = dottedWord(before);
  const command = word && commandOf(word);
  if (word && command && cursor >= word.argumentStart && /\s/.test(before)) {
    const typed = before.slice(word.argumentStart);
    if (command.words) return wordsFrom(command.words, typed, cursor);
    if (command.argument === 'choice') return choicesFrom(await context.choices({ command: command.name }), typed, cursor);
    if (command.argument === 'choices')
      return choicesFrom(await context.choices({ command: command.name }), /\S*$/.exec(typed)![0], cursor);
    if (command.argument === 'file') return paths(word.argument, cursor);
    if (command.argument === 'system') return systemPaths(typed, cursor);
    if (command.argument === 'name') return documented(text, cursor, word.argumentStart, context);
    const file = command.argument === 'export' ? exportedFile(typed) : undefined;
    if (file !== undefined) return paths(file, cursor);
    if (command.argument === 'expression' || command.argument === 'export')
      return expression(text, cursor, word.argumentStart, context);
    return nothing;
  }
  if (/^[.:]\w*$/.test(before)) return commandsAndMembers(text, cursor, context);
  return expression(text, cursor, 0, context);
}

/** Completes the code from `from` on, which may continue the last value. */
async function expression(text: string, cursor: number, from: number, context: CompletionContext): Promise<Offer> {
  const before = text.slice(from, cursor);
  const specifier = openSpecifier.exec(before);
  if (specifier) return specifiers(specifier[1], cursor);
  const open = openPath.exec(before);
  if (open) return paths(open[1], cursor);
  const goesOn = continuationStart(text.slice(from, cursor), { unfinished: true }) !== undefined;
  const found = await shifted(text, cursor, from, goesOn ? (context.lastValue ?? '') : '', context);
  const like = pathLike.exec(before);
  // A key may look like a path.
  return like && !(found.live && found.entries.length > 0) ? paths(like[1], cursor) : found;
}

/** Completes `.doc`: after `rdd.` or `RDD.` come the members of all datasets, without a dataset. */
async function documented(text: string, cursor: number, from: number, context: CompletionContext): Promise<Offer> {
  const owner = /^(rdd|dstream)\./i.exec(text.slice(from))?.[1];
  if (owner === undefined) return expression(text, cursor, from, context);
  const type = owner.toLowerCase() === 'rdd' ? 'RDD' : 'DStream';
  return shifted(text, cursor, from + owner.length, `${type}.prototype`, context);
}

function commandsFrom(word: string, cursor: number): Offer {
  const entries = commandNames()
    .filter((name) => name.startsWith(word))
    .map((name) => ({ name, kind: 'command', detail: commandBrief(name) }));
  return { start: cursor - word.length, end: cursor, entries };
}

/** The next of the words that a command defines. */
function wordsFrom(words: NonNullable<Command['words']>, typed: string, cursor: number): Offer {
  const before = typed.split(/\s+/);
  // Empty after a space: every word fits.
  const word = before.pop() ?? '';
  return choicesFrom(words(before), word, cursor);
}

/** The choices that begin with the typed text. A name with control characters cannot be typed and is left out. */
function choicesFrom(choices: readonly Choice[], typed: string, cursor: number): Offer {
  const entries = choices
    .filter(({ name }) => name.startsWith(typed) && escapeControls(name) === name)
    .map(({ name, brief }) => ({ name, kind: 'command', detail: brief }));
  return { start: cursor - typed.length, end: cursor, entries };
}

/** The second part of `EXPRESSION FILE`, once the expression is whole. */
function exportedFile(argument: string): string | undefined {
  const [, expression, file] = /^([\s\S]*\S)\s+(\S*)$/.exec(argument) ?? [];
  return expression === undefined || isUnfinished(expression) ? undefined : file;
}

/** After a dot at column 0 both fit: a command and a member of the last value. */
async function commandsAndMembers(text: string, cursor: number, context: CompletionContext): Promise<Offer> {
  const found = commandsFrom(text.slice(1, cursor), cursor);
  if (text[0] !== '.' || context.lastValue === undefined) return found;
  const members = await shifted(text, cursor, 0, context.lastValue, context);
  const word = text.slice(1, cursor).toLowerCase();
  // Members that only resemble the word give way to a command that begins with it.
  const begins = members.entries.filter(({ name }) => name.toLowerCase().startsWith(word));
  return { ...members, ...found, entries: [...found.entries, ...(found.entries.length > 0 ? begins : members.entries)] };
}

/** Completes the text from `from` on with `prefix` put in front, and moves the answer's range back to the user's text. */
async function shifted(text: string, cursor: number, from: number, prefix: string, context: CompletionContext): Promise<Offer> {
  const { types } = context;
  const shift = prefix.length - from;
  const asked = prefix + text.slice(from);
  const answer = await types.complete(asked, cursor + shift);
  const describe = (name: string) => types.describe(asked, cursor + shift, name);
  const offer: Offer = { ...answer, start: answer.start - shift, end: answer.end - shift, describe };
  if (!answer.live) return offer;
  const word = asked.slice(answer.start, answer.end);
  const names = await context.choices({ value: answer.live, word });
  return withNames(offer, answer.live, names, { text, from: prefix === '' ? undefined : from });
}

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

interface Place {
  readonly text: string;
  /** Where a text begins that continues the last value: brackets would not continue it. */
  readonly from: number | undefined;
}

/** Adds the names of a value. After a dot, those that are no identifiers come in brackets, and all others with their dot. */
function withNames(offer: Offer, live: LiveValue, names: readonly Choice[], { text, from }: Place): Offer {
  const known = new Set(offer.entries.map(({ name }) => name));
  const more = names.filter(({ name }) => !known.has(name)).map(({ name, brief }) => ({ name, kind: 'property', detail: brief }));
  if (live.quote !== undefined) {
    const { quote } = live;
    return { ...offer, entries: [...offer.entries, ...more.map((entry) => ({ ...entry, name: escaped(entry.name, quote) }))] };
  }
  const plain = [...offer.entries, ...more.filter(({ name }) => identifier.test(name))];
  const [dot, optional] = /(\?)?\.\s*$/.exec(text.slice(0, offer.start)) ?? [];
  const quoted = more.filter(({ name }) => !identifier.test(name));
  const start = offer.start - (dot?.length ?? 0);
  const isFirst = from !== undefined && text.slice(from, start).trim() === '';
  if (dot === undefined || isFirst || quoted.length === 0) return { ...offer, entries: plain };
  const bracketed = quoted.map((entry) => ({ ...entry, name: `${optional ? '?.' : ''}['${escaped(entry.name, "'")}']` }));
  const describe = (name: string) => offer.describe?.(name.slice(dot.length)) ?? Promise.resolve(undefined);
  return { ...offer, start, entries: [...plain.map((entry) => ({ ...entry, name: dot + entry.name })), ...bracketed], describe };
}

/** A key as it is written between these quotes. */
function escaped(key: string, quote: string): string {
  return key.replace(quote === '`' ? /[\\`$]/g : quote === "'" ? /[\\']/g : /[\\"]/g, '\\$&');
}

/** The paths that complete the last word of a command of the system, written as its shell reads them. */
async function systemPaths(typed: string, cursor: number): Promise<Offer> {
  const [, quote, inQuotes] = /(?:^|[\s=])(["'])([^"']*)$/.exec(typed) ?? [];
  const word = inQuotes ?? /(?:[^\s"'\\;|&<>()=]|\\.)*$/.exec(typed)![0];
  const found = await paths(quote === undefined ? word.replace(/\\(.)/g, '$1') : word, cursor);
  const written = (name: string) => (quote === undefined ? name.replace(/[\s"'\\;|&<>()$`*?[\]#!{}]/g, '\\$&') : name);
  const start = cursor - (word.length - (word.lastIndexOf('/') + 1));
  return { ...found, start, entries: found.entries.map((entry) => ({ ...entry, name: written(entry.name) })) };
}
