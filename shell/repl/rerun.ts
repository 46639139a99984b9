// Runs the entries of stale names again, in their order.
import path from 'node:path';
import type { EntryEnd } from '../contract/commands';
import type { EntryToRerun, RerunText } from '../contract/session';
import type { TextOrigin } from '../contract/type-service';

export interface RerunHost {
  /** Runs an entry as if it were typed again; its value keeps its name. */
  run(entry: RerunText, origin: TextOrigin | undefined): Promise<EntryEnd>;
  runModule(file: string, folder: string): Promise<EntryEnd>;
  print(text: string, stream: 'out' | 'err'): void;
}

/** Stops at the first entry that fails. */
export async function rerunEntries(entries: readonly EntryToRerun[], host: RerunHost): Promise<EntryEnd> {
  for (const [index, { entry, isModule }] of entries.entries()) {
    const { label, folder, firstLine } = entry;
    const origin = label.startsWith('<') ? undefined : { label, folder, firstLine };
    const end = await (isModule ? host.runModule(path.basename(label), folder) : host.run(entry, origin));
    if (end === 'ok') continue;
    const left = entries.slice(index + 1).flatMap(({ names }) => names);
    if (left.length > 0) host.print(`Not computed again: ${left.join(', ')}\n`, 'err');
    return end;
  }
  const done = entries.flatMap(({ names }) => names);
  host.print(done.length === 0 ? 'No name is stale.\n' : `(computed again: ${done.join(', ')})\n`, 'out');
  return 'ok';
}
