// Finds the bundled programs of executors and receivers and the files of the pages, both from the sources and from the bundles.
import fs from 'node:fs';
import path from 'node:path';
import { MillraceError } from '../../runtime/base/errors';

/** The path of `dist/executor.js` of this package. Throws NO_EXECUTORS if it was not built. */
export const executorProgram = (): string => bundled('executor.js');

/** The path of `dist/receiver.js` of this package. Throws NO_EXECUTORS if it was not built. */
export const receiverProgram = (): string => bundled('receiver.js');

/** The path of `dist/sql-engine.js` of this package. Throws NO_EXECUTORS if it was not built. */
export const sqlProgram = (): string => bundled('sql-engine.js');

/** The path of `dist/spark-worker.js` of this package. Throws NO_EXECUTORS if it was not built. */
export const sparkWorkerProgram = (): string => bundled('spark-worker.js');

/** The path of `dist/fetch-thread.js` of this package. Throws NO_EXECUTORS if it was not built. */
export const fetchThreadProgram = (): string => bundled('fetch-thread.js');

/** The folder with the Java sources of the part inside Spark. */
export const javaFolder = (): string => path.join(packageRoot(), 'dist', 'spark');

/** The folder with the files of the pages. */
export const pagesFolder = (): string => path.join(packageRoot(), 'dist', 'ui');

/** The path of a bundle of this package. Throws NO_EXECUTORS if it was not built. */
export function bundled(name: string): string {
  const program = path.join(packageRoot(), 'dist', name);
  if (!fs.existsSync(program))
    throw new MillraceError('NO_EXECUTORS', { reason: `${program} is missing; build it with npm run build` });
  return program;
}

/** The version of this package. */
export const packageVersion = (): string => String(manifestAt(packageRoot())?.version ?? '');

function packageRoot(): string {
  for (let folder = __dirname; ; folder = path.dirname(folder)) {
    if (manifestAt(folder)?.name === 'millrace') return folder;
    if (folder === path.dirname(folder))
      throw new MillraceError('NO_EXECUTORS', { reason: 'the package of Millrace was not found' });
  }
}

function manifestAt(folder: string): { readonly name?: unknown; readonly version?: unknown } | undefined {
  try {
    return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  } catch {
    return undefined;
  }
}
