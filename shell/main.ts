// What the user starts: decides between the prompt and a script, and loads only what that one needs.
import { isatty } from 'node:tty';
import { readCommandLine } from './base/command-line';

function main(): void {
  if (process.argv[2] === 'spark-setup') {
    const { sparkSetup } = require('../cluster/spark/setup') as typeof import('../cluster/spark/setup');
    void sparkSetup(process.argv.slice(3), (line) => process.stdout.write(`${line}\n`)).then((status) => {
      process.exitCode = status;
    });
    return;
  }
  const line = readCommandLine();
  if (line.isInit) init();
  // Standard input is not opened here: it belongs to the process of the script.
  else if (line.file === undefined && line.eval === undefined && isatty(0)) {
    const { runTerminal } = require('./terminal/terminal') as typeof import('./terminal/terminal');
    runTerminal(line);
  } else {
    const { launchScript } = require('./script/script-launcher') as typeof import('./script/script-launcher');
    launchScript(process.argv.slice(2));
  }
}

function init(): void {
  const { initProject } = require('./init/init') as typeof import('./init/init');
  try {
    for (const told of initProject(process.cwd())) process.stdout.write(`${told}\n`);
  } catch (error) {
    const { message, remedy = '' } = error as Error & { remedy?: string };
    process.stderr.write(`error: ${message}\n${remedy}\n`);
    process.exitCode = 1;
  }
}

main();
