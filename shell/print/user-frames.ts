// Finds the user's own frames in a stack, and the lines of text that they point to.
import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Place } from '../../runtime/base/place';
import { parseFrame, type StackFrame } from '../../runtime/base/stack-frame';
import { packageRoot } from '../base/package-root';
import { lineIn, lineOfEntry } from './map-stack';
import { escapeControls } from './safe-text';

/** The text that an error's places may point into. */
export interface SourceText {
  readonly text?: string;
  /** The file name that places use for this text. */
  readonly label?: string;
  /** The line of the label's file on which the text starts; 1 if undefined. */
  readonly firstLine?: number;
}

/** Characters of a stack that are parsed, and frames that are shown. */
const maxStack = 20_000;
const maxFrames = 10;
/** Larger files are not opened for one line. */
const maxSourceBytes = 4_000_000;

const root = packageRoot() + sep;
/** The engine's folders in the package; its samples count as the user's files. */
const engineFolders = ['dist', 'runtime', 'cluster', 'shell', 'node_modules'].map((folder) => root + folder + sep);

/** Function names that the user never wrote. */
const unnamed = /^(?:__|eval$|Object\.<anonymous>$|<anonymous>$)/;

function shownFrame(line: string): StackFrame | undefined {
  const frame = parseFrame(line);
  if (!frame) return undefined;
  const name = frame.function !== undefined && unnamed.test(frame.function) ? undefined : frame.function;
  return { ...frame, function: name, file: pathOf(frame.file) };
}

function pathOf(file: string): string {
  try {
    return file.startsWith('file://') ? fileURLToPath(file) : file;
  } catch {
    return file;
  }
}

/** Whether a file is the user's: an entry, the running text, or a file outside the engine and all packages. */
export function isUsers(file: string, label?: string): boolean {
  if (file === label || /^<input \d+>$/.test(file)) return true;
  if (!isAbsolute(file) || file.includes(`${sep}node_modules${sep}`)) return false;
  return !engineFolders.some((folder) => file.startsWith(folder));
}

/** The user's frames of a stack, innermost first. The message is skipped: it may look like a frame. */
export function userFrames(stack: string, message: string, label?: string): StackFrame[] {
  const start = message ? stack.indexOf(message) : -1;
  const frames = stack.slice(start < 0 ? 0 : start + message.length, start + message.length + maxStack);
  const parsed = frames.split('\n').map(shownFrame);
  return parsed.filter((frame): frame is StackFrame => frame !== undefined && isUsers(frame.file, label)).slice(0, maxFrames);
}

/** The line of a place, if its text is known or its file can be read. */
export function lineAt(place: Place, source: SourceText): string | undefined {
  if (source.text !== undefined && place.file === source.label) {
    const line = lineIn({ text: source.text, firstLine: source.firstLine ?? 1 }, place);
    if (line !== undefined) return line;
  }
  // The text lacks earlier statements of a script, so read the file. Its label may be relative to the folder of the start.
  const isFile = isAbsolute(place.file) || (place.file === source.label && !place.file.startsWith('<'));
  return isFile ? lineOfFile(place) : lineOfEntry(place);
}

function lineOfFile({ file, line }: Place): string | undefined {
  try {
    const stat = statSync(file);
    if (!stat.isFile() || stat.size > maxSourceBytes) return undefined;
    return readFileSync(file, 'utf8').split(/\r?\n/)[line - 1];
  } catch {
    // The file is gone: the place is shown without its line.
    return undefined;
  }
}

/** `file:line:column`; a file below the current folder is shown relative to it. */
export function placeText({ file, line, column }: Place): string {
  const nearer = isAbsolute(file) ? relative(process.cwd(), file) : file;
  const shown = nearer === '' || nearer.startsWith('..') ? file : nearer;
  return `${escapeControls(shown)}:${line}:${column}`;
}

/** ` at f (file:line:column)`, as in a stack. */
export function frameText(frame: StackFrame): string {
  return frame.function ? ` at ${escapeControls(frame.function)} (${placeText(frame)})` : ` at ${placeText(frame)}`;
}
