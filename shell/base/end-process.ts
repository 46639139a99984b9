// Ends this process with a status, or as a hang-up does where its terminal is gone.
import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import { unlessUnreadable } from './files';

/** The standard streams that were a terminal when this process started. */
const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));

/** A terminal that is gone is still a device, but answers no question about its modes. */
function isGone(descriptor: number): boolean {
  return unlessUnreadable(() => fstatSync(descriptor))?.isCharacterDevice() === true && !isatty(descriptor);
}

/** Whether the terminal of this process was closed. */
export const terminalIsGone = (): boolean => terminals.some(isGone);

/** As `process.exit`, which aborts where the terminal is gone: Node insists on restoring the terminal's modes. */
export function endProcess(status: number): never {
  if (terminalIsGone()) {
    process.emit('exit', status);
    process.removeAllListeners('SIGHUP');
    process.kill(process.pid, 'SIGHUP');
  }
  process.exit(status);
}
