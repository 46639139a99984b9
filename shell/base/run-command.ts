// Runs a subcommand such as `millrace serve`: reads its arguments, and turns what goes wrong into lines and a status.
import { type Command, CommanderError } from 'commander';
import { asError } from '../../runtime/base/errors';

/** The status of a command line that is not understood. */
export const usageStatus = 2;

/**
 * Runs `action` once the arguments are read; answers the exit status: its own, 2 for arguments that are none, 1 for an error, which is
 * printed with what to do.
 */
export async function runCommand<Options extends object>(
  program: Command,
  args: readonly string[],
  action: (options: Options, operands: readonly string[]) => Promise<number> | number,
): Promise<number> {
  program
    .helpOption('-h, --help', 'show this help')
    .exitOverride()
    .showHelpAfterError(`(${program.name()} --help lists the options)`);
  try {
    program.parse(args, { from: 'user' });
    return await action(program.opts<Options>(), program.args);
  } catch (e) {
    // The message was printed; help is no error.
    if (e instanceof CommanderError) return e.exitCode === 0 ? 0 : usageStatus;
    const { message, remedy = '' } = asError(e) as Error & { remedy?: string };
    process.stderr.write(`error: ${message}\n${remedy}\n`);
    return 1;
  }
}

export const repeated = (text: string, all: readonly string[]): string[] => [...all, text];
