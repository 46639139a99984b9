// What a session that attaches to a server is made of: the server's engine, a folder of its own, and a range of numbers.
import { type Config, configNames } from '../../runtime/base/config';
import { MillraceError } from '../../runtime/base/errors';
import type { EngineMaker } from '../../runtime/context/options';
import type { OutputListener } from '../base/output-lines';
import { SessionFolder } from '../driver/session-folder';
import { attach } from './attach';
import type { ServerPlace } from './place';
import { ServedEngine } from './served-engine';
import { firstIdOf } from './session/own-ids';

/** What a session decides by itself; all else is decided once, where the server is started. */
const ownOptions: readonly (keyof Config)[] = ['defaultParallelism', 'autoBroadcastBytes', 'sqlMemoryMb'];

interface AttachedBackend {
  readonly backend: EngineMaker;
  readonly slots: number;
  readonly folder: string;
  readonly config: Partial<Config>;
  readonly firstId: number;
  /** The folder of the server's engine. */
  readonly datasets: string;
}

/** Attaches to a server. Rejects with NO_SERVER, SERVER_REFUSED or BAD_OPTION. */
export async function attachBackend(
  place: ServerPlace,
  config: Partial<Config>,
  options: { readonly name: string; readonly holds: boolean; readonly onOutput: OutputListener },
): Promise<AttachedBackend> {
  for (const option of Object.keys(config) as (keyof Config)[]) {
    if (ownOptions.includes(option) || !configNames.includes(option)) continue;
    const rule = 'set where the server is started: millrace serve --conf';
    throw new MillraceError('BAD_OPTION', { option, value: String(config[option]), rule });
  }
  const folder = SessionFolder.make();
  const link = await attach(place, { ...options, folder: folder.path }).catch(async (error) => {
    await folder.remove();
    throw error;
  });
  const { session, slots, folder: datasets, config: given } = link.welcome;
  const backend: EngineMaker = (_, clock, hooks) =>
    new ServedEngine(link, clock, hooks, { onOutput: options.onOutput, onStop: () => folder.remove() });
  return { backend, slots, folder: folder.path, config: { ...given, ...config }, firstId: firstIdOf(session), datasets };
}
