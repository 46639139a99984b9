// What Tab offers: commands and their arguments, paths and modules inside quotes, and otherwise what the type service finds.

import { continuationStart } from '../base/continuation';
import type { Command } from '../contract/commands';
import type { Choice } from '../contract/screen';
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
  /** The possible arguments of a command, from the session. */
  choices(command: string): Promise<readonly Choice[]>;
}

export async function completeEntry(text: string, cursor: number, context: CompletionContext): Promise<Offer> {
  const before = text.slice(0, cursor);
  const word = dottedWord(before);
  const command = word && commandOf(word);
  if (word && command && cursor >= word.argumentStart && /\s/.test(before)) {
    const typed = before.slice(word.argumentStart);
    if (command.words) return wordsFrom(command.words, typed, cursor);
    if (command.argument === 'choice') return choicesFrom(await context.choices(command.name), typed, cursor);
    if (command.argument === 'file') return paths(word.argument, cursor);
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
  const open = openPath.exec(before) ?? pathLike.exec(before);
  if (open) return paths(open[1], cursor);
  const goesOn = continuationStart(text.slice(from, cursor), { unfinished: true }) !== undefined;
  return shifted(text, cursor, from, goesOn ? (context.lastValue ?? '') : '', context.types);
}

/** Completes `.doc`: after `rdd.` or `RDD.` come the members of all datasets, without a dataset. */
async function documented(text: string, cursor: number, from: number, context: CompletionContext): Promise<Offer> {
  const owner = /^(rdd|dstream)\./i.exec(text.slice(from))?.[1];
  if (owner === undefined) return expression(text, cursor, from, context);
  const type = owner.toLowerCase() === 'rdd' ? 'RDD' : 'DStream';
  return shifted(text, cursor, from + owner.length, `${type}.prototype`, context.types);
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
  const members = await shifted(text, cursor, 0, context.lastValue, context.types);
  const word = text.slice(1, cursor).toLowerCase();
  // Members that only resemble the word give way to a command that begins with it.
  const begins = members.entries.filter(({ name }) => name.toLowerCase().startsWith(word));
  return { ...members, ...found, entries: [...found.entries, ...(found.entries.length > 0 ? begins : members.entries)] };
}

/** Completes the text from `from` on with `prefix` put in front, and moves the answer's range back to the user's text. */
async function shifted(text: string, cursor: number, from: number, prefix: string, types: TypeService): Promise<Offer> {
  const shift = prefix.length - from;
  const asked = prefix + text.slice(from);
  const answer = await types.complete(asked, cursor + shift);
  const describe = (name: string) => types.describe(asked, cursor + shift, name);
  return { ...answer, start: answer.start - shift, end: answer.end - shift, describe };
}
