// Servers that keep what is published, each with a folder that outlives it.
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Context } from '../../runtime/index';
import { Server } from './server';
import { until } from './within';

const folders: string[] = [];

/** A server with a folder that outlives it, and what is done with both. */
export async function withServer(
  use: (server: Server, folder: string) => Promise<void>,
  folder = newFolder(),
  more: string[] = [],
): Promise<void> {
  const server = new Server();
  try {
    await server.run('--keep', folder, ...more);
    await use(server, folder);
  } finally {
    await server.stop();
  }
}

export function newFolder(): string {
  const folder = fs.mkdtempSync(path.join(tmpdir(), 'keep-'));
  folders.push(folder);
  return path.join(folder, 'kept');
}

process.on('exit', () => {
  for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
});

export const sees = (sc: Context, name: string) =>
  until(5_000, () => sc.published().some((one) => one.name === name), `${name} in the list`);

/** Ends a server by kill -9, and starts the next one. */
export async function killed(server: Server, folder: string): Promise<void> {
  server.signal('SIGKILL');
  await server.ended();
  await server.run('--keep', folder);
}

/** All but the mark of a folder of ours, and what is in its lock. */
export const filesIn = (folder: string): string[] =>
  (fs.readdirSync(folder, { recursive: true }) as string[])
    .filter((file) => file !== 'kept-by-millrace' && !file.startsWith('lock/'))
    .sort();

/** Waits until these are the files of a folder: what was given up goes once no task can write there any more. */
export const holds = (folder: string, files: readonly string[]): Promise<unknown> =>
  until(20_000, () => filesIn(folder).join() === files.join(), `${files} alone in ${folder}`);
