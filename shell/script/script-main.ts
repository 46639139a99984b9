// The process of a script: reads the command line, and runs the script for the process that the user started.
import { fstatSync } from 'node:fs';
import path from 'node:path';
import { type CommandLine, readCommandLine } from '../base/command-line';
import { packageRoot } from '../base/package-root';
import { runScript, type Script } from './run-script';

/** If no script is named and standard input stays silent this long, it counts as empty. Users who want to wait write `-`. */
const silenceMs = 2_000;

/** The script that the command line asks for. */
async function scriptOf({ file, args, eval: code }: CommandLine): Promise<Script> {
  if (code !== undefined) return { kind: 'text', label: '<eval>', text: code, args: file === undefined ? [] : [file, ...args] };
  if (file === '-') return { kind: 'text', label: '<stdin>', text: await readInput(), args };
  if (file !== undefined) return { kind: 'file', file, args };
  const text = hasInput() ? await readInput(silenceMs) : '';
  if (text.trim() !== '') return { kind: 'text', label: '<stdin>', text, args };
  return { kind: 'file', file: path.join(packageRoot(), 'samples', 'tour.ts'), args };
}

/** False if nothing can come from standard input: it is closed, or a device such as /dev/null. */
function hasInput(): boolean {
  try {
    const stat = fstatSync(0);
    return stat.isFile() || stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}

/** All of standard input. With a limit, empty if the first data does not come in time. */
function readInput(limitMs?: number): Promise<string> {
  const { stdin } = process;
  stdin.setEncoding('utf8');
  return new Promise((resolve) => {
    let text = '';
    const finish = () => {
      stdin.destroy();
      resolve(text);
    };
    const timer = limitMs === undefined ? undefined : setTimeout(finish, limitMs);
    stdin.on('data', (chunk) => {
      clearTimeout(timer);
      text += chunk;
    });
    stdin.once('end', () => {
      clearTimeout(timer);
      resolve(text);
    });
    stdin.once('error', () => {
      clearTimeout(timer);
      resolve(text);
    });
  });
}

const line = readCommandLine();

void runScript(scriptOf(line), line);
