// Commands that show a value or give it away: more rows, a pager, a plot, a file, or the background.
import path from 'node:path';
import type { Command } from '../../contract/commands';
import { exportArgument, expressionArgument, showArgument } from './arguments';

export const valueCommands: readonly Command[] = [
  {
    name: 'show',
    argument: 'expression',
    usage: '.show [N] [EXPRESSION]',
    brief: 'show N rows (100 unless told) of the last value, or of another one',
    help: 'Of a dataset, an array or a map. It takes the time it takes; Ctrl-C stops it. For example: .show 50, or .show 50 counts',
    run: async (host, argument) => {
      const { count, expression } = showArgument('.show', argument, host.lastValue);
      return host.inSession('show', { expression, words: count === undefined ? [] : [String(count)] });
    },
  },
  {
    name: 'page',
    argument: 'expression',
    usage: '.page [N] [EXPRESSION]',
    brief: 'read a value in a pager, no cell of it cut',
    help: 'The pager is $PAGER, else less; .set pager chooses another. Of a dataset it holds the first 10 000 rows, or N. Without a terminal it prints.',
    run: async (host, argument) => {
      const { count, expression } = showArgument('.page', argument, host.lastValue);
      return host.inSession('page', { expression, words: count === undefined ? [] : [String(count)] });
    },
  },
  {
    name: 'plot',
    argument: 'expression',
    usage: '.plot EXPRESSION',
    brief: 'draw numbers as a histogram, pairs as bars or as a line',
    help: [
      'Numbers of a dataset become a histogram, [key, number] pairs bars (the largest), [number, number] and [Date, number] pairs a line,',
      'an array of numbers a line by index. Jobs count and add up what is large; the head says what was done.',
      'For example: .plot sc.range(1000).map(x => x * x)',
    ].join('\n'),
    run: async (host, argument) => host.inSession('plot', { expression: expressionArgument('.plot', argument) }),
  },
  {
    name: 'export',
    argument: 'export',
    usage: '.export EXPRESSION FILE [--force]',
    brief: 'write the rows of a dataset or an array to a .csv, .tsv or .jsonl file',
    help: [
      'CSV has a header line: --header A,B names the columns of tuples. --format csv|tsv|jsonl decides where the ending does not.',
      'Partition by partition in order, so that the session holds one at a time. A file that is there stays, unless --force (or !) is given.',
      'For example: .export counts "word counts.csv" --header word,count',
    ].join('\n'),
    run: async (host, argument) => {
      const { expression, file, overwrites, format = '', header = [] } = exportArgument(argument);
      const words = [path.resolve(host.folder, file), file, overwrites ? 'force' : '', format, ...header];
      return host.inSession('export', { expression, words });
    },
  },
  {
    name: 'bg',
    argument: 'expression',
    usage: '.bg EXPRESSION',
    brief: 'run an entry in the background; the prompt is free at once',
    help: [
      'A notice says when it has ended, with its value or its error. Its resN can be used from then on; _ stays what it was.',
      '.jobs lists it, .cancel b1 stops it, Ctrl-C does not. For example: .bg words.count()',
    ].join('\n'),
    run: async (host, argument) => host.inBackground(expressionArgument('.bg', argument)),
  },
];
