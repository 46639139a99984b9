// The session's folder for shuffle and spill files: private, and removed at the end, or by the next session after a sudden end.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const prefix = 'millrace-';
const ownerFile = 'owner';
const pattern = /^millrace-(\d+)-[A-Za-z0-9]{6}$/;

/** The process that made a folder. A process id is valid in one namespace only, and is reused. */
interface Owner {
  readonly pid: number;
  readonly namespace: string;
  /** When the process started, in clock ticks since the machine booted. */
  readonly started: string;
}

export class SessionFolder {
  readonly path: string;
  readonly #atExit = () => this.#removeNow();

  private constructor(folder: string) {
    this.path = folder;
    process.once('exit', this.#atExit);
  }

  /** Makes a folder of mode 0700 below the machine's temporary folder, and starts to remove those of dead sessions. */
  static make(): SessionFolder {
    removeStale();
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), `${prefix}${process.pid}-`));
    fs.writeFileSync(path.join(folder, ownerFile), JSON.stringify(ownerOf(process.pid)), { mode: 0o600, flag: 'wx' });
    return new SessionFolder(folder);
  }

  async remove(): Promise<void> {
    process.off('exit', this.#atExit);
    // Retries, because an executor that was just killed may have made one more file.
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
  /** It has ended, but its parent has not read its exit status. */
  readonly isZombie: boolean;
}

/** Reads fields 3 and 22 of /proc/PID/stat. Field 2, the name, may contain anything, so we split after its last bracket. */
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

/** True only for a folder of this user, from this machine and namespace, whose process has certainly ended. */
function isStale(folder: string): boolean {
  try {
    const stat = fs.lstatSync(folder);
    if (!stat.isDirectory() || stat.uid !== process.getuid?.()) return false;
    const owner = JSON.parse(fs.readFileSync(path.join(folder, ownerFile), 'utf8')) as Owner;
    return owner.namespace === namespaceOf() && Number.isInteger(owner.pid) && !isAlive(owner);
  } catch {
    // It is just being made, or it is not ours.
    return false;
  }
}
