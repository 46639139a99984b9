// Runs a text that was not typed, statement by statement: a file under .load, a script, standard input.
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { MillraceError } from '../../runtime/base/errors';
import { notReadable, unreadable } from '../../runtime/base/files';
import type { EntryEnd } from '../contract/commands';
import type { TextOrigin } from '../contract/type-service';
import { isAtTopLevel } from '../editor/unfinished';
import { commandOf } from './commands/commands';
import { savedMark } from './commands/save';
import { dottedWord } from './entry-kind';

/** What runs the pieces of a text. */
export interface StatementRunner {
  /** Checks TypeScript as a whole, and runs its statements one after the other, up to the first that fails. */
  runStatements(text: string, origin: TextOrigin): Promise<EntryEnd>;
  /** Only checks TypeScript. */
  checkStatements(text: string, origin: TextOrigin): Promise<EntryEnd>;
  /** Runs a line that is a command. */
  dispatch(text: string, origin: TextOrigin): Promise<EntryEnd>;
  /** Settles as the work does, or rejects when the user interrupts. */
  unlessInterrupted<T>(work: Promise<T>): Promise<T>;
  /** Prints an error of the shell. */
  fail(error: unknown): void;
}

interface Piece {
  readonly kind: 'command' | 'typescript';
  readonly text: string;
  /** Line of the whole text on which the piece begins, one-based. */
  readonly line: number;
}

/** Runs a file; a relative path starts from `folder`. What ran before an error stays. */
export async function loadFile(runner: StatementRunner, file: string, folder: string): Promise<EntryEnd> {
  const full = path.resolve(folder, file);
  const text = await runner.unlessInterrupted(readScript(full, file, folder));
  return runText(runner, text, file, path.dirname(full));
}

/** The text of a file that runs as one module, and its origin. */
export async function moduleText(file: string, folder: string): Promise<{ text: string; origin: TextOrigin & { file: string } }> {
  const full = path.resolve(folder, file);
  const text = withoutFirstLineMark(await readScript(full, file, folder));
  return { text, origin: { label: file, folder: path.dirname(full), firstLine: 1, file: full } };
}

/** Bytes of a script: the type service holds it several times over. */
const maxScriptBytes = 16 << 20;

/** Reads a script. Throws NO_SUCH_PATH or UNREADABLE_FILE. */
export async function readScript(full: string, shown: string, folder: string): Promise<string> {
  try {
    // A pipe is read to its end: that is how a shell passes what a command prints.
    const found = await stat(full);
    if (found.isCharacterDevice() || found.isBlockDevice()) return notReadable(shown, 'it is a device', 'Name a file.');
    if (found.size > maxScriptBytes)
      return notReadable(shown, `it has ${found.size} bytes`, 'Name a script; data is read by sc.textFile.');
    return await readFile(full, 'utf8');
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new MillraceError('NO_SUCH_PATH', { path: shown, folder });
    return code === 'EISDIR' ? notReadable(shown, 'it is a folder', 'Name a file in it.') : unreadable(shown, error);
  }
}

/**
 * Runs the statements of a text one after the other, up to the first that fails.
 * `check` false runs them whatever their types are, true only checks them.
 */
export async function runText(
  runner: StatementRunner,
  text: string,
  label: string,
  folder: string,
  check?: boolean,
): Promise<EntryEnd> {
  const isSaved = text.startsWith(savedMark);
  for (const piece of pieces(withoutFirstLineMark(text))) {
    const origin: TextOrigin = { label, folder, firstLine: piece.line, isSaved, isUnchecked: check === false };
    const end = await (check ? checkPiece(runner, piece, origin) : runPiece(runner, piece, origin));
    if (end === 'incomplete') runner.fail(new MillraceError('UNFINISHED_SCRIPT', { label }));
    if (end !== 'ok') return end === 'incomplete' ? 'failed' : end;
  }
  return 'ok';
}

function runPiece(runner: StatementRunner, { kind, text }: Piece, origin: TextOrigin): Promise<EntryEnd> {
  return kind === 'command' ? runner.dispatch(text, origin) : runner.runStatements(text, origin);
}

/** Commands are not checked. */
async function checkPiece(runner: StatementRunner, { kind, text }: Piece, origin: TextOrigin): Promise<EntryEnd> {
  return kind === 'command' ? 'ok' : runner.checkStatements(text, origin);
}

/** Removes a byte order mark and a first line that begins with `#!`; line numbers stay. */
function withoutFirstLineMark(text: string): string {
  return text.replace(/^\ufeff/, '').replace(/^#!.*/, '');
}

/** Splits a text at the lines that are commands, so that a session can be piped in as it was typed. */
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
