// Commands that show a value in full, in a pager or as a plot, write it to a file, or compute it in the background.
import path from 'node:path';
import type { Command } from '../../contract/commands';
import {
  exportArgument,
  exportUsage,
  expressionArgument,
  fileArgument,
  plotArgument,
  showArgument,
  verticalArgument,
} from './arguments';

/** Whether a type is that of texts. */
const isTextType = (type: string | undefined): boolean => type !== undefined && /^(?:string\b|["'`])/.test(type);

export const valueCommands: readonly Command[] = [
  {
    name: 'show',
    argument: 'expression',
    usage: '.show [-v] [N] [EXPRESSION]',
    brief: 'show N rows (100 by default) of the last value or of an expression',
    help: 'Works on datasets, arrays and maps. It has no time limit; Ctrl-C stops it. -v prints one record a block, a line for each column, as a narrow screen does by itself.',
    examples: ['.show 50', '.show 50 counts', '.show -v 2 counts'],
    run: async (host, argument) => {
      const { isVertical, rest } = verticalArgument(argument);
      const { count, expression } = showArgument('.show', rest, host.lastValue);
      const words = [...(count === undefined ? [] : [String(count)]), ...(isVertical ? ['-v'] : [])];
      return host.inSession('show', { expression, words });
    },
  },
  {
    name: 'page',
    argument: 'expression',
    usage: '.page [N] [EXPRESSION]',
    brief: 'show a value in a pager with every cell in full',
    help: 'The pager is $PAGER, or else less; .set pager chooses another. It gets the first 10 000 rows of a dataset, or N. Without a terminal the rows are printed.',
    examples: ['.page counts', '.page 100 counts'],
    run: async (host, argument) => {
      const { count, expression } = showArgument('.page', argument, host.lastValue);
      return host.inSession('page', { expression, words: count === undefined ? [] : [String(count)] });
    },
  },
  {
    name: 'plot',
    argument: 'expression',
    usage: '.plot EXPRESSION [x=COLUMN] [y=COLUMN] [--scatter] [--log] [--to FILE]',
    brief: 'draw numbers as a histogram, pairs or columns as bars, a line or points',
    help: [
      'A dataset of numbers becomes a histogram, [key, number] pairs become bars (the largest ones), [number, number] and [Date, number] pairs a line,',
      'an array of numbers a line by index. Texts that are times (2024-05-01, 09:30, Mon) keep their order; more than 20 dates are a line.',
      'Of rows that are objects x= and y= name the columns; x alone is a histogram of numbers, or counts of texts. Rows with null there are left out.',
      '--scatter draws points. --log counts the values in powers of ten, --log=x the other axis, --log=xy both.',
      '--to chart.html writes a page that a browser opens, --to chart.svg or chart.png a picture (PNG needs npm install @resvg/resvg-js); --force overwrites.',
      'Jobs summarise large datasets first; the head line says how.',
    ].join('\n'),
    examples: [
      '.plot sc.range(1000).map(x => x * x)',
      '.plot counts --log',
      '.plot [{ hour: 9, n: 4 }, { hour: 10, n: 7 }] x=hour y=n',
      '.plot sc.csv("flights.csv") x=carrier --to carriers.html --force',
      '.plot sc.range(200).map(x => [x, x * x % 97]) --scatter',
    ],
    run: async (host, argument) => {
      const { expression, scatter, log, columns, to, overwrites } = plotArgument(argument);
      const file = to === undefined ? '' : fileArgument('.plot', to, '.plot counts --to counts.html');
      const target = [file === '' ? '' : path.resolve(host.folder, file), file, overwrites ? 'force' : ''];
      return host.inSession('plot', { expression, words: [scatter ? 'scatter' : '', log, JSON.stringify(columns), ...target] });
    },
  },
  {
    name: 'export',
    argument: 'export',
    usage: '.export EXPRESSION FILE [--force]',
    brief: 'write the rows of a dataset or an array to a .csv, .tsv, .jsonl, .parquet or .arrow file',
    help: [
      'CSV has a header line: --header A,B names the columns of tuples. --format csv|tsv|jsonl|parquet|arrow overrides the ending of the file name.',
      'The session writes partition by partition, in order, and holds one at a time. It overwrites an existing file only with --force (or !).',
      'FILE is a path, or an expression that gives one: a name, `a template`, or (an expression) in parentheses.',
    ].join('\n'),
    examples: ['.export counts "word counts.csv" --header word,count', ".export counts ('counts-' + 2 + '.csv') --force"],
    run: async (host, argument) => {
      const { expression, file: typed, code, overwrites, format = '', header = [] } = exportArgument(argument);
      const isCode = code !== undefined && (typed === undefined || isTextType(await host.typeText(code)));
      const given = isCode ? await host.path(code, '.export') : { path: typed! };
      if (typeof given === 'string') return given;
      const file = fileArgument('.export', given.path, exportUsage);
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
      'A notice reports its end with its value or error. Its resN can be used from then on; _ does not change.',
      '.jobs lists it, .cancel b1 stops it, Ctrl-C does not.',
    ].join('\n'),
    examples: ['.bg counts.count()'],
    run: async (host, argument) => host.inBackground(expressionArgument('.bg', argument)),
  },
];
