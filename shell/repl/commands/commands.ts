// The commands of the prompt: one table that is the source of what they do, of help, and of completion.
import { nearest } from '../../../runtime/base/nearest';
import { changedSettings, settingsText, settingWords } from '../../base/settings';
import type { Command, CommandHost, EntryEnd } from '../../contract/commands';
import type { Choice } from '../../contract/screen';
import { escapeControls } from '../../print/text';
import { documentation, notDocumented } from '../doc';
import type { DottedWord } from '../entry';
import { fromSpark } from '../from-spark';
import { countArgument, expressionArgument, fileArgument } from './arguments';
import { jobCommands } from './jobs';
import { save } from './save';
import { topicNames, topics } from './topics';
import { valueCommands } from './values';

const historyShown = 20;

const commands: readonly Command[] = [
  {
    name: 'help',
    aliases: ['h'],
    argument: 'word',
    usage: '.help [COMMAND]',
    brief: 'list the commands, or explain one or a topic',
    help: 'Shows every command with one line, or all about the one or the topic that is named.',
    words: (before) => (before.length === 0 ? helpWords() : []),
    run: async (host, argument) => help(host, argument.replace(/^[.:]/, '')),
  },
  {
    name: 'load',
    argument: 'file',
    usage: '.load FILE',
    brief: 'run a TypeScript file here, statement by statement',
    help: 'Names of the file stay afterwards. Its relative imports are taken from its own folder. An error stops it and names the line; what ran before stays.',
    run: async (host, argument) => host.load(fileArgument('.load', argument), host.folder),
  },
  {
    name: 'run',
    argument: 'file',
    usage: '.run FILE',
    brief: 'run a TypeScript file as a module: only what it exports stays',
    help: 'It sees the names of the prompt and may await; its types are checked as a whole before anything runs. Names that it does not export never come into the way of yours.',
    run: async (host, argument) => host.runModule(fileArgument('.run', argument), host.folder),
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
    partial: true,
    usage: '.type EXPRESSION',
    brief: 'show the type of an expression, without running it',
    help: 'For example: .type sc.textFile("log").map(line => line.length)',
    run: async (host, argument) => host.typeOf(expressionArgument('.type', argument)),
  },
  {
    name: 'doc',
    argument: 'name',
    usage: '.doc NAME',
    brief: 'show what a name is for: signatures, text, an example',
    help: 'For example: .doc rdd.reduceByKey, .doc sc.textFile, .doc DStream.window, .doc .load; a name alone is looked for everywhere.',
    run: doc,
  },
  {
    name: 'time',
    argument: 'expression',
    usage: '.time EXPRESSION',
    brief: 'run an entry and say how long it took',
    help: 'Prints the value as usual, then the seconds.',
    run: async (host, argument) => host.inSession('time', { expression: expressionArgument('.time', argument), keeps: true }),
  },
  {
    name: 'explain',
    argument: 'expression',
    usage: '.explain DATASET',
    brief: 'show how a dataset is computed: its lineage and stages',
    help: 'Nothing is computed. For example: .explain counts',
    run: async (host, argument) => host.inSession('explain', { expression: expressionArgument('.explain', argument) }),
  },
  ...valueCommands,
  ...jobCommands,
  {
    name: 'streams',
    argument: 'none',
    usage: '.streams',
    brief: 'list the streams that run: their sources and outputs',
    help: 'For each source its records, rate, and what was skipped; for each output its time or its failures; how far batches are behind.',
    run: async (host) => host.inSession('streams'),
  },
  {
    name: 'stop',
    argument: 'choice',
    usage: '.stop [NAME]',
    brief: 'end an output or pane, what reads a source, or all streams',
    help: 'The names are those of .streams: an output (watch of counts), a stream (counts), or a source, which ends all that reads it. Alone it ends all streams; what was received is worked off first.',
    run: async (host, argument) => host.inSession('stop', { words: argument === '' ? [] : [argument] }),
  },
  {
    name: 'ui',
    argument: 'word',
    usage: '.ui [stop]',
    brief: 'open pages that show jobs, stages, datasets, executors and streams',
    help: 'Prints an address for a browser on this machine, and opens one where there is a desktop. The address lets in once; .ui again makes a new one. From elsewhere: ssh -L PORT:127.0.0.1:PORT, with the port of the address. .ui stop ends the pages; so does leaving.',
    words: (before) => (before.length === 0 ? [{ name: 'stop', brief: 'end the pages' }] : []),
    run: async (host, argument) => host.inSession('ui', { words: argument === '' ? [] : [argument] }),
  },
  {
    name: 'errors',
    argument: 'word',
    usage: '.errors [full]',
    brief: 'show the last error again, with every frame if full',
    help: 'Errors show the frames of your own code. With "full" the frames of Millrace and of packages are shown too.',
    words: (before) => (before.length === 0 ? [{ name: 'full', brief: 'with every frame' }] : []),
    run: async (host, argument) => host.inSession('errors', { words: argument === '' ? [] : [argument] }),
  },
  {
    name: 'set',
    argument: 'word',
    usage: '.set [NAME VALUE]',
    brief: 'show or change how the shell behaves: rows, colours, hints, the pager',
    help: 'Alone it shows all. They are for this session; lines of .set in the rc file make them lasting. The value "default" takes a change back.',
    words: settingWords,
    run: set,
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
    name: 'reset',
    argument: 'none',
    usage: '.reset',
    brief: 'start a fresh session: names, datasets and streams are gone',
    help: 'What runs is stopped. .save FILE before it keeps the entries.',
    run: async (host) => {
      await host.front.reset();
      return 'ok';
    },
  },
  {
    name: 'clear',
    argument: 'none',
    usage: '.clear',
    brief: 'clear the screen; names stay',
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
    brief: 'leave; so does Ctrl-D on an empty line',
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

/** What help can be asked for: commands, then topics that are none. */
function helpWords(): Choice[] {
  const topicsOnly = topicNames().filter((name) => !byName.has(name));
  return [...commands.map(({ name, brief }) => ({ name, brief })), ...topicsOnly.map((name) => ({ name, brief: 'a topic' }))];
}

function help(host: CommandHost, topic: string): EntryEnd {
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
    host.front.print(`${command.usage}\n${command.brief}\n${command.help}\n`, 'out');
    return 'ok';
  }
  const meant = nearest(topic, [...commandNames(), ...topicNames()]);
  host.front.print(
    `There is no help on ${escapeControls(topic)}. ${meant ? `Did you mean .help ${meant}?` : 'Try .help alone.'}\n`,
    'err',
  );
  return 'failed';
}

const typingHelp = [
  'Anything else is TypeScript: sc is the context, res0, res1… are the values of expressions, _ is the last one,',
  'and a line that begins with .name( goes on with it. Tab completes, Ctrl-C stops what runs, Ctrl-R searches the history.',
];

async function doc(host: CommandHost, argument: string): Promise<EntryEnd> {
  const name = argument.trim();
  if (/^[.:]/.test(name)) return help(host, name.slice(1));
  if (name === '') expressionArgument('.doc', name);
  const answer = await host.doc(name);
  if (answer.found.length > 0) host.front.print(documentation(answer.found, host.front.screen()), 'out');
  else if (byName.has(name)) return help(host, name);
  else {
    const ofSpark = fromSpark(name);
    host.front.print(ofSpark || notDocumented(name, answer), ofSpark ? 'out' : 'err');
    return ofSpark ? 'ok' : 'failed';
  }
  return 'ok';
}

async function editor(host: CommandHost): Promise<EntryEnd> {
  host.front.print('(Write on; Ctrl-D runs it, Ctrl-C gives it up.)\n', 'out');
  const text = await host.front.readBlock();
  if (text === undefined) return 'interrupted';
  return text.trim() === '' ? 'ok' : host.entry(text);
}

async function showHistory(host: CommandHost, argument: string): Promise<EntryEnd> {
  const count = countArgument('.history', argument, historyShown);
  for (const entry of host.front.history().slice(-count)) host.front.print(entry + '\n', 'out');
  return 'ok';
}

async function set(host: CommandHost, argument: string): Promise<EntryEnd> {
  const [, name, value] = /^(\S*)\s*([\s\S]*)$/.exec(argument)!;
  if (value !== '') host.front.set(changedSettings(host.front.settings(), name, value));
  else host.front.print(`${settingsText(host.front.settings(), name)}\n`, 'out');
  return 'ok';
}
