// Reads the arguments of commands: expressions, files, counts and options. Each error shows how to write the argument.
import { MillraceError } from '../../../runtime/base/errors';
import { checkLocal, localPath } from '../../../runtime/base/paths';

export function expressionArgument(command: string, argument: string): string {
  return argument !== ''
    ? argument
    : refuse(command, 'the expression', 'missing', 'given', `For example: ${command} sc.range(10)`);
}

/** A command of the system. */
export function commandArgument(command: string, argument: string): string {
  return argument !== '' ? argument : refuse(command, 'the command', 'missing', 'given', `For example: ${command} ls -l`);
}

/** A path without the quotes around it; `~` is the home folder, and `file:` URLs are understood. */
export function fileArgument(command: string, argument: string, example = `${command} script.ts`): string {
  const file = localPath(argument.replace(/^(["'])(.*)\1$/, '$2'));
  if (file !== '') checkLocal(command, 'the file', file);
  return file !== '' ? file : refuse(command, 'the file', 'missing', 'given', `For example: ${example}`);
}

/** A whole number of at least 1; `fallback` if there is none. */
export function countArgument(command: string, argument: string, fallback: number): number {
  const count = argument === '' ? fallback : Number(argument);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  return refuse(command, 'the count', argument, 'a whole number of at least 1', `For example: ${command} 50`);
}

export interface ShowArgument {
  readonly count: number | undefined;
  /** The last value if none is named. */
  readonly expression: string;
}

/** `-v` in front asks for one record a block. */
export function verticalArgument(argument: string): { readonly isVertical: boolean; readonly rest: string } {
  const [whole] = /^-v(?=\s|$)\s*/.exec(argument) ?? [];
  return { isVertical: whole !== undefined, rest: argument.slice(whole?.length ?? 0) };
}

/** `[COUNT] [EXPRESSION]`; a count alone shows the last value. `3 + 4` is an expression. */
export function showArgument(command: string, argument: string, lastValue: string | undefined): ShowArgument {
  const [, digits, rest] = /^(?:(\d+)(?=\s+[\w$"'`([{]|$))?\s*([\s\S]*)$/.exec(argument)!;
  const count = digits === undefined ? undefined : countArgument(command, digits, 1);
  if (rest !== '') return { count, expression: rest };
  if (lastValue !== undefined) return { count, expression: lastValue };
  return refuse(
    command,
    'the expression',
    'missing, and there is no last value',
    'given',
    `For example: ${command} 50 sc.range(100)`,
  );
}

export interface PlotArgument {
  readonly expression: string;
  readonly scatter: boolean;
  /** The axes that count in powers of ten: `x`, `y`, `xy` or none. */
  readonly log: '' | 'x' | 'y' | 'xy';
  /** Columns of rows that are objects. */
  readonly columns: { readonly x?: string; readonly y?: string };
  /** The file to write in place of a drawing. */
  readonly to?: string;
  readonly overwrites: boolean;
}

/** `EXPRESSION [x=COLUMN] [y=COLUMN] [--scatter] [--log[=x|y|xy]] [--to FILE [--force]]`. */
export function plotArgument(argument: string): PlotArgument {
  let [rest, scatter, log, overwrites] = [argument.trim(), false, '' as PlotArgument['log'], false];
  let to: string | undefined;
  const columns: { x?: string; y?: string } = {};
  for (;;) {
    const [whole, option, axes, file, axis, name] =
      /(?:^|\s)(?:--(scatter|force|log(?:=(x|y|xy))?)|--to[=\s]\s*("[^"]*"|'[^']*'|[^\s"']+)|([xy])=("[^"]*"|'[^']*'|[^\s"'()[\]=>]+))$/.exec(
        rest,
      ) ?? [];
    if (whole === undefined) break;
    if (file !== undefined) to = unquoted(file);
    else if (name !== undefined) columns[axis as 'x' | 'y'] = unquoted(name);
    else if (option === 'scatter') scatter = true;
    else if (option === 'force') overwrites = true;
    else log = (axes as PlotArgument['log'] | undefined) ?? 'y';
    rest = rest.slice(0, -whole.length).trimEnd();
  }
  const unknown = /\s(--[a-z]+(?:=\w*)?)$/.exec(rest)?.[1];
  if (unknown === undefined) return { expression: expressionArgument('.plot', rest), scatter, log, columns, to, overwrites };
  const rule = '--scatter, --log, --log=x|y|xy, --to FILE or --force';
  return refuse('.plot', 'the option', unknown, rule, 'For example: .plot counts --log');
}

export interface ExportArgument {
  readonly expression: string;
  /** The path as typed; undefined if only an expression gives it. */
  readonly file: string | undefined;
  /** The expression that may give the path, or must where there is none. */
  readonly code: string | undefined;
  readonly overwrites: boolean;
  readonly format: string | undefined;
  /** Names of the columns, in order. */
  readonly header: readonly string[] | undefined;
}

export const exportUsage = '.export counts counts.csv';

/** `EXPRESSION FILE`, with `--force` or `!`, `--format F` and `--header A,B` after or before the file. */
export function exportArgument(argument: string): ExportArgument {
  const options = { force: false, format: undefined as string | undefined, header: undefined as readonly string[] | undefined };
  let rest = argument.trim();
  let file: FileWord | undefined;
  for (;;) {
    const [whole, option, value] = /\s(--force|!|--format[=\s]\s*(\S+)|--header[=\s]\s*("[^"]*"|'[^']*'|\S+))$/.exec(rest) ?? [];
    const header = /\s--header[=\s]\s*("[^"]*"|'[^']*'|\S+)$/.exec(whole ?? '')?.[1];
    if (whole !== undefined) {
      if (option === '--force' || option === '!') options.force = true;
      else if (header !== undefined) options.header = unquoted(header).split(',');
      else options.format = value;
      rest = rest.slice(0, -whole.length).trimEnd();
      continue;
    }
    if (file !== undefined) break;
    file = fileWord(rest);
    if (!file) refuse('.export', rest === '' ? 'the expression' : 'the file', 'missing', 'given', `For example: ${exportUsage}`);
    rest = rest.slice(0, -file.length).trimEnd();
  }
  const unknown = file.path?.startsWith('--') ? file.path : undefined;
  if (unknown !== undefined)
    refuse(
      '.export',
      'the option',
      unknown,
      '--force, --format csv|tsv|jsonl or --header A,B',
      `For example: ${exportUsage} --force`,
    );
  return {
    expression: rest,
    file: file.path,
    code: file.code,
    overwrites: options.force,
    format: options.format,
    header: options.header,
  };
}

/** The last argument: a path, an expression in a template or in parentheses, or a name, which may be either. */
interface FileWord {
  readonly path?: string;
  readonly code?: string;
  readonly length: number;
}

const nameOrMember = /^[\p{ID_Start}$_][\p{ID_Continue}$]*(?:\.[\p{ID_Start}$_][\p{ID_Continue}$]*|\[[^\s\]]*\])*$/u;

function fileWord(text: string): FileWord | undefined {
  const code = /\s(`(?:[^`\\]|\\.)*`)$/.exec(text)?.[1] ?? parenthesised(text);
  if (code !== undefined) return { code, length: code.length };
  const word = /\s("[^"]*"|'[^']*'|\S+)$/.exec(text)?.[1];
  if (word === undefined) return undefined;
  return {
    path: fileArgument('.export', word, exportUsage),
    code: nameOrMember.test(word) ? word : undefined,
    length: word.length,
  };
}

/** The parentheses that end a text, if a blank stands before them. Those in quotes are not told apart. */
function parenthesised(text: string): string | undefined {
  let open = 0;
  for (let at = text.length - 1; at > 0; at--) {
    open += text[at] === ')' ? 1 : text[at] === '(' ? -1 : 0;
    if (open === 0) return at < text.length - 1 && /\s/.test(text[at - 1]) ? text.slice(at) : undefined;
  }
  return undefined;
}

const unquoted = (text: string) => text.replace(/^(["'])(.*)\1$/, '$2');

function refuse(operation: string, argument: string, value: string, rule: string, remedy: string): never {
  throw new MillraceError('BAD_ARGUMENT', { operation, argument, value, rule, remedy });
}
