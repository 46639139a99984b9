// What the user starts: decides between the prompt and a script, and loads only what that one needs.
import { isatty } from 'node:tty';
import { type CommandLine, readCommandLine } from './base/command-line';
import { canPaint } from './terminal/can-paint';

/** Commands of their own, each loaded only where it is meant; they answer the exit status. */
const subcommands: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  'spark-setup': (args) =>
    (require('../cluster/spark/setup') as typeof import('../cluster/spark/setup')).sparkSetup(args, (line) =>
      process.stdout.write(`${line}\n`),
    ),
  serve: (args) => (require('./serve-command') as typeof import('./serve-command')).serve(args),
  kernel: (args) => (require('./kernel/kernel-command') as typeof import('./kernel/kernel-command')).kernelCommand(args),
  attach: (args) => (require('./held/attach-command') as typeof import('./held/attach-command')).attachCommand(args),
};

function main(): void {
  const subcommand = Object.hasOwn(subcommands, process.argv[2] ?? '') ? subcommands[process.argv[2]] : undefined;
  if (subcommand) {
    void subcommand(process.argv.slice(3)).then((status) => {
      process.exitCode = status;
    });
    return;
  }
  const held = process.argv[2] === 'held' ? process.argv[3] : undefined;
  // What follows are the arguments of the prompt.
  if (held !== undefined) process.argv.splice(2, 2);
  const line = readCommandLine();
  if (held !== undefined) {
    const { runHeld } = require('./held/held-prompt') as typeof import('./held/held-prompt');
    const { runTerminal } = require('./terminal/terminal') as typeof import('./terminal/terminal');
    runHeld(held, line.master, () => runTerminal(line));
    return;
  }
  if (line.isInit) told(() => init());
  else if (line.schema) told(() => schema(line.schema!));
  // Standard input is not opened here: it belongs to the process of the script.
  else if (line.file === undefined && line.eval === undefined && isatty(0)) {
    if (isServed(line.master) && canPaint(process)) {
      const { startInFront } = require('./held/front') as typeof import('./held/front');
      return startInFront(process.argv.slice(2));
    }
    const { runTerminal } = require('./terminal/terminal') as typeof import('./terminal/terminal');
    runTerminal(line);
  } else {
    const { launchScript } = require('./script/script-launcher') as typeof import('./script/script-launcher');
    launchScript(process.argv.slice(2));
  }
}

/** A prompt of a server outlives its terminal. */
const isServed = (master: string): boolean => /^(serve$|serve:|millrace:)/.test(master);

function init(): string[] {
  const { initProject } = require('./init/init') as typeof import('./init/init');
  return initProject(process.cwd());
}

function schema({ file, as }: NonNullable<CommandLine['schema']>): string[] {
  const { schemaOfFile } = require('./init/print-schema') as typeof import('./init/print-schema');
  return [schemaOfFile(file, as).trimEnd()];
}

/** Prints the lines of a command that starts nothing, or its error. */
function told(command: () => readonly string[]): void {
  try {
    for (const line of command()) process.stdout.write(`${line}\n`);
  } catch (error) {
    const { message, remedy = '' } = error as Error & { remedy?: string };
    process.stderr.write(`error: ${message}\n${remedy}\n`);
    process.exitCode = 1;
  }
}

main();
