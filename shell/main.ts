// What the user starts: decides between the prompt and a script, and loads only what that one needs.
import { isatty } from 'node:tty';
import { type CommandLine, readCommandLine } from './base/command-line';

function main(): void {
  if (process.argv[2] === 'spark-setup') {
    const { sparkSetup } = require('../cluster/spark/setup') as typeof import('../cluster/spark/setup');
    void sparkSetup(process.argv.slice(3), (line) => process.stdout.write(`${line}\n`)).then((status) => {
      process.exitCode = status;
    });
    return;
  }
  if (process.argv[2] === 'serve') {
    const { serve } = require('./serve-command') as typeof import('./serve-command');
    void serve(process.argv.slice(3)).then((status) => {
      process.exitCode = status;
    });
    return;
  }
  const line = readCommandLine();
  if (line.isInit) told(() => init());
  else if (line.schema) told(() => schema(line.schema!));
  // Standard input is not opened here: it belongs to the process of the script.
  else if (line.file === undefined && line.eval === undefined && isatty(0)) {
    const { runTerminal } = require('./terminal/terminal') as typeof import('./terminal/terminal');
    runTerminal(line);
  } else {
    const { launchScript } = require('./script/script-launcher') as typeof import('./script/script-launcher');
    launchScript(process.argv.slice(2));
  }
}

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
