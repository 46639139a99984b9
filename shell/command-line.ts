// What may stand on the command line: read alike by the process that the user starts and by the one that runs a script for it.
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { packageVersion } from './package-root';

export interface CommandLine {
  readonly eval?: string;
  readonly master: string;
  readonly executorMemory?: number;
  readonly quiet: boolean;
  readonly watch: boolean;
  readonly rc: boolean;
  /** The script, or `-`. */
  readonly file?: string;
  readonly args: readonly string[];
}

const usageStatus = 2;

function command(): Command {
  return new Command('millrace')
    .description('An interactive TypeScript shell for distributed datasets.')
    .argument('[script]', 'a TypeScript file to run, or - for standard input; without it, the prompt')
    .argument('[args...]', 'what the script finds in process.argv')
    .option('-e, --eval <code>', 'run this code and leave')
    .option('-m, --master <master>', 'where jobs run: local, local[N] or local[*]', 'local[*]')
    .option('--executor-memory <MB>', 'heap of each executor; by default a share of the memory of this machine', megabytes)
    .option('--watch', 'run the script again, in the same session, whenever it or a module that it imports changes', false)
    .option('--no-rc', 'do not run the rc file: millrace/rc.ts of the configuration folder, or ~/.millracerc.ts')
    .option('--quiet', 'no banner', false)
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

/** Reads the command line of this process. Ends it with 2 where it is wrong, with 0 after the help or the version. */
export function readCommandLine(): CommandLine {
  const program = command();
  try {
    program.parse();
  } catch (error) {
    // The message was printed; help and version are no errors.
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : usageStatus);
    throw error;
  }
  const options = program.opts<Omit<CommandLine, 'file' | 'args'>>();
  if (program.getOptionValueSource('master') === 'cli') checkMaster(options.master);
  const [file, ...args] = program.args;
  if (options.watch && (file === undefined || file === '-' || options.eval !== undefined)) refuseWatch();
  return { ...options, file, args };
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
