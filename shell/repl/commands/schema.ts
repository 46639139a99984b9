// `.schema`: the columns of a dataset or a file, and the interface of its rows.
import path from 'node:path';
import { MillraceError } from '../../../runtime/base/errors';
import { formatOfFile } from '../../../runtime/formats/file-formats';
import type { Command } from '../../contract/commands';
import { fileArgument } from './arguments';

const usage = '.schema EXPRESSION|FILE [--as NAME] [--save FILE]';
const example = 'For example: .schema flights.csv --as Flight --save types.ts';

interface SchemaArgument {
  readonly subject: string;
  readonly name: string;
  readonly file: string;
  readonly overwrites: boolean;
}

const refuse = (argument: string, value: string, rule: string): never => {
  throw new MillraceError('BAD_ARGUMENT', { operation: '.schema', argument, value, rule, remedy: example });
};

function schemaArgument(argument: string, lastValue: string | undefined): SchemaArgument {
  let rest = argument.trim();
  const take = (pattern: RegExp): string => {
    const found = pattern.exec(rest);
    if (!found) return '';
    rest = (rest.slice(0, found.index) + rest.slice(found.index + found[0].length)).trim();
    return found[1] ?? 'yes';
  };
  const overwrites = take(/(?:^|\s)--force(?=\s|$)/) !== '';
  const file = take(/(?:^|\s)--save[\s=]+("[^"]*"|'[^']*'|\S+)/);
  const name = take(/(?:^|\s)--as[\s=]+(\S+)/);
  if (/(?:^|\s)--\w/.test(rest)) refuse('an option', /--\w+/.exec(rest)![0], 'one of --as, --save, --force');
  if (name !== '' && !/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)) refuse('the name', name, 'the name of a type');
  if (file !== '' && name === '') refuse('--save', 'without a name', 'used with --as');
  const subject = rest === '' ? (lastValue ?? refuse('the expression', 'missing', 'given')) : rest;
  return { subject, name, file, overwrites };
}

/** A path stands for the dataset of its reader. */
function expressionOf(subject: string): string {
  const bare = subject.replace(/^(["'])(.*)\1$/, '$2');
  const format = /[(`]/.test(bare) ? undefined : formatOfFile(bare);
  return format === undefined ? subject : `sc.${format}(${JSON.stringify(bare)})`;
}

export const schemaCommands: readonly Command[] = [
  {
    name: 'schema',
    argument: 'expression',
    usage,
    brief: 'show the columns of a table: types, nulls, samples; or write the interface of its rows',
    help: [
      'Works on datasets and arrays of objects, and on paths of .csv, .tsv, .jsonl, .json, .parquet and .arrow files.',
      '--as NAME prints an interface for programs: sc.csv<NAME>(path). --save FILE writes it to a file; an existing one only with --force.',
    ].join('\n'),
    examples: ['.schema counts.map(([word, n]) => ({ word, n }))', '.schema flights.csv --as Flight --save types.ts'],
    run: async (host, argument) => {
      const { subject, name, file, overwrites } = schemaArgument(argument, host.lastValue);
      const shown = file === '' ? '' : fileArgument('.schema', file, example);
      const words = [name, shown === '' ? '' : path.resolve(host.folder, shown), shown, overwrites ? 'force' : ''];
      return host.inSession('schema', { expression: expressionOf(subject), words });
    },
  },
];
