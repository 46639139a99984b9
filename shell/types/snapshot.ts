// Builds the startup snapshot of the type service: TypeScript with its libraries, Node's types and the API, parsed and used once.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { packageRoot } from '../base/package-root';
import { oneCompiler } from '../build/one-compiler';
import { promptNames } from './entry-names';
import { heapOptions, snapshotFile, snapshotStamp, stampFile, typeFiles } from './files';
import { type Request, readMessages, type StartOptions, writeMessage } from './service-messages';
import { warmLines } from './warm-lines';

const run = promisify(execFile);

const buildLimitMs = 120_000;
const proofLimitMs = 30_000;

/** V8 writes a damaged blob in about one of four builds: the process that starts from it ends with SIGSEGV. */
const maxTries = 6;

/** Writes a blob from the bundle that starts the service. */
export type WriteBlob = (blob: string, bundle: string, options: StartOptions) => Promise<unknown>;

const writeBlob: WriteBlob = (blob, bundle, options) => {
  const args = [...heapOptions, '--snapshot-blob', blob, '--build-snapshot', bundle, JSON.stringify(options)];
  return run(process.execPath, args, { timeout: buildLimitMs, env: { PATH: process.env.PATH } });
};

/**
 * Writes `types-<node>-<typescript>.blob` and its stamp into `distFolder`, which must hold `types-service.js` already. Returns
 * the blob's path, or undefined when no try gave one that works. A snapshot can load only one file, so TypeScript is bundled into it.
 */
export async function buildSnapshot(distFolder: string, write: WriteBlob = writeBlob): Promise<string | undefined> {
  const root = packageRoot();
  const blob = snapshotFile(root, distFolder);
  const bundle = `${blob}.js`;
  const unfinished = `${blob}.tmp`;
  try {
    await bundleService(root, bundle);
    const options: StartOptions = { ...typeFiles(root), cwd: root, promptNames };
    for (let tries = 1; tries <= maxTries; tries++) {
      await write(unfinished, bundle, options);
      if (!(await answers(unfinished, options))) continue;
      // The blob is renamed into place and the stamp written last: an aborted build leaves no valid snapshot.
      await rm(stampFile(blob), { force: true });
      await rename(unfinished, blob);
      await writeFile(stampFile(blob), snapshotStamp(root, distFolder));
      return blob;
    }
    return undefined;
  } finally {
    await Promise.all([rm(bundle, { force: true }), rm(unfinished, { force: true })]);
  }
}

/** What a session asks first, and the work of a warm-up, which collects garbage of the whole heap several times. */
const proof: readonly Pick<Request, 'method' | 'args'>[] = [
  ...warmLines.map((line) => ({ method: 'compile' as const, args: [line] })),
  { method: 'complete', args: ['sc.', 3] },
  { method: 'signature', args: ['sc.range(', 9] },
  { method: 'doc', args: ['sc.range'] },
  ...warmLines.map((line) => ({ method: 'compile' as const, args: [`{ ${line} }`] })),
];

/** Whether a process that starts from the blob answers everything and ends in good order. */
async function answers(blob: string, options: StartOptions): Promise<boolean> {
  const child = spawn(process.execPath, [...heapOptions, '--snapshot-blob', blob, 'types'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), proofLimitMs);
  let answered = 0;
  readMessages(child.stdout, () => answered++);
  // A process that is dead already takes no requests; its end says so.
  child.stdin.on('error', () => {});
  const requests = [{ method: 'start' as const, args: [options] }, ...proof];
  for (const [n, { method, args }] of requests.entries()) child.stdin.write(writeMessage({ id: n + 1, method, args }));
  child.stdin.end();
  const [code] = await once(child, 'close');
  clearTimeout(limit);
  return code === 0 && answered === requests.length;
}

async function bundleService(root: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [path.join(root, 'shell/types/service-main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // The text is in the blob, and once more in the heap.
    minify: true,
    plugins: [oneCompiler],
    logLevel: 'silent',
    // A package makes a `require` of its own, which it needs for what it does not have here.
    define: { 'import.meta.url': JSON.stringify('file:///') },
  });
}
