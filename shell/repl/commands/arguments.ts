// Reads the arguments of commands: expressions, files, counts and options. Each error shows how to write the argument.
import { MillraceError } from '../../../runtime/base/errors';
import { checkLocal, localPath } from '../../../runtime/base/paths';

export function expressionArgument(command: string, argument: string): string {
  return argument !== ''
    ? argument
    : refuse(command, 'the expression', 'missing', 'given', `For example: ${command} sc.range(10)`);
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

export interface ExportArgument {
  readonly expression: string;
  readonly file: string;
  readonly overwrites: boolean;
  readonly format: string | undefined;
  /** Names of the columns, in order. */
  readonly header: readonly string[] | undefined;
}

const exportUsage = '.export counts counts.csv';

/** `EXPRESSION FILE`, with `--force` or `!`, `--format F` and `--header A,B` after or before the file. */
export function exportArgument(argument: string): ExportArgument {
  const options = { force: false, format: undefined as string | undefined, header: undefined as readonly string[] | undefined };
  let rest = argument.trim();
  let file: string | undefined;
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
    const last = /\s("[^"]*"|'[^']*'|\S+)$/.exec(rest);
    if (!last) refuse('.export', rest === '' ? 'the expression' : 'the file', 'missing', 'given', `For example: ${exportUsage}`);
    file = fileArgument('.export', last[1], exportUsage);
    rest = rest.slice(0, -last[0].length).trimEnd();
  }
  const unknown = file.startsWith('--') ? file : undefined;
  if (unknown !== undefined)
    refuse(
      '.export',
      'the option',
      unknown,
      '--force, --format csv|tsv|jsonl or --header A,B',
      `For example: ${exportUsage} --force`,
    );
  return { expression: rest, file, overwrites: options.force, format: options.format, header: options.header };
}

const unquoted = (text: string) => text.replace(/^(["'])(.*)\1$/, '$2');

function refuse(operation: string, argument: string, value: string, rule: string, remedy: string): never {
  throw new MillraceError('BAD_ARGUMENT', { operation, argument, value, rule, remedy });
}
