// Edits a text with the user's own editor, as Ctrl-X Ctrl-E does in other shells.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isAlive } from '../../runtime/base/process-owner';
import { heldTerminal } from '../base/held-terminal';

/** Of the folder of an entry that is being edited; the id of the shell follows. */
const prefix = 'millrace-entry-';

/** The program and its arguments: `code --wait` is two words. No shell is involved. */
function editorCommand(environment: NodeJS.ProcessEnv): string[] {
  const words = (environment['VISUAL'] || environment['EDITOR'] || 'vi').trim().split(/\s+/);
  return words[0] === '' ? ['vi'] : words;
}

/** The edited text. Throws if the editor cannot run or fails; the entry then stays as it was. */
export async function editOutside(text: string, environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  removeForgotten();
  const folder = mkdtempSync(path.join(tmpdir(), `${prefix}${process.pid}-`));
  const file = path.join(folder, 'entry.ts');
  const remove = () => rmSync(folder, { recursive: true, force: true });
  // The shell may end first: its terminal is closed, or somebody stops it.
  process.once('exit', remove);
  try {
    writeFileSync(file, text === '' ? '' : `${text}\n`, { mode: 0o600 });
    await run([...editorCommand(environment), file]);
    return readFileSync(file, 'utf8').replace(/\r\n?/g, '\n').replace(/\n+$/, '');
  } finally {
    process.off('exit', remove);
    remove();
  }
}

/** Removes the entries of shells that were killed while they were edited: an entry may hold a secret. */
function removeForgotten(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]);
    if (!pid || isAlive(pid)) continue;
    try {
      rmSync(path.join(tmpdir(), name), { recursive: true, force: true });
    } catch {
      // Another user's.
    }
  }
}

async function run([program, ...args]: string[]): Promise<void> {
  const held = heldTerminal();
  if (held) {
    const end = await held.run(program, args, process.cwd());
    if (!('status' in end) || end.status !== 0)
      throw new Error(`${program} ended with ${Object.values(end)[0]}; the entry is as it was.`);
    return;
  }
  await new Promise<void>((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    child.on('error', (error: NodeJS.ErrnoException) => {
      const reason = error.code === 'ENOENT' ? `there is no program ${program}` : error.message;
      reject(new Error(`The editor could not be started: ${reason}. Set EDITOR to one that is there.`));
    });
    child.on('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} ended with ${signal ?? code}; the entry is as it was.`));
    });
  });
}
