// The commands of the prompt: one table that is the source of what they do, of help, and of completion.
import { readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { MillraceError } from '../runtime/errors';
import type { DottedWord } from './entry';
import { nearest } from './entry';
import type { EntryEnd, Stage } from './repl';

/** What a command may use. */
export interface CommandHost {
  readonly stage: Stage;
  /** Entries that ran, in order. */
  readonly accepted: readonly string[];
  /** Paths are taken from here. */
  readonly folder: string;
  typeOf(expression: string): Promise<EntryEnd>;
  /** Runs a command in the session, on an expression's value if one is given. */
  inSession(name: string, expression: string | undefined): Promise<EntryEnd>;
  /** Runs TypeScript as if it had been typed. */
  entry(text: string): Promise<EntryEnd>;
  load(file: string, folder: string): Promise<EntryEnd>;
  fail(error: unknown): void;
}

export interface Command {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** What the argument is, for completion and for knowing when a line is whole. */
  readonly argument: 'none' | 'file' | 'expression' | 'command' | 'count' | 'word';
  readonly usage: string;
  readonly brief: string;
  readonly help: string;
  run(host: CommandHost, argument: string): Promise<EntryEnd>;
}

/** The first line of what `.save` writes, by which it knows its own files again. */
const savedMark = '// Saved by millrace: run it with .load, or as a script.';
const historyShown = 20;

const commands: readonly Command[] = [
  {
    name: 'help',
    aliases: ['h'],
    argument: 'command',
    usage: '.help [COMMAND]',
    brief: 'list the commands, or explain one',
    help: 'Shows every command with one line, or all about the one that is named.',
    run: async (host, argument) => help(host, argument.replace(/^[.:]/, '')),
  },
  {
    name: 'load',
    aliases: ['run'],
    argument: 'file',
    usage: '.load FILE',
    brief: 'run a TypeScript file here, statement by statement',
    help: 'Names of the file stay afterwards. Its relative imports are taken from its own folder. An error stops it and names the line; what ran before stays.',
    run: async (host, argument) => host.load(fileArgument('.load', argument), host.folder),
  },
  {
    name: 'save',
    argument: 'file',
    usage: '.save FILE',
    brief: 'write the entries that ran to a file',
    help: 'The file can be run again with .load, or as a script. A file that .save did not write is never overwritten.',
    run: save,
  },
  {
    name: 'type',
    aliases: ['t'],
    argument: 'expression',
    usage: '.type EXPRESSION',
    brief: 'show the type of an expression, without running it',
    help: 'For example: .type sc.textFile("log").map(line => line.length)',
    run: async (host, argument) => host.typeOf(expressionArgument('.type', argument)),
  },
  {
    name: 'time',
    argument: 'expression',
    usage: '.time EXPRESSION',
    brief: 'run an entry and say how long it took',
    help: 'Prints the value as usual, then the seconds.',
    run: async (host, argument) => host.inSession('time', expressionArgument('.time', argument)),
  },
  {
    name: 'explain',
    argument: 'expression',
    usage: '.explain DATASET',
    brief: 'show how a dataset is computed: its lineage and stages',
    help: 'Nothing is computed. For example: .explain counts',
    run: async (host, argument) => host.inSession('explain', expressionArgument('.explain', argument)),
  },
  {
    name: 'jobs',
    argument: 'none',
    usage: '.jobs',
    brief: 'list the jobs of this session',
    help: 'Each job with its stages, tasks, and time.',
    run: async (host) => host.inSession('jobs', undefined),
  },
  {
    name: 'executors',
    argument: 'none',
    usage: '.executors',
    brief: 'list the executors that are there',
    help: 'Each with its host and how many of its slots are busy.',
    run: async (host) => host.inSession('executors', undefined),
  },
  {
    name: 'cancel',
    argument: 'count',
    usage: '.cancel [ID]',
    brief: 'cancel a job by its number, or all that run',
    help: 'The numbers are those of .jobs. For jobs that run behind the prompt; Ctrl-C cancels the one that it waits for.',
    run: async (host, argument) => host.inSession('cancel', argument === '' ? undefined : argument),
  },
  {
    name: 'streams',
    argument: 'none',
    usage: '.streams',
    brief: 'list the streams that run: their sources and outputs',
    help: 'For each source its records, rate, and what was skipped; for each output its time or its failures; how far batches are behind.',
    run: async (host) => host.inSession('streams', undefined),
  },
  {
    name: 'stop',
    argument: 'word',
    usage: '.stop [NAME]',
    brief: 'end an output or pane, what reads a source, or all streams',
    help: 'The names are those of .streams: an output (watch of counts), a stream (counts), or a source, which ends all that reads it. Alone it ends all streams; what was received is worked off first.',
    run: async (host, argument) => host.inSession(argument.trim() === '' ? 'stop' : `stop ${argument.trim()}`, undefined),
  },
  {
    name: 'ui',
    argument: 'word',
    usage: '.ui [stop]',
    brief: 'open pages that show jobs, stages, datasets, executors and streams',
    help: 'Prints an address for a browser on this machine, and opens one where there is a desktop. The address lets in once; .ui again makes a new one. From elsewhere: ssh -L PORT:127.0.0.1:PORT, with the port of the address. .ui stop ends the pages; so does leaving.',
    run: async (host, argument) => host.inSession(argument.trim() === '' ? 'ui' : `ui ${argument.trim()}`, undefined),
  },
  {
    name: 'errors',
    argument: 'word',
    usage: '.errors [full]',
    brief: 'show the last error again, with every frame if full',
    help: 'Errors show the frames of your own code. With "full" the frames of Millrace and of packages are shown too.',
    run: async (host, argument) => host.inSession(argument.trim() === 'full' ? 'errors full' : 'errors', undefined),
  },
  {
    name: 'editor',
    aliases: ['edit'],
    argument: 'none',
    usage: '.editor',
    brief: 'write several lines, and run them as one entry at Ctrl-D',
    help: 'Enter always makes a new line here. Ctrl-D runs the text, Ctrl-C gives it up. On a terminal without a cursor a line that is only a dot ends it.',
    run: editor,
  },
  {
    name: 'paste',
    argument: 'none',
    usage: '.paste',
    brief: 'the same as .editor, for pasted text',
    help: 'Terminals mark pasted text, so that it is one entry anyway; this is for those that do not.',
    run: editor,
  },
  {
    name: 'history',
    argument: 'count',
    usage: '.history [COUNT]',
    brief: `show the last entries, ${historyShown} unless told`,
    help: 'Entries of earlier sessions are among them. Ctrl-R searches them all.',
    run: showHistory,
  },
  {
    name: 'clear',
    argument: 'none',
    usage: '.clear',
    brief: 'clear the screen; names stay',
    help: 'Ctrl-L does the same.',
    run: async (host) => {
      host.stage.clearScreen();
      return 'ok';
    },
  },
  {
    name: 'exit',
    aliases: ['quit', 'q'],
    argument: 'none',
    usage: '.exit',
    brief: 'leave; so does Ctrl-D on an empty line',
    help: 'Stops running jobs and streams, and leaves no process behind.',
    run: async (host) => {
      host.stage.leave(0);
      return 'ok';
    },
  },
];

const byName = new Map<string, Command>();
for (const command of commands) {
  for (const name of [command.name, ...(command.aliases ?? [])]) byName.set(name, command);
}

/** The command that a dotted word names. One letter is short for a command only after a colon, as in Spark's shell. */
export function commandOf({ sign, word }: DottedWord): Command | undefined {
  return sign === '.' && word.length === 1 ? undefined : byName.get(word);
}

/** Names for completion and suggestions, aliases left out. */
export function commandNames(): string[] {
  return commands.map(({ name }) => name);
}

/** One line about a command, for the completion menu. */
export function commandBrief(name: string): string | undefined {
  return byName.get(name)?.brief;
}

function help(host: CommandHost, topic: string): EntryEnd {
  if (topic === '') {
    const width = Math.max(...commands.map(({ usage }) => usage.length)) + 2;
    const lines = commands.map(({ usage, brief }) => usage.padEnd(width) + brief);
    host.stage.print(
      [...lines, '', ...keysHelp, `More: ${Object.keys(topics).map((name) => `.help ${name}`)}.`, ''].join('\n'),
      'out',
    );
    return 'ok';
  }
  const text = topics[topic];
  if (text) {
    host.stage.print(`${text.join('\n')}\n`, 'out');
    return 'ok';
  }
  const command = byName.get(topic);
  if (command) {
    host.stage.print(`${command.usage}\n${command.brief}\n${command.help}\n`, 'out');
    return 'ok';
  }
  const meant = nearest(topic, commandNames());
  host.stage.print(`There is no help on ${topic}. ${meant ? `Did you mean .help ${meant}?` : 'Try .help alone.'}\n`, 'err');
  return 'failed';
}

/** Help on what is no command. A command of the same name is explained with it. */
const topics: Readonly<Record<string, readonly string[]>> = Object.assign(Object.create(null), {
  streams: [
    "stream('1s') is the streaming context of this shell: batches of what came each second. stream() is the same one again.",
    "  const lines = stream('1s').socketTextStream('localhost', 9999)    also { listen: 9999 }, textFileStream(folder), generatorStream(1000, i => i)",
    "  const counts = lines.flatMap(l => l.split(' ')).map(w => [w, 1]).reduceByKeyAndWindow('30s', (a, b) => a + b, (a, b) => a - b)",
    '  counts.watch()       a live pane above the prompt: its first rows, their bars, how the stream keeps up; starts the streams',
    '  counts.print(20)     a table each batch; foreachRDD(f) and others: stream().start() starts them',
    "  counts.remember('5m'), then counts.latest(), counts.between('21:00', '21:05'): queries on what has flowed",
    '.streams lists sources and outputs, .stop NAME ends one of them, .stop all. Ctrl-C leaves streams running.',
    '.exit and Ctrl-D work off what was received. A script waits with await stream().awaitTermination().',
  ],
});

const keysHelp = [
  'Anything else is TypeScript: sc is the context, res0, res1… are the values of expressions, _ is the last one,',
  'and a line that begins with .name( goes on with it. Tab completes, Ctrl-C stops what runs, Ctrl-R searches the history.',
];

function expressionArgument(command: string, argument: string): string {
  if (argument !== '') return argument;
  throw new MillraceError('BAD_ARGUMENT', {
    operation: command,
    argument: 'the expression',
    value: 'missing',
    rule: 'given',
    remedy: `For example: ${command} sc.range(10)`,
  });
}

function fileArgument(command: string, argument: string): string {
  const file = argument.replace(/^(["'])(.*)\1$/, '$2').replace(/^~(?=\/|$)/, homedir());
  if (file !== '') return file;
  throw new MillraceError('BAD_ARGUMENT', {
    operation: command,
    argument: 'the file',
    value: 'missing',
    rule: 'given',
    remedy: `For example: ${command} script.ts`,
  });
}

async function save(host: CommandHost, argument: string): Promise<EntryEnd> {
  const file = fileArgument('.save', argument);
  const full = path.resolve(host.folder, file);
  await refuseForeign(full, file);
  try {
    await writeFile(full, replayable(host.accepted));
  } catch (error) {
    throw new MillraceError('DISK', { path: file, reason: (error as Error).message });
  }
  const count = host.accepted.length;
  host.stage.print(`${count} ${count === 1 ? 'entry' : 'entries'} written to ${file}\n`, 'out');
  return 'ok';
}

/** A file of entries that `.load` and a script run can take. */
export function replayable(entries: readonly string[]): string {
  return [savedMark, ...entries, ''].join('\n');
}

async function refuseForeign(full: string, shown: string): Promise<void> {
  const text = await readFile(full, 'utf8').catch(() => savedMark);
  if (text.startsWith(savedMark) || text === '') return;
  throw new MillraceError('FILE_EXISTS', { path: shown });
}

async function editor(host: CommandHost): Promise<EntryEnd> {
  host.stage.print('(Write on; Ctrl-D runs it, Ctrl-C gives it up.)\n', 'out');
  const text = await host.stage.readBlock();
  if (text === undefined) return 'interrupted';
  return text.trim() === '' ? 'ok' : host.entry(text);
}

async function showHistory(host: CommandHost, argument: string): Promise<EntryEnd> {
  const count = argument === '' ? historyShown : Number(argument);
  if (!Number.isInteger(count) || count < 1) {
    throw new MillraceError('BAD_ARGUMENT', {
      operation: '.history',
      argument: 'the count',
      value: argument,
      rule: 'a whole number of at least 1',
      remedy: 'For example: .history 50',
    });
  }
  for (const entry of host.stage.history().slice(-count)) host.stage.print(entry + '\n', 'out');
  return 'ok';
}
