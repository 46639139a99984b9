// The whole shell on a pseudo-terminal: started for one test, typed at, and ended with all its processes.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { allGone, descendants, keys, open, type Size, shellCommand, type Terminal } from './terminal';

/** The folder that shells start in, and where they keep their history. */
export const promptFolder = mkdtempSync(path.join(tmpdir(), 'millrace-test-'));
process.on('exit', () => rmSync(promptFolder, { recursive: true, force: true }));

const idle = />$/;

export class Shell {
  readonly terminal: Terminal;

  constructor(size: Size = {}, options: readonly string[] = []) {
    const env = { XDG_STATE_HOME: path.join(promptFolder, 'state'), ...size.env };
    this.terminal = open(shellCommand('--master', 'local[1]', ...options), {
      rows: 40,
      ...size,
      cwd: size.cwd ?? promptFolder,
      env,
    });
  }

  /** Types an entry and waits for what it must print and for the prompt behind it. */
  async entry(text: string, wanted: RegExp, limitMs?: number): Promise<void> {
    const before = this.terminal.everything().length;
    const answer = () => this.terminal.everything().slice(before);
    this.terminal.type(text + keys.enter);
    await this.terminal.until(() => wanted.test(answer()) && idle.test(answer()), `${wanted} after ${text}`, limitMs);
  }
}

const isHeld = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[2] === 'held';
  } catch {
    return false;
  }
};

export async function withShell(
  body: (shell: Shell, terminal: Terminal) => Promise<void>,
  size?: Size,
  options?: readonly string[],
): Promise<void> {
  const shell = new Shell(size, options);
  try {
    await shell.terminal.waitFor(/^>$/m);
    await body(shell, shell.terminal);
  } finally {
    const { pid } = shell.terminal;
    const processes = existsSync(`/proc/${pid}`) ? descendants(pid) : [];
    const held = processes.filter(isHeld);
    await shell.terminal.close();
    // A prompt of a server goes on without its terminal.
    for (const one of held) process.kill(one, 'SIGTERM');
    await allGone(processes, held.length > 0 ? 10_000 : 4_000);
  }
}
