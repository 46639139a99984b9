// The commands of the prompt: one table that is the source of what they do, of help, and of completion.
import { nearest } from '../../../runtime/base/nearest';
import { changedSettings, settingsText, settingWords } from '../../base/settings';
import type { Command, CommandHost, EntryEnd } from '../../contract/commands';
import type { Choice } from '../../contract/screen';
import { escapeControls } from '../../print/safe-text';
import type { DottedWord } from '../entry-kind';
import { documentation, notDocumented } from '../show-doc';
import { fromSpark } from '../spark-names';
import { countArgument, expressionArgument, fileArgument } from './arguments';
import { jobCommands } from './jobs';
import { save } from './save';
import { schemaCommands } from './schema';
import { sqlCommands } from './sql';
import { staleCommands } from './stale';
import { system } from './system';
import { topicNames, topics } from './topics';
import { valueCommands } from './values';

const historyShown = 20;

const masters: readonly Choice[] = [
  { name: 'local[*]', brief: 'executors on this machine' },
  { name: 'local', brief: 'in the process of the session' },
  { name: 'serve', brief: 'the server of millrace serve' },
  { name: 'spark-local[2]', brief: 'Apache Spark in one process' },
  { name: 'yarn', brief: 'Apache Spark on YARN' },
];

const commands: readonly Command[] = [
  {
    name: 'help',
    aliases: ['h'],
    argument: 'word',
    usage: '.help [NAME]',
    brief: 'list the commands, or explain a command, a topic or a name',
    help: 'Alone it lists every command. With the name of a command or a topic it explains that one, with any other name it shows what .doc shows.',
    examples: ['.help show', '.help pairs', '.help rdd.map'],
    words: (before) => (before.length === 0 ? helpWords() : []),
    run: async (host, argument) => help(host, argument.replace(/^[.:]/, '')),
  },
  {
    name: 'load',
    argument: 'file',
    usage: '.load FILE',
    brief: 'run a TypeScript file here, statement by statement',
    help: 'The names that the file declares stay. Its relative imports start from its own folder. An error stops the file and names the line; what ran before stays.',
    examples: ['.load script.ts'],
    run: async (host, argument) => host.load(fileArgument('.load', argument), host.folder),
  },
  {
    name: 'run',
    argument: 'file',
    usage: '.run FILE',
    brief: 'run a TypeScript file as a module: only its exports become names',
    help: 'The file sees the names of the prompt and may await. The whole file is type-checked before anything runs. Names that it does not export cannot collide with yours.',
    examples: ['.run script.ts'],
    run: async (host, argument) => host.runModule(fileArgument('.run', argument), host.folder),
  },
  {
    name: 'save',
    argument: 'file',
    usage: '.save FILE',
    brief: 'write the entries that ran to a file',
    help: '.load runs the file again; so does millrace FILE. .save never overwrites a file that it did not write.',
    examples: ['.save session.ts'],
    run: save,
  },
  {
    name: 'type',
    aliases: ['t'],
    argument: 'expression',
    partial: true,
    usage: '.type EXPRESSION',
    brief: 'show the type of an expression, without running it',
    help: 'Nothing is computed.',
    examples: ['.type sc.textFile("log").map(line => line.length)'],
    run: async (host, argument) => host.typeOf(expressionArgument('.type', argument)),
  },
  {
    name: 'doc',
    argument: 'name',
    usage: '.doc NAME',
    brief: 'show the documentation of a name: signatures, text, an example',
    help: 'A name without a class is searched everywhere.',
    examples: ['.doc rdd.reduceByKey', '.doc sc.textFile', '.doc DStream.window', '.doc .load'],
    run: doc,
  },
  {
    name: 'time',
    argument: 'expression',
    usage: '.time EXPRESSION',
    brief: 'run an entry and print how long it took',
    help: 'Prints the value as usual, then the seconds.',
    examples: ['.time counts.count()'],
    run: async (host, argument) => host.inSession('time', { expression: expressionArgument('.time', argument), keeps: true }),
  },
  {
    name: 'explain',
    argument: 'expression',
    usage: '.explain DATASET',
    brief: 'show how a dataset is computed: its lineage and stages',
    help: 'Nothing is computed.',
    examples: ['.explain counts'],
    run: async (host, argument) => host.inSession('explain', { expression: expressionArgument('.explain', argument) }),
  },
  ...valueCommands,
  ...schemaCommands,
  ...sqlCommands,
  ...staleCommands,
  ...jobCommands,
  {
    name: 'streams',
    argument: 'none',
    usage: '.streams',
    brief: 'list the running streams with their sources and outputs',
    help: 'Shows records, rate and skipped records per source, time or failures per output, and how far batches are behind.',
    run: async (host) => host.inSession('streams'),
  },
  {
    name: 'stop',
    argument: 'choice',
    usage: '.stop [NAME]',
    brief: 'stop an output or pane, everything that reads a source, or all streams',
    help: 'NAME is one that .streams shows: an output (watch of counts), a stream (counts), or a source, which stops everything that reads it. Alone, or with all, it stops all streams, after they have processed what they received.',
    examples: ['.stop', '.stop all'],
    run: async (host, argument) => host.inSession('stop', { words: argument === '' ? [] : [argument] }),
  },
  {
    name: 'ui',
    argument: 'word',
    usage: '.ui [stop]',
    brief: 'open pages that show jobs, stages, datasets, executors and streams',
    help: 'Prints an address for a browser on this machine, and opens the browser where there is a desktop. Each address lets in one browser, once; .ui prints a new one. From another machine: ssh -L PORT:127.0.0.1:PORT, with the port of the address. .ui stop closes the pages; so does leaving the shell.',
    words: (before) => (before.length === 0 ? [{ name: 'stop', brief: 'close the pages' }] : []),
    run: async (host, argument) => host.inSession('ui', { words: argument === '' ? [] : [argument] }),
  },
  {
    name: 'errors',
    argument: 'word',
    usage: '.errors [full]',
    brief: 'show the last error again; full shows every frame',
    help: 'Errors show the frames of your own code. .errors full adds the frames of Millrace and of packages. The error itself is _error, with its fields: _error.message, _error.cause.',
    examples: ['.errors', '.errors full'],
    words: (before) => (before.length === 0 ? [{ name: 'full', brief: 'with every frame' }] : []),
    run: async (host, argument) => host.inSession('errors', { words: argument === '' ? [] : [argument] }),
  },
  {
    name: 'sh',
    aliases: ['shell'],
    argument: 'system',
    usage: '.sh COMMAND',
    brief: 'run a command of the system: programs, pipes, redirections',
    help: 'Your own shell ($SHELL) runs it in the current folder, and it has the terminal until it ends. A cd in it ends with it: process.chdir(folder) changes the current folder. In a script or a loaded file a status other than 0 is an error.',
    examples: ['.sh ls -l', '.sh echo one two | wc -w'],
    run: system,
  },
  {
    name: 'set',
    argument: 'word',
    usage: '.set [NAME VALUE]',
    brief: 'show or change how the shell behaves: rows, colours, hints, the pager, the time zone',
    help: 'Alone it shows all settings. A change lasts for this session; put .set lines into the rc file to keep it. The value "default" undoes a change.',
    examples: ['.set', '.set rows 50', '.set rows default', '.set timeZone Europe/Berlin'],
    words: settingWords,
    run: set,
  },
  {
    name: 'editor',
    aliases: ['edit'],
    argument: 'none',
    usage: '.editor',
    brief: 'write several lines; Ctrl-D runs them as one entry',
    help: 'Enter always starts a new line here. Ctrl-D runs the text, Ctrl-C drops it. On a terminal without a cursor, a line with only a dot ends the text.',
    run: editor,
  },
  {
    name: 'paste',
    argument: 'none',
    usage: '.paste',
    brief: 'the same as .editor, for pasted text',
    help: 'Most terminals mark pasted text, so that it is one entry anyway. Use .paste where yours does not.',
    run: editor,
  },
  {
    name: 'history',
    argument: 'count',
    usage: '.history [COUNT]',
    brief: `show the last entries, ${historyShown} by default`,
    help: 'The list includes entries of earlier sessions. !12 runs entry 12 again, !! the last one, !-2 the one before. Ctrl-R searches all.',
    examples: ['.history 50'],
    run: showHistory,
  },
  {
    name: 'reset',
    argument: 'none',
    usage: '.reset',
    brief: 'start a fresh session without names, datasets and streams',
    help: 'Stops everything that runs. To keep your entries, .save FILE first.',
    run: async (host) => {
      await host.front.reset();
      return 'ok';
    },
  },
  {
    name: 'master',
    argument: 'word',
    usage: '.master [NAME]',
    brief: 'show where jobs run, or start a fresh session on another master',
    help: 'NAME is as for --master: local[2], spark-local[2], spark://host:port, yarn. The names of the session are lost: .save FILE first, and .load FILE there. Where a master fails, .master NAME goes on with another one.',
    examples: ['.master'],
    words: (before) => (before.length === 0 ? masters : []),
    run: async (host, argument) => {
      if (argument === '') host.front.print(`${host.front.master}\n`, 'out');
      else await host.front.reset(argument.replace(/^(['"])(.*)\1$/, '$2'));
      return 'ok';
    },
  },
  {
    name: 'clear',
    argument: 'none',
    usage: '.clear',
    brief: 'clear the screen and keep all names',
    help: 'Ctrl-L does the same.',
    run: async (host) => {
      host.front.clearScreen();
      return 'ok';
    },
  },
  {
    name: 'exit',
    aliases: ['quit', 'q'],
    argument: 'none',
    usage: '.exit',
    brief: 'leave the shell, as Ctrl-D on an empty line does',
    help: 'Stops running jobs and streams, and leaves no process behind.',
    run: async (host) => {
      host.front.leave(0);
      return 'ok';
    },
  },
];

const byName = new Map<string, Command>();
for (const command of commands) {
  for (const name of [command.name, ...(command.aliases ?? [])]) byName.set(name, command);
}

/** The command that a dotted word names. A single letter is an alias only after a colon, as in Spark's shell. */
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

/** The words of `.help`: commands, then topics that are no commands. */
function helpWords(): Choice[] {
  const topicsOnly = topicNames().filter((name) => !byName.has(name));
  return [...commands.map(({ name, brief }) => ({ name, brief })), ...topicsOnly.map((name) => ({ name, brief: 'a topic' }))];
}

async function help(host: CommandHost, topic: string): Promise<EntryEnd> {
  if (topic === '') {
    const width = Math.max(...commands.map(({ usage }) => usage.length)) + 2;
    const lines = commands.map(({ usage, brief }) => usage.padEnd(width) + brief);
    host.front.print(
      [
        ...lines,
        '',
        ...typingHelp,
        `More: ${topicNames()
          .map((name) => `.help ${name}`)
          .join(', ')}.`,
        '',
      ].join('\n'),
      'out',
    );
    return 'ok';
  }
  const text = topics[topic];
  if (text) {
    const { usage, brief } = byName.get(topic) ?? {};
    host.front.print(`${[...text.lines, ...(usage ? [`${usage}: ${brief}`] : [])].join('\n')}\n`, 'out');
    return 'ok';
  }
  const command = byName.get(topic);
  if (command) {
    const { usage, brief, help: text, examples = [] } = command;
    const shown = examples.length === 0 ? [] : [`For example: ${examples.join('   ')}`];
    host.front.print(`${[usage, brief, text, ...shown].join('\n')}\n`, 'out');
    return 'ok';
  }
  if (documented(host, await host.doc(topic), topic)) return 'ok';
  const meant = nearest(topic, [...commandNames(), ...topicNames()]);
  const hint = meant ? `Did you mean .help ${meant}?` : `Topics are ${topicNames().join(', ')}; .doc NAME explains an operation.`;
  host.front.print(`There is no help on ${escapeControls(topic)}. ${hint}\n`, 'err');
  return 'failed';
}

const typingHelp = [
  'Anything else is TypeScript: sc is the context, res0, res1… are the values of expressions, _ is the last value,',
  'and a line that begins with .name( continues it. Tab completes, Ctrl-C stops what runs, Ctrl-R searches the history.',
];

async function doc(host: CommandHost, argument: string): Promise<EntryEnd> {
  const name = argument.trim();
  if (/^[.:]/.test(name)) return help(host, name.slice(1));
  if (name === '') expressionArgument('.doc', name);
  const answer = await host.doc(name);
  if (answer.found.length === 0 && byName.has(name)) return help(host, name);
  if (documented(host, answer, name)) return 'ok';
  host.front.print(notDocumented(name, answer), 'err');
  return 'failed';
}

/** Prints what is documented of a name, here or in Spark; false if nothing is. */
function documented(host: CommandHost, { found }: Awaited<ReturnType<CommandHost['doc']>>, name: string): boolean {
  const text = found.length > 0 ? documentation(found, host.front.screen()) : fromSpark(name);
  if (!text) return false;
  host.front.print(text, 'out');
  return true;
}

async function editor(host: CommandHost): Promise<EntryEnd> {
  host.front.print('(Type the entry; Ctrl-D runs it, Ctrl-C drops it.)\n', 'out');
  const text = await host.front.readBlock();
  if (text === undefined) return 'interrupted';
  return text.trim() === '' ? 'ok' : host.entry(text);
}

async function showHistory(host: CommandHost, argument: string): Promise<EntryEnd> {
  const count = countArgument('.history', argument, historyShown);
  const entries = host.front.history();
  const from = Math.max(0, entries.length - count);
  const width = String(entries.length).length;
  for (const [index, entry] of entries.slice(from).entries()) {
    const number = String(from + index + 1).padStart(width);
    host.front.print(`${number}  ${entry.replaceAll('\n', `\n${' '.repeat(width + 2)}`)}\n`, 'out');
  }
  return 'ok';
}

async function set(host: CommandHost, argument: string): Promise<EntryEnd> {
  const [, name, value] = /^(\S*)\s*([\s\S]*)$/.exec(argument)!;
  if (value !== '') host.front.set(changedSettings(host.front.settings(), name, value));
  else host.front.print(`${settingsText(host.front.settings(), name)}\n`, 'out');
  return 'ok';
}
