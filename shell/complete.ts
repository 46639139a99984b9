// What Tab offers: commands and their arguments, paths inside quotes, and otherwise what the type service knows.
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { type Command, commandBrief, commandNames, commandOf } from './commands';
import { isUnfinished } from './editor/unfinished';
import { dottedWord, isContinuation } from './entry';
import type { Completion, TypeService } from './types/protocol';

const nothing: Completion = { start: 0, end: 0, entries: [] };

/** An open string that is the argument of something that takes a path. */
const openPath = /(?:\b(?:textFile|wholeTextFiles|saveAsTextFile|saveAsObjectFile|objectFile)\s*\(\s*)(["'`])([^"'`\n]*)$/;
/** An open string that can only be a path: it begins like one. */
const pathLike = /(["'])((?:\.{0,2}|~)\/[^"'\n]*)$/;

export interface CompletionContext {
  readonly types: TypeService;
  /** The name that a leading dot continues. */
  readonly lastValue: string | undefined;
}

export async function completeEntry(text: string, cursor: number, context: CompletionContext): Promise<Completion> {
  const before = text.slice(0, cursor);
  const word = dottedWord(before);
  const command = word && commandOf(word);
  if (word && command && cursor >= word.argumentStart && /\s/.test(before)) {
    const typed = before.slice(word.argumentStart);
    if (command.words) return wordsFrom(command.words, typed, cursor);
    if (command.argument === 'file') return paths(word.argument, cursor);
    const file = command.argument === 'export' ? exportedFile(typed) : undefined;
    if (file !== undefined) return paths(file, cursor);
    if (command.argument === 'export') return shifted(text, cursor, word.argumentStart, '', context.types);
    if (command.argument === 'expression') return shifted(text, cursor, word.argumentStart, '', context.types);
    return nothing;
  }
  if (/^[.:]\w*$/.test(before)) return commandsAndMembers(text, cursor, context);
  const open = openPath.exec(before) ?? pathLike.exec(before);
  if (open) return paths(open[2], cursor);
  if (context.lastValue !== undefined && isContinuation(text)) return shifted(text, cursor, 0, context.lastValue, context.types);
  return context.types.complete(text, cursor);
}

function commandsFrom(word: string, cursor: number): Completion {
  const entries = commandNames()
    .filter((name) => name.startsWith(word))
    .map((name) => ({ name, kind: 'command', detail: commandBrief(name) }));
  return { start: cursor - word.length, end: cursor, entries };
}

/** The next of the words that a command defines. */
function wordsFrom(words: NonNullable<Command['words']>, typed: string, cursor: number): Completion {
  const before = typed.split(/\s+/);
  // Empty behind a space: any word can come.
  const word = before.pop() ?? '';
  const entries = words(before)
    .filter(({ name }) => name.startsWith(word))
    .map(({ name, brief }) => ({ name, kind: 'command', detail: brief }));
  return { start: cursor - word.length, end: cursor, entries };
}

/** The second part of `EXPRESSION FILE`, once the expression is whole. */
function exportedFile(argument: string): string | undefined {
  const [, expression, file] = /^([\s\S]*\S)\s+(\S*)$/.exec(argument) ?? [];
  return expression === undefined || isUnfinished(expression) ? undefined : file;
}

/** After a dot at column 0 both are possible: a command, and a member of the last value. */
async function commandsAndMembers(text: string, cursor: number, context: CompletionContext): Promise<Completion> {
  const found = commandsFrom(text.slice(1, cursor), cursor);
  if (text[0] !== '.' || context.lastValue === undefined) return found;
  const members = await shifted(text, cursor, 0, context.lastValue, context.types);
  return { ...found, entries: [...found.entries, ...members.entries] };
}

/** Asks about a part of the text with something put before it, and moves the answer back to where the user sees it. */
async function shifted(text: string, cursor: number, from: number, prefix: string, types: TypeService): Promise<Completion> {
  const shift = prefix.length - from;
  const answer = await types.complete(prefix + text.slice(from), cursor + shift);
  return { ...answer, start: answer.start - shift, end: answer.end - shift };
}

async function paths(typed: string, cursor: number): Promise<Completion> {
  const slash = typed.lastIndexOf('/') + 1;
  const folder = path.resolve(typed.slice(0, slash).replace(/^~(?=\/)/, homedir()));
  const start = typed.slice(slash);
  const found = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const entries = found
    .filter(({ name }) => name.startsWith(start) && (start.startsWith('.') || !name.startsWith('.')))
    .map((entry) => ({ name: entry.name + (entry.isDirectory() ? '/' : ''), kind: entry.isDirectory() ? 'folder' : 'file' }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return { start: cursor - start.length, end: cursor, entries };
}
