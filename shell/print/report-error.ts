// Shows errors: what happened, where in the user's text, and what to do; engine frames only on request.
import { types } from 'node:util';
import type { Place } from '../../runtime/base/place';
import type { StackFrame } from '../../runtime/base/stack-frame';
import type { RemoteError } from '../../runtime/plan/end';
import type { Screen } from '../contract/screen';
import type { Diagnostic } from '../contract/type-service';
import { excerpt } from './excerpt';
import { inspectLine } from './inspect-value';
import { cut, escapeControls, escapeLines, paint, widthOf } from './safe-text';
import { frameText, isUsers, lineAt, placeText, type SourceText, userFrames } from './user-frames';
import { errorFields, propertyName } from './value-facts';

export interface ReportContext extends SourceText {
  /** Shows engine frames and codes too (`.errors full`). */
  readonly full?: boolean;
}

/** Characters and lines of a message, characters of an element. */
const maxMessage = 4_000;
const maxMessageLines = 24;
const maxElement = 400;
const maxStackLines = 60;
/** Frames shown of a task error, which came over the wire. */
const maxFrames = 10;
/** Type errors shown per entry; one mistake often causes many. */
const maxDiagnostics = 5;
/** Nested causes, and members of an aggregate error, that are shown. */
const maxCauses = 4;
/** Fields of an error that are shown. */
const maxFields = 16;
/** The fields that Node gives to errors of the system. */
const systemFields = new Set(['errno', 'code', 'syscall', 'path', 'dest', 'address', 'port', 'hostname']);

/** A property of an error; it may be an accessor that throws. */
function read(error: object, key: string): unknown {
  try {
    return (error as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

function readText(error: object, key: string): string {
  const value = read(error, key);
  return typeof value === 'string' ? value : '';
}

/** The message, escaped and bounded; a cut message ends with its real length. */
function bounded(message: string): string {
  const lines = escapeLines(message.slice(0, maxMessage)).split('\n');
  const kept = lines.slice(0, maxMessageLines).join('\n');
  const whole = message.length <= maxMessage && lines.length <= maxMessageLines;
  return whole ? kept : `${kept}… (the message has ${message.length} characters)`;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !types.isProxy(value);

/** Errors of other realms and libraries are errors too. */
function isError(value: unknown): value is object {
  return isObject(value) && (types.isNativeError(value) || value instanceof Error || typeof read(value, 'stack') === 'string');
}

/** Recognised by shape: the engine may be loaded twice, from the shell's bundle and as a package. */
function isOurs(error: object): boolean {
  return (
    readText(error, 'name') === 'MillraceError' && readText(error, 'code') !== '' && typeof read(error, 'remedy') === 'string'
  );
}

function placeOf(value: unknown): Place | undefined {
  if (!isObject(value)) return undefined;
  const place = value as Partial<Place>;
  const whole = typeof place.file === 'string' && typeof place.line === 'number' && typeof place.column === 'number';
  return whole ? (place as Place) : undefined;
}

/** The name and the message of whatever was thrown, each on one line. */
export function namedError(error: unknown): { readonly name: string; readonly message: string } {
  const isNamed = isError(error);
  const name = isNamed ? readText(error, 'name') || 'Error' : 'Error';
  const message = isNamed ? readText(error, 'message') : inspectLine(error, maxElement);
  return { name: cut(escapeControls(name), maxElement), message: cut(escapeControls(message), maxMessage) };
}

/** The text for an error, without a last newline. Never throws, whatever was thrown. */
export function reportError(error: unknown, context: ReportContext, screen: Screen): string {
  try {
    if (!isError(error)) return `${paint(screen.color).red.bold('thrown')}: ${inspectLine(error, Math.max(200, screen.columns))}`;
    const report = new Report(context, screen);
    return report.of(error);
  } catch {
    return 'error: something was thrown that cannot be shown';
  }
}

class Report {
  readonly #context: ReportContext;
  readonly #screen: Screen;
  readonly #colors: ReturnType<typeof paint>;

  constructor(context: ReportContext, screen: Screen) {
    this.#context = context;
    this.#screen = screen;
    this.#colors = paint(screen.color);
  }

  of(error: object): string {
    const details = read(error, 'details');
    if (!isOurs(error) || !isObject(details))
      return lines(this.#users(error), this.#fields(error), this.#causes(error), this.#stack(readText(error, 'stack')));
    const remote = read(details, 'remote');
    if (readText(error, 'code') === 'TASK_FAILED' && isObject(remote)) return this.#task(remote as RemoteError, details);
    return lines(this.#ours(error, details), this.#causes(error), this.#stack(readText(error, 'stack')));
  }

  /** An error of the user's code or a library, at the prompt. */
  #users(error: object): string {
    const message = readText(error, 'message');
    return lines(this.#title(readText(error, 'name') || 'Error', message), this.#places(this.#frames(error, message)));
  }

  #ours(error: object, details: object): string {
    const message = readText(error, 'message');
    const place = placeOf(read(details, 'place'));
    const frames = place ? [place] : this.#frames(error, message);
    const code = this.#context.full ? this.#colors.dim(` ${readText(error, 'code')}`) : '';
    const remote = read(details, 'remote');
    const element = isObject(remote) ? readText(remote, 'element') : '';
    return lines(
      this.#title('error', message) + code,
      this.#places(frames.slice(0, 1)),
      // Some name it in their sentence.
      message.includes(element) ? undefined : this.#element(element),
      this.#remedy(error),
      this.#context.full ? this.#trace(readText(details, 'trace')) : undefined,
    );
  }

  /** What another engine says of its own failure. */
  #trace(text: string): string | undefined {
    return text === '' ? undefined : this.#colors.dim(text.split('\n').slice(0, maxStackLines).map(escapeControls).join('\n'));
  }

  #task(remote: RemoteError, details: object): string {
    const frames = this.#remoteFrames(remote, placeOf(read(details, 'place')));
    const name = readText(remote, 'name') || 'Error';
    // The class of Millrace's own errors tells the user nothing.
    const title = this.#title(name === 'MillraceError' ? 'error' : name, readText(remote, 'message'));
    const operator = readText(remote, 'operator');
    const where = operator ? ` in ${escapeControls(operator)}${frames[0] ? ` at ${placeText(frames[0])}` : ''}` : undefined;
    const element = readText(remote, 'element');
    return lines(
      title,
      where,
      where && frames[0] ? this.#line(frames[0]) : undefined,
      where ? this.#frameLines(frames.slice(1)) : this.#places(frames),
      element && this.#element(element),
      isObject(remote.fields) ? this.#fieldLines(remote.fields) : undefined,
      // The general remedy of task errors adds nothing to the place.
      this.#taskFacts(details),
      this.#context.full ? this.#stack(readText(remote, 'stack')) : this.#colors.dim(' .errors full shows every frame'),
    );
  }

  #element(element: string): string {
    return ` element: ${cut(escapeControls(element.slice(0, maxElement * 2)), maxElement)}`;
  }

  /** The user's frames; without any, the call that passed the function to its dataset. */
  #remoteFrames({ frames }: RemoteError, given: Place | undefined): Place[] {
    const places = Array.isArray(frames) ? frames.slice(0, maxFrames).map(placeOf) : [];
    const users = places.flatMap((place) => (place && isUsers(place.file, this.#context.label) ? [place] : []));
    return users.length === 0 && given ? [given] : users;
  }

  /** ` stage 3, partition 5, 4 attempts`, as far as it is known. */
  #taskFacts(details: object): string | undefined {
    const fact = (key: string) => {
      const value = read(details, key);
      return typeof value === 'number' || typeof value === 'string' ? escapeControls(String(value)) : undefined;
    };
    const attempts = fact('attempts');
    const facts = [
      fact('stage') && `stage ${fact('stage')}`,
      fact('partition') && `partition ${fact('partition')}`,
      attempts && `${attempts} attempt${attempts === '1' ? '' : 's'}`,
    ].filter((text) => text !== undefined && text !== '');
    return facts.length > 0 ? ` ${facts.join(', ')}` : undefined;
  }

  #title(name: string, message: string): string {
    const shown = this.#colors.red.bold(cut(escapeControls(name.slice(0, 200)), 80));
    return message === '' ? shown : `${shown}: ${bounded(message)}`;
  }

  /** An unfilled remedy, `{remedy}`, is not shown. */
  #remedy(error: object): string | undefined {
    const remedy = readText(error, 'remedy');
    return remedy === '' || /^\{\w+\}$/.test(remedy) ? undefined : ` ${this.#colors.green('→')} ${bounded(remedy)}`;
  }

  #frames(error: object, message: string): StackFrame[] {
    return userFrames(readText(error, 'stack'), message, this.#context.label);
  }

  /** The frames, innermost first, with the line of the first whose text is known. */
  #places(frames: readonly StackFrame[]): string | undefined {
    const known = frames.findIndex((frame) => lineAt(frame, this.#context) !== undefined);
    if (known < 0) return this.#frameLines(frames);
    // A single place in the current entry needs no name: its line is shown.
    const named = frames.length > 1 || !this.#isTyped(frames[0]);
    const before = named ? this.#frameLines(frames.slice(0, known + 1)) : undefined;
    return lines(before, this.#line(frames[known]), this.#frameLines(frames.slice(known + 1)));
  }

  #isTyped(frame: StackFrame): boolean {
    return frame.file === this.#context.label && frame.file.startsWith('<');
  }

  #frameLines(frames: readonly StackFrame[]): string | undefined {
    return frames.length === 0 ? undefined : frames.map((frame) => this.#colors.dim(frameText(frame))).join('\n');
  }

  #line(place: Place): string | undefined {
    const line = lineAt(place, this.#context);
    if (line === undefined) return undefined;
    return excerpt({ line, number: place.line, column: place.column, length: 1, mark: '^' }, this.#screen);
  }

  #stack(stack: string): string | undefined {
    if (!this.#context.full) return undefined;
    const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
    return frames
      .slice(0, maxStackLines)
      .map((line) => this.#colors.dim(` ${cut(escapeControls(line.trim()), 400)}`))
      .join('\n');
  }

  /** What its thrower added to the error. Those of the system are in its message already. */
  #fields(error: object): string | undefined {
    const isTold = readText(error, 'syscall') !== '' && readText(error, 'code') !== '';
    const own = errorFields(error).filter((key) => key !== 'cause' && key !== 'errors' && !(isTold && systemFields.has(key)));
    return this.#fieldLines(Object.fromEntries(own.map((key) => [key, read(error, key)])));
  }

  /** ` status: 404, url: "/x"` on one line if it fits, else one line each. */
  #fieldLines(fields: object): string | undefined {
    const entries = Object.entries(fields);
    if (entries.length === 0) return undefined;
    const { columns } = this.#screen;
    const shown = entries.slice(0, maxFields).map(([key, value]) => `${propertyName(key)}: ${inspectLine(value, maxElement)}`);
    if (entries.length > maxFields) shown.push(`… ${entries.length - maxFields} more`);
    const line = ` ${shown.join(', ')}`;
    return widthOf(line) <= columns ? line : shown.map((field) => cut(` ${field}`, Math.max(columns, 20))).join('\n');
  }

  #causes(error: object): string | undefined {
    const shown: string[] = [];
    const members = read(error, 'errors');
    if (Array.isArray(members)) {
      for (const member of members.slice(0, maxCauses)) shown.push(` • ${this.#brief(member)}`);
      if (members.length > maxCauses) shown.push(` … ${members.length - maxCauses} more`);
    }
    let cause = read(error, 'cause');
    for (let depth = 0; cause !== undefined && depth < maxCauses; depth++) {
      shown.push(` caused by ${this.#brief(cause)}`);
      cause = isError(cause) ? read(cause, 'cause') : undefined;
    }
    return shown.length > 0 ? shown.join('\n') : undefined;
  }

  /** On one line: the error with its fields, and where it was thrown. */
  #brief(error: unknown): string {
    if (!isError(error)) return inspectLine(error, 200);
    const message = readText(error, 'message');
    const title = `${cut(escapeControls((readText(error, 'name') || 'Error').slice(0, 200)), 80)}${message ? `: ${cut(escapeControls(message.slice(0, 400)), 200)}` : ''}`;
    const fields = this.#fields(error)?.trim().replaceAll('\n ', ', ');
    const [frame] = this.#frames(error, message);
    return `${title}${fields ? cut(` { ${fields}`, 200) + ' }' : ''}${frame ? this.#colors.dim(frameText(frame)) : ''}`;
  }
}

/** The parts that exist, one line each. */
function lines(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join('\n');
}

/**
 * Type and syntax errors of an entry: the message, the line, a mark under the place. Places of a file (not of the prompt) are named.
 * @param firstLine the line of the label's file on which `text` starts
 */
export function formatDiagnostics(
  diagnostics: readonly Diagnostic[],
  text: string,
  label: string,
  firstLine: number,
  screen: Screen,
): string {
  const colors = paint(screen.color);
  const shown = diagnostics
    .slice(0, maxDiagnostics)
    .map((diagnostic) => formatDiagnostic(diagnostic, text, label, firstLine, screen));
  const left = diagnostics.length - shown.length;
  return lines(...shown, left > 0 ? colors.dim(` … ${left} more`) : undefined);
}

function formatDiagnostic(diagnostic: Diagnostic, text: string, label: string, firstLine: number, screen: Screen): string {
  const colors = paint(screen.color);
  const start = Math.min(Math.max(0, diagnostic.start), text.length);
  const lineStart = start === 0 ? 0 : text.lastIndexOf('\n', start - 1) + 1;
  const line = text.slice(lineStart).split(/\r?\n/, 1)[0];
  const number = firstLine + text.slice(0, lineStart).split('\n').length - 1;
  const column = start - lineStart + 1;
  const place = label.startsWith('<') ? '' : `${placeText({ file: label, line: number, column })}: `;
  const message = bounded(diagnostic.message.trim());
  // The mark ends with the line, and is at least one column wide.
  const length = Math.max(1, Math.min(diagnostic.length, line.length - column + 1));
  const title = `${place}${colors.red.bold('error')}: ${message}${diagnostic.code > 0 ? colors.dim(` (TS${diagnostic.code})`) : ''}`;
  return lines(title, excerpt({ line, number, column, length, mark: diagnostic.length > 1 ? '~' : '^' }, screen));
}
