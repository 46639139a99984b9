// The command line: decides between the prompt, a script, and the tour, and loads no more than that one needs.
import { fstatSync } from 'node:fs';
import path from 'node:path';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { packageRoot, packageVersion } from './package-root';
import type { Script } from './script';

interface Options {
  readonly eval?: string;
  readonly master: string;
  readonly executorMemory?: number;
  readonly quiet?: boolean;
  readonly watch?: boolean;
  readonly rc: boolean;
}

const usageStatus = 2;

/** How long a pipe without a script's name may stay silent before it counts as nothing: those who wait for input say `-`. */
const silenceMs = 2_000;

function commandLine(): Command {
  return new Command('millrace')
    .description('An interactive TypeScript shell for distributed datasets.')
    .argument('[script]', 'a TypeScript file to run, or - for standard input; without it, the prompt')
    .argument('[args...]', 'what the script finds in process.argv')
    .option('-e, --eval <code>', 'run this code and leave')
    .option('-m, --master <master>', 'where jobs run: local, local[N] or local[*]', 'local[*]')
    .option('--executor-memory <MB>', 'heap of each executor; by default a share of the memory of this machine', megabytes)
    .option('--watch', 'run the script again, in the same session, whenever it or a module that it imports changes')
    .option('--no-rc', 'do not run the rc file: millrace/rc.ts of the configuration folder, or ~/.millracerc.ts')
    .option('--quiet', 'no banner')
    .version(packageVersion(), '--version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .passThroughOptions()
    .exitOverride()
    .showHelpAfterError('(millrace --help shows what there is)');
}

/** Less is no heap that an executor starts in. */
const leastMegabytes = 64;

function megabytes(text: string): number {
  const n = Number(text);
  if (Number.isSafeInteger(n) && n >= leastMegabytes) return n;
  throw new InvalidArgumentError(`It must be a whole number of MB, from ${leastMegabytes}.`);
}

async function main(): Promise<void> {
  const program = commandLine();
  try {
    program.parse();
  } catch (error) {
    // The message was printed; help and version are no errors.
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : usageStatus);
    throw error;
  }
  const options = program.opts<Options>();
  if (program.getOptionValueSource('master') === 'cli') checkMaster(options.master);
  const [file, ...args] = program.args;
  if (options.watch && (file === undefined || file === '-' || options.eval !== undefined)) refuseWatch();
  const script = await scriptOf(file, args, options);
  if (script === undefined) {
    const { runTerminal } = require('./terminal') as typeof import('./terminal');
    const { master, executorMemory, quiet = false, rc } = options;
    runTerminal({ master, executorMemory, quiet, rc });
    return;
  }
  const { runScript } = require('./script') as typeof import('./script');
  const { master, executorMemory, watch = false } = options;
  await runScript(script, { master, executorMemory, watch });
}

function refuseWatch(): never {
  process.stderr.write('error: --watch needs the file of a script\nFor example: millrace --watch count.ts\n');
  process.exit(usageStatus);
}

function checkMaster(master: string): void {
  const { parseMaster } = require('../cluster/master-url') as typeof import('../cluster/master-url');
  try {
    parseMaster(master);
  } catch (error) {
    const { message, remedy } = error as Error & { remedy?: string };
    process.stderr.write(`error: ${message}\n${remedy ?? ''}\n`);
    process.exit(usageStatus);
  }
}

/** What to run without asking anyone; undefined for the prompt. */
async function scriptOf(file: string | undefined, args: readonly string[], options: Options): Promise<Script | undefined> {
  if (options.eval !== undefined) {
    return { kind: 'text', label: '<eval>', text: options.eval, args: file === undefined ? [] : [file, ...args] };
  }
  if (file === '-') return { kind: 'text', label: '<stdin>', text: await readInput(), args };
  if (file !== undefined) return { kind: 'file', file, args };
  if (process.stdin.isTTY) return undefined;
  const text = hasInput() ? await readInput(silenceMs) : '';
  if (text.trim() !== '') return { kind: 'text', label: '<stdin>', text, args };
  return { kind: 'file', file: path.join(packageRoot(), 'samples', 'tour.ts'), args };
}

/** False where nothing can come from standard input: it is closed, or a device such as /dev/null. */
function hasInput(): boolean {
  try {
    const stat = fstatSync(0);
    return stat.isFile() || stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}

/** All of standard input. With a limit, nothing if the first of it does not come in time. */
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

void main();
