// Runs a text that was not typed, statement by statement: a file under .load, a script, standard input.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { MillraceError } from '../../runtime/base/errors';
import { isAtTopLevel } from '../editor/unfinished';
import { commandOf } from './commands/commands';
import { dottedWord } from './entry';
import type { EntryEnd, Place, Repl } from './repl';

interface Piece {
  readonly kind: 'command' | 'typescript';
  readonly text: string;
  /** Line of the whole text on which the piece begins, one-based. */
  readonly line: number;
}

/** Runs a file; relative paths are taken from `folder`. What ran before an error stays. */
export async function loadFile(repl: Repl, file: string, folder: string): Promise<EntryEnd> {
  const full = path.resolve(folder, file);
  return runText(repl, await readScript(full, file, folder), file, path.dirname(full));
}

/** The text of a file that runs as one module, and where it stands. */
export async function moduleText(file: string, folder: string): Promise<{ text: string; place: Place & { file: string } }> {
  const full = path.resolve(folder, file);
  const text = withoutFirstLineMark(await readScript(full, file, folder));
  return { text, place: { label: file, folder: path.dirname(full), firstLine: 1, file: full } };
}

/** The text of a script, or an error that says what is in the way. */
export async function readScript(full: string, shown: string, folder: string): Promise<string> {
  try {
    return await readFile(full, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new MillraceError('NO_SUCH_PATH', { path: shown, folder });
    throw new MillraceError('UNREADABLE_FILE', { path: shown, reason: code === 'EISDIR' ? 'it is a folder' : message });
  }
}

/** Runs the statements of a text one after the other, until one doesn't end well. */
export async function runText(repl: Repl, text: string, label: string, folder: string): Promise<EntryEnd> {
  for (const piece of pieces(withoutFirstLineMark(text))) {
    const place: Place = { label, folder, firstLine: piece.line };
    const end = piece.kind === 'command' ? await repl.dispatch(piece.text, place) : await runStatements(repl, piece.text, place);
    if (end === 'incomplete') repl.fail(new MillraceError('UNFINISHED_SCRIPT', { label }));
    if (end !== 'ok') return end === 'incomplete' ? 'failed' : end;
  }
  return 'ok';
}

async function runStatements(repl: Repl, text: string, place: Place): Promise<EntryEnd> {
  const { statements, diagnostics } = await repl.types.statements(text);
  if (diagnostics.length > 0) {
    repl.complain(diagnostics, text, place);
    return 'failed';
  }
  for (const statement of statements) {
    const firstLine = place.firstLine + statement.line - 1;
    const end = await repl.runTypeScript(statement.text, { ...place, firstLine });
    if (end !== 'ok') return end;
  }
  return 'ok';
}

/** A script may begin with `#!`, and a file with a byte order mark; lines keep their numbers. */
function withoutFirstLineMark(text: string): string {
  return text.replace(/^\ufeff/, '').replace(/^#!.*/, '');
}

/** Cuts a text at the lines that are commands, so that what was typed can be piped in as it was. */
function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let lines: string[] = [];
  let firstLine = 1;
  const flush = (nextLine: number) => {
    const code = lines.join('\n');
    if (code.trim() !== '') found.push({ kind: 'typescript', text: code, line: firstLine });
    lines = [];
    firstLine = nextLine;
  };
  text.split(/\r?\n/).forEach((line, index) => {
    const word = dottedWord(line);
    if (word && commandOf(word) && isAtTopLevel(lines.join('\n'))) {
      flush(index + 2);
      found.push({ kind: 'command', text: line, line: index + 1 });
    } else {
      lines.push(line);
    }
  });
  flush(0);
  return found;
}
