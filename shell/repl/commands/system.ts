// `.sh`: runs a command of the system, and tells how it ended.
import { endedByCtrlC } from '../../base/system-command';
import type { CommandHost, EntryEnd } from '../../contract/commands';
import { cut, escapeControls } from '../../print/safe-text';
import { commandArgument } from './arguments';

/** Of a longer command only the start is named. */
const maxNamed = 60;

export async function system(host: CommandHost, argument: string): Promise<EntryEnd> {
  const command = commandArgument('.sh', argument);
  const end = await host.system(command);
  if (typeof end === 'string') return end;
  if ('status' in end && end.status === 0) return 'ok';
  if (endedByCtrlC(end)) return 'interrupted';
  const named = cut(escapeControls(`.sh ${command}`), maxNamed);
  const text =
    'message' in end ? `could not start: ${end.message}` : `ended with ${'signal' in end ? end.signal : `status ${end.status}`}`;
  host.front.print(`${named} ${text}\n`, 'err');
  return 'failed';
}
