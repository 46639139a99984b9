// `millrace kernel`: makes Jupyter know this kernel, or is the process of one, which Jupyter starts.
import path from 'node:path';
import { Command } from 'commander';
import { isAlive } from '../../runtime/base/process-owner';
import { checkMaster, mebibytes, sparkSetting } from '../base/command-line';
import { confHelp, readConf } from '../base/conf';
import { entryArguments } from '../base/package-root';
import { repeated, runCommand } from '../base/run-command';
import type { EngineOptions } from '../contract/session';
import { readConnectionFile } from './connection-file';
import { Kernel } from './kernel';
import { install, uninstall } from './kernelspec';

interface Options {
  readonly install: boolean;
  readonly uninstall: boolean;
  readonly connectionFile?: string;
  readonly name: string;
  readonly displayName?: string;
  readonly folder?: string;
  readonly master: string;
  readonly executorMemory?: number;
  readonly conf: readonly string[];
  readonly sparkHome?: string;
  readonly sparkConf?: Readonly<Record<string, string>>;
}

const parentEveryMs = 1_000;
const stopLimitMs = 3_000;

function command(): Command {
  return new Command('millrace kernel')
    .description('A kernel for notebooks: Jupyter starts it once it is installed.')
    .option('--install', 'make Jupyter know the kernel; its master and settings are those given here', false)
    .option('--uninstall', 'make Jupyter forget it', false)
    .option('--connection-file <file>', 'run the kernel: Jupyter says this')
    .option('--name <name>', 'the name of the kernel, for several with other masters', 'millrace')
    .option('--display-name <text>', 'what notebooks show')
    .option('--folder <folder>', "the data folder of Jupyter; by default the user's")
    .option('-m, --master <master>', 'where jobs run, as for millrace itself: serve attaches to a server', 'local[*]')
    .option('--executor-memory <MiB>', "heap of each executor; by default a share of this machine's memory", mebibytes)
    .option('--conf <KEY=VALUE>', 'set an option of the engine, listed below; repeat it for more', repeated, [])
    .option('--spark-home <folder>', 'the folder of Apache Spark')
    .option('--spark-conf <KEY=VALUE>', 'a setting of Apache Spark itself; repeat it for more', sparkSetting)
    .addHelpText('after', () => `\n${confHelp()}`);
}

/** Runs the command; answers the exit status. */
export function kernelCommand(args: readonly string[]): Promise<number> {
  const program = command();
  return runCommand<Options>(program, args, async (options) => {
    checkMaster(options.master);
    const config = options.conf.length > 0 ? readConf(options.conf) : undefined;
    const { sparkHome: home, sparkConf: conf, master, executorMemory, connectionFile: file } = options;
    const spark = home !== undefined || conf !== undefined ? { home, conf } : undefined;
    if (file !== undefined) return await runKernel(file, { master, executorMemory, config, spark });
    if (options.install) {
      tell(`installed in ${install({ ...options, displayName: nameFor(options) }, argvOf(args))}`);
      tell('On a machine that you share, keep what cells show from other users: jupyter lab --KernelManager.transport=ipc');
    } else if (options.uninstall) tell(`removed ${uninstall(options)}`);
    else program.help({ error: true });
    return 0;
  });
}

const tell = (line: string): void => void process.stdout.write(`${line}\n`);

/** The name in menus; a kernel with a master of its own says which. */
function nameFor({ displayName, master }: Options): string {
  return displayName ?? (master === 'local[*]' ? 'Millrace' : `Millrace (${master})`);
}

/** How Jupyter starts the kernel: as it was installed, without what only concerns the entry. */
function argvOf(args: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < args.length; i++) {
    if (/^--(?:install|uninstall)$/.test(args[i])) continue;
    if (/^--(?:name|display-name|folder)$/.test(args[i])) i++;
    else if (args[i] === '--spark-home') kept.push(args[i], path.resolve(args[++i]));
    else if (args[i].startsWith('--spark-home=')) kept.push('--spark-home', path.resolve(args[i].slice('--spark-home='.length)));
    else if (!/^--(?:name|display-name|folder)=/.test(args[i])) kept.push(args[i]);
  }
  const self = [process.execPath, ...entryArguments('millrace.js', 'shell/main.ts'), 'kernel'];
  return [...self, '--connection-file', '{connection_file}', ...kept];
}

async function runKernel(file: string, engine: EngineOptions): Promise<number> {
  const kernel = new Kernel(readConnectionFile(file), engine);
  // Interrupts come as messages; one by a signal means the same.
  process.on('SIGINT', () => kernel.interrupt());
  process.on('SIGTERM', () => void kernel.stop());
  process.on('SIGHUP', () => void kernel.stop());
  // A front end that was killed sends no message.
  const parent = Number(process.env['JPY_PARENT_PID']);
  const isKnown = Number.isInteger(parent) && parent > 1;
  const watch = setInterval(() => isKnown && !isAlive(parent) && void kernel.stop(), parentEveryMs).unref();
  try {
    await kernel.listen();
  } catch (error) {
    await Promise.race([kernel.stop(), new Promise((resolve) => setTimeout(resolve, stopLimitMs))]);
    throw error;
  }
  await kernel.ended;
  clearInterval(watch);
  return 0;
}
