// `.sh`: runs a command of the system, and tells how it ended.
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
  // 130: the shell says in this way that Ctrl-C ended what it ran.
  if ('signal' in end ? end.signal === 'SIGINT' : 'status' in end && end.status === 130) return 'interrupted';
  const named = cut(escapeControls(`.sh ${command}`), maxNamed);
  const text =
    'message' in end ? `could not start: ${end.message}` : `ended with ${'signal' in end ? end.signal : `status ${end.status}`}`;
  host.front.print(`${named} ${text}\n`, 'err');
  return 'failed';
}
