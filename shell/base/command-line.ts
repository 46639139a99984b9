// The command line. Both the process that the user starts and the process of a script read it.
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import type { EngineOptions } from '../contract/session';
import { packageVersion } from './package-root';
import { usageStatus } from './run-command';

export interface CommandLine extends EngineOptions {
  readonly eval?: string;
  readonly quiet: boolean;
  readonly watch: boolean;
  /** True only checks the script, false does not check it. */
  readonly check?: boolean;
  readonly rc: boolean;
  /** `millrace init`; a script of that name is `./init`. */
  readonly isInit: boolean;
  /** `millrace schema FILE --as NAME`. */
  readonly schema?: { readonly file: string; readonly as?: string };
  /** The script, or `-`. */
  readonly file?: string;
  readonly args: readonly string[];
}

interface Options extends Omit<CommandLine, 'file' | 'args' | 'config' | 'spark' | 'isInit'> {
  readonly conf?: string[];
  readonly sparkHome?: string;
  readonly sparkConf?: Readonly<Record<string, string>>;
  readonly sparkShipNode?: boolean;
}

/** The command line; `onInit` and `onSchema` are called where it is `millrace init` and `millrace schema`. */
function command(onInit: () => void, onSchema: (file: string, options: { as?: string }) => void): Command {
  const program = new Command('millrace')
    .description('An interactive TypeScript shell for distributed datasets.')
    .argument('[script]', 'a TypeScript file to run, or - for standard input; without it, the prompt')
    .argument('[args...]', 'arguments of the script: args and process.argv')
    .option('-e, --eval <code>', 'run this code and exit')
    .option(
      '-m, --master <master>',
      'where jobs run: local, local[N], local[*]; serve or millrace://host:port on a server; with Apache Spark spark-local[N], spark://host:port, yarn, k8s://host:port',
      'local[*]',
    )
    .option('--executor-memory <MiB>', "heap of each executor; by default a share of this machine's memory", mebibytes)
    .option('--conf <KEY=VALUE>', 'set an option of the engine, listed below; repeat it for more options', added)
    .option(
      '--spark-home <folder>',
      'the folder of Apache Spark; by default SPARK_HOME, or what millrace spark-setup has installed',
    )
    .option('--spark-conf <KEY=VALUE>', 'a setting of Apache Spark itself; repeat it for more', sparkSetting)
    .option('--spark-ship-node', 'send this Node to the executors of Apache Spark, which then need none')
    .option('--watch', 'run the script again, in the same session, whenever it or a module that it imports changes', false)
    .option('--check', 'only check the types of the script and its modules')
    .option('--no-check', 'run the script whatever its types are')
    .option('--no-rc', 'do not run the rc file: millrace/rc.ts of the configuration folder, or ~/.millracerc.ts')
    .option('--quiet', 'print no banner', false)
    .version(packageVersion(), '--version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .addHelpText('after', () => `\n${otherCommands}\n\n${conf().confHelp()}`)
    .passThroughOptions()
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('(millrace --help lists the options)')
    .action(() => {});
  program.command('init').description(initText).helpCommand(false).action(onInit);
  program
    .command('schema <file>')
    .description("write the interface of a table's rows to standard output: of a .csv, .jsonl, .parquet or .arrow file")
    .option('--as <name>', 'the name of the interface; by default that of the file')
    .helpCommand(false)
    .action(onSchema);
  return program;
}

const otherCommands = [
  'Commands of their own, with --help: millrace serve (one engine for several sessions), millrace attach (takes up a prompt of a server),',
  'millrace kernel --install (notebooks of Jupyter), millrace spark-setup (Apache Spark).',
].join('\n');

const initText =
  'make the editor know the names of scripts in this folder: writes millrace.d.ts, and tsconfig.json if there is none';

const added = (text: string, earlier: readonly string[] = []): string[] => [...earlier, text];

export function sparkSetting(text: string, earlier: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [, name, value] = /^(spark\.[^=\s]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('It must be a setting of Spark, such as spark.executor.cores=2.');
  return { ...earlier, [name]: value };
}

/** Loaded only when needed, so that the prompt appears sooner. */
const conf = () => require('./conf') as typeof import('./conf');

/** An executor does not start in a smaller heap. */
const leastMebibytes = 64;

export function mebibytes(text: string): number {
  const n = Number(text);
  if (Number.isSafeInteger(n) && n >= leastMebibytes) return n;
  throw new InvalidArgumentError(`It must be a whole number of MiB, at least ${leastMebibytes}.`);
}

/** Reads the command line of this process. A mistake ends the process with 2, the help or the version with 0. */
export function readCommandLine(): CommandLine {
  let isInit = false;
  let schema: CommandLine['schema'];
  const program = command(
    () => {
      isInit = true;
    },
    (asked, { as }) => {
      schema = { file: asked, as };
    },
  );
  try {
    program.parse();
  } catch (error) {
    // The message was printed; help and version are no errors.
    if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : usageStatus);
    throw error;
  }
  const { conf: texts, sparkHome: home, sparkConf, sparkShipNode: shipNode, ...options } = program.opts<Options>();
  const spark = home || sparkConf || shipNode ? { home, conf: sparkConf, shipNode } : undefined;
  if (program.getOptionValueSource('master') === 'cli') checked(() => checkMaster(options.master));
  const config = texts ? checked(() => conf().readConf(texts)) : undefined;
  const [file, ...args] = program.args;
  if (options.watch && (file === undefined || file === '-' || options.eval !== undefined)) refuseWatch();
  return { ...options, config, spark, isInit, schema, file, args };
}

function refuseWatch(): never {
  process.stderr.write('error: --watch needs a script file\nFor example: millrace --watch count.ts\n');
  process.exit(usageStatus);
}

/** Throws BAD_MASTER or BAD_OPTION for what is no master. */
export function checkMaster(master: string): void {
  const { parseMaster } = require('../../cluster/driver/master-url') as typeof import('../../cluster/driver/master-url');
  parseMaster(master);
}

/** Answers what `read` reads. A mistake is printed and ends this process. */
function checked<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const { message, remedy } = error as Error & { remedy?: string };
    process.stderr.write(`error: ${message}\n${remedy ?? ''}\n`);
    process.exit(usageStatus);
  }
}
