// The entry by which Jupyter finds the kernel: `kernels/NAME/kernel.json` in its data folder.
import { accessSync, constants, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, platform } from 'node:os';
import path from 'node:path';
import { MillraceError } from '../../runtime/base/errors';
import { makeFolders } from '../../runtime/base/files';

export interface KernelEntry {
  /** Of its folder: letters, digits, `.`, `-`, `_`. */
  readonly name: string;
  readonly displayName: string;
  /** The data folder of Jupyter; that of the user by default. */
  readonly folder?: string;
}

/** Marks an entry as one of ours. */
const mark = 'millrace';

const logo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="10" fill="#1f4e79"/>
<path d="M10 44V20l11 14 11-14v24M40 20h14M40 32h10M40 44h14" fill="none" stroke="#fff" stroke-width="5"/></svg>
`;

/** The user's data folder of Jupyter, as Jupyter itself finds it. */
function dataFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { JUPYTER_DATA_DIR: own, XDG_DATA_HOME: data, APPDATA: roaming } = environment;
  if (own) return own;
  if (platform() === 'darwin') return path.join(homedir(), 'Library', 'Jupyter');
  if (platform() === 'win32' && roaming) return path.join(roaming, 'jupyter');
  return path.join(data || path.join(homedir(), '.local', 'share'), 'jupyter');
}

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}

const placeOf = ({ name, folder }: Pick<KernelEntry, 'name' | 'folder'>): string =>
  path.join(folder ?? dataFolder(), 'kernels', name);

/** Whether the entry of this name is there, and ours. */
function ownerOf(place: string): 'nobody' | 'us' | 'others' {
  if (!existsSync(place)) return 'nobody';
  try {
    const { metadata } = JSON.parse(readFileSync(path.join(place, 'kernel.json'), 'utf8')) as {
      metadata?: Record<string, unknown>;
    };
    return metadata?.[mark] === true ? 'us' : 'others';
  } catch {
    return 'others';
  }
}

/** Writes the entry, whole or not at all; answers its folder. Throws NO_JUPYTER, and BAD_ARGUMENT for the name of another kernel. */
export function install(entry: KernelEntry, argv: readonly string[]): string {
  const folder = entry.folder ?? dataFolder();
  if (!existsSync(folder) && (entry.folder !== undefined || !isOnPath('jupyter')))
    throw new MillraceError('NO_JUPYTER', { folder });
  checkName(entry.name);
  const place = placeOf(entry);
  if (ownerOf(place) === 'others')
    throw new MillraceError('BAD_ARGUMENT', {
      operation: 'millrace kernel --install',
      argument: '--name',
      value: entry.name,
      rule: 'a name that no other kernel has',
      remedy: `In ${place} there is one already.`,
    });
  const spec = {
    argv,
    display_name: entry.displayName,
    language: 'typescript',
    interrupt_mode: 'message',
    metadata: { [mark]: true },
  };
  const beside = `${place}.${process.pid}`;
  // Its settings may hold keys.
  makeFolders(beside, 0o700);
  writeFileSync(path.join(beside, 'kernel.json'), `${JSON.stringify(spec, null, 2)}\n`, { mode: 0o600 });
  writeFileSync(path.join(beside, 'logo-svg.svg'), logo);
  rmSync(place, { recursive: true, force: true });
  renameSync(beside, place);
  return place;
}

/** Removes the entry; answers its folder. Throws NO_KERNEL where there is none of ours. */
export function uninstall(entry: Pick<KernelEntry, 'name' | 'folder'>): string {
  checkName(entry.name);
  const place = placeOf(entry);
  if (ownerOf(place) !== 'us') throw new MillraceError('NO_KERNEL', { name: entry.name, folder: path.dirname(place) });
  rmSync(place, { recursive: true, force: true });
  return place;
}

function checkName(name: string): void {
  if (/^[\w.-]{1,100}$/.test(name) && !/^\.+$/.test(name)) return;
  const rule = 'of letters, digits, ".", "-" and "_"';
  const remedy = 'For example: --name millrace-serve';
  throw new MillraceError('BAD_ARGUMENT', { operation: 'millrace kernel', argument: '--name', value: name, rule, remedy });
}
