// Builds the startup snapshot of the type service: TypeScript with its libraries, Node's types and the API, parsed and used once.
import { execFile } from 'node:child_process';
import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { packageRoot } from '../base/package-root';
import { promptNames } from './entry-names';
import { heapOptions, snapshotFile, snapshotStamp, stampFile, typeFiles } from './files';
import type { StartOptions } from './service-messages';

const run = promisify(execFile);

const buildLimitMs = 120_000;

/**
 * Writes `types-<node>-<typescript>.blob` and its stamp into `distFolder`, which must hold `types-service.js` already. Returns
 * the blob's path. A snapshot can load only one file, so TypeScript is bundled into it.
 */
export async function buildSnapshot(distFolder: string): Promise<string> {
  const root = packageRoot();
  const blob = snapshotFile(root, distFolder);
  const bundle = `${blob}.js`;
  const unfinished = `${blob}.tmp`;
  try {
    await bundleService(root, bundle);
    const options: StartOptions = { ...typeFiles(root), cwd: root, promptNames };
    const args = [...heapOptions, '--snapshot-blob', unfinished, '--build-snapshot', bundle, JSON.stringify(options)];
    await run(process.execPath, args, { timeout: buildLimitMs, env: { PATH: process.env.PATH } });
    // The blob is renamed into place and the stamp written last: an aborted build leaves no valid snapshot.
    await rm(stampFile(blob), { force: true });
    await rename(unfinished, blob);
    await writeFile(stampFile(blob), snapshotStamp(root, distFolder));
    return blob;
  } finally {
    await Promise.all([rm(bundle, { force: true }), rm(unfinished, { force: true })]);
  }
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
    logLevel: 'silent',
    // A package makes a `require` of its own, which it needs for what it does not have here.
    define: { 'import.meta.url': JSON.stringify('file:///') },
  });
}
