// What the user starts: decides between the prompt and a script, and loads only what that one needs.
import { isatty } from 'node:tty';
import { readCommandLine } from './base/command-line';

function main(): void {
  const line = readCommandLine();
  // Standard input is not opened here: it belongs to the process of the script.
  if (line.file === undefined && line.eval === undefined && isatty(0)) {
    const { runTerminal } = require('./terminal/terminal') as typeof import('./terminal/terminal');
    runTerminal(line);
  } else {
    const { launchScript } = require('./script/script-launcher') as typeof import('./script/script-launcher');
    launchScript(process.argv.slice(2));
  }
}

main();
