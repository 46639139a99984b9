// Finds the user's own frames in a stack, and the lines of text that they point to.
import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Place } from '../../runtime/base/place';
import { parseFrame, type StackFrame } from '../../runtime/base/stack-frame';
import { packageRoot } from '../base/package-root';
import { lineIn, lineOfEntry } from './stack';
import { escapeControls } from './text';

/** The text that an error's places may point into. */
export interface SourceText {
  readonly text?: string;
  /** What places call it. */
  readonly label?: string;
  /** The line of the label's file on which the text starts; 1 if undefined. */
  readonly firstLine?: number;
}

/** Characters of a stack that are looked at, and frames that are shown. */
const maxStack = 20_000;
const maxFrames = 10;
/** Files above this size are not opened for one line. */
const maxSourceBytes = 4_000_000;

const root = packageRoot() + sep;
/** What is ours below the package's own folder; samples, which are there too, are the user's. */
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

/** Whether a file is the user's: an entry, the text that runs, or a file that belongs neither to the engine nor to a package. */
export function isUsers(file: string, label?: string): boolean {
  if (file === label || /^<input \d+>$/.test(file)) return true;
  if (!isAbsolute(file) || file.includes(`${sep}node_modules${sep}`)) return false;
  return !engineFolders.some((folder) => file.startsWith(folder));
}

/** The user's frames of a stack, innermost first; a message that looks like a frame is not taken for one. */
export function userFrames(stack: string, message: string, label?: string): StackFrame[] {
  const start = message ? stack.indexOf(message) : -1;
  const frames = stack.slice(start < 0 ? 0 : start + message.length, start + message.length + maxStack);
  const parsed = frames.split('\n').map(shownFrame);
  return parsed.filter((frame): frame is StackFrame => frame !== undefined && isUsers(frame.file, label)).slice(0, maxFrames);
}

/** The line that a place points to, if its text is known or its file can be read. */
export function lineAt(place: Place, source: SourceText): string | undefined {
  if (source.text !== undefined && place.file === source.label) {
    const line = lineIn({ text: source.text, firstLine: source.firstLine ?? 1 }, place);
    if (line !== undefined) return line;
  }
  // An earlier statement of a script is not in the text; the script may be named from the folder in which it was started.
  const isFile = isAbsolute(place.file) || (place.file === source.label && !place.file.startsWith('<'));
  return isFile ? lineOfFile(place) : lineOfEntry(place);
}

function lineOfFile({ file, line }: Place): string | undefined {
  try {
    const stat = statSync(file);
    if (!stat.isFile() || stat.size > maxSourceBytes) return undefined;
    return readFileSync(file, 'utf8').split(/\r?\n/)[line - 1];
  } catch {
    // A file that is gone has no line to show; the place is still named.
    return undefined;
  }
}

/** `file:line:column`, the file as seen from the current folder where it is below it. */
export function placeText({ file, line, column }: Place): string {
  const nearer = isAbsolute(file) ? relative(process.cwd(), file) : file;
  const shown = nearer === '' || nearer.startsWith('..') ? file : nearer;
  return `${escapeControls(shown)}:${line}:${column}`;
}

/** ` at f (file:line:column)`, as people know it from stacks. */
export function frameText(frame: StackFrame): string {
  return frame.function ? ` at ${escapeControls(frame.function)} (${placeText(frame)})` : ` at ${placeText(frame)}`;
}
