// The entries of a submitted text: its lines that are commands, what stands between them, the entries of a copied session, `!n`.
import type { Command } from '../contract/commands';
import { copiedEntries } from '../editor/paste';
import { isAtTopLevel, isUnfinished } from '../editor/unfinished';
import { commandOf } from './commands/commands';
import { type DottedWord, dottedWord } from './entry-kind';

/** In the order in which they run. A text without commands is one entry, however many statements it has. */
export function entriesOf(text: string): string[] {
  return copiedEntries(text)?.flatMap(byCommands) ?? byCommands(text);
}

interface Line {
  readonly word: DottedWord;
  readonly command: Command;
}

function commandAt(line: string): Line | undefined {
  const word = dottedWord(line);
  const command = word && commandOf(word);
  return word && command && { word, command };
}

function byCommands(text: string): string[] {
  const entries: string[] = [];
  let lines: string[] = [];
  const flush = () => {
    const entry = lines.join('\n');
    if (entry.trim() !== '') entries.push(entry);
    lines = [];
  };
  for (const line of text.split('\n')) {
    const ofCommand = commandAt(lines[0] ?? '');
    if (ofCommand ? !goesOn(ofCommand, lines, line) : commandAt(line) !== undefined && isAtTopLevel(lines.join('\n'))) flush();
    lines.push(line);
  }
  flush();
  return entries;
}

/** Whether a line belongs to the command before it: only an expression has more than one line. */
function goesOn({ word, command }: Line, lines: readonly string[], line: string): boolean {
  if (command.argument !== 'expression') return false;
  const expression = lines.join('\n').slice(word.argumentStart);
  if (isUnfinished(expression)) return true;
  return commandAt(line) === undefined && /^(?:\s+\S|\??\.\s*[\w$#])/.test(line);
}

/** `!!`, `!12` or `!-2`: an earlier entry by its number, counted from the last one if it is negative. `!expr` is TypeScript. */
export const isRecall = (text: string): boolean => /^!(?:!|-?[1-9]\d*)$/.test(text.trim());

/** The entry that a recall names, if there is one; any other text is the entry itself. */
export function recalled(text: string, history: readonly string[]): string | undefined {
  if (!isRecall(text)) return text;
  const number = text.trim() === '!!' ? -1 : Number(text.trim().slice(1));
  return number < 0 ? history.at(number) : history[number - 1];
}
