// The session's folder for shuffle and spill files: private, removed at the end, and at the next start where the end was sudden.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const prefix = 'millrace-';
const ownerFile = 'owner';
const pattern = /^millrace-(\d+)-[A-Za-z0-9]{6}$/;

/** Who made a folder. Process ids mean something within one namespace only, and are used again. */
interface Owner {
  readonly pid: number;
  readonly namespace: string;
  /** The process's start in clock ticks since the machine's. */
  readonly started: string;
}

export class SessionFolder {
  readonly path: string;
  readonly #atExit = () => this.#removeNow();

  private constructor(folder: string) {
    this.path = folder;
    process.once('exit', this.#atExit);
  }

  /** Makes a folder of mode 0700 below the machine's temporary folder, and begins to remove those that dead sessions left. */
  static make(): SessionFolder {
    removeStale();
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), `${prefix}${process.pid}-`));
    fs.writeFileSync(path.join(folder, ownerFile), JSON.stringify(ownerOf(process.pid)), { mode: 0o600, flag: 'wx' });
    return new SessionFolder(folder);
  }

  async remove(): Promise<void> {
    process.off('exit', this.#atExit);
    // An executor that was just killed may have made one more file.
    await fs.promises.rm(this.path, { recursive: true, force: true, maxRetries: 3 });
  }

  #removeNow(): void {
    fs.rmSync(this.path, { recursive: true, force: true, maxRetries: 3 });
  }
}

function ownerOf(pid: number): Owner {
  return { pid, namespace: namespaceOf(), started: stateOf(pid)?.started ?? '' };
}

function namespaceOf(): string {
  try {
    return `${os.hostname()} ${fs.readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return os.hostname();
  }
}

interface ProcessState {
  readonly started: string;
  /** It has ended, and its parent has not asked how. */
  readonly isZombie: boolean;
}

/** The third and the 22nd field of /proc/PID/stat; the second, the name, may hold anything up to its last bracket. */
function stateOf(pid: number): ProcessState | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { started: fields[19], isZombie: fields[0] === 'Z' };
  } catch {
    return undefined;
  }
}

function isAlive(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
  const state = stateOf(owner.pid);
  if (!state) return true;
  return !state.isZombie && (owner.started === '' || state.started === owner.started);
}

function removeStale(): void {
  const root = os.tmpdir();
  for (const name of fs.readdirSync(root)) {
    const folder = path.join(root, name);
    if (pattern.test(name) && isStale(folder)) fs.rm(folder, { recursive: true, force: true }, () => {});
  }
}

/** Only a folder of this user's, made on this machine and in this namespace, whose process is surely gone. */
function isStale(folder: string): boolean {
  try {
    const stat = fs.lstatSync(folder);
    if (!stat.isDirectory() || stat.uid !== process.getuid?.()) return false;
    const owner = JSON.parse(fs.readFileSync(path.join(folder, ownerFile), 'utf8')) as Owner;
    return owner.namespace === namespaceOf() && Number.isInteger(owner.pid) && !isAlive(owner);
  } catch {
    // Just being made, or not ours.
    return false;
  }
}
