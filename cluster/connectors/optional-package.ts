// Finds and loads the package of a connector's client, which the user installs.
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Its path, as the user's program or Millrace itself finds it. Throws MODULE_NOT_FOUND, which names the package. */
export function findPackage(name: string): string {
  try {
    return createRequire(join(process.cwd(), 'program.js')).resolve(name);
  } catch {
    return createRequire(__filename).resolve(name);
  }
}

/** The package, by its path where that is known here, else by name. */
export function loadPackage<T>(name: string, path?: string): T {
  const load = createRequire(__filename);
  try {
    return load(path ?? name) as T;
  } catch (error) {
    if (path === undefined || (error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    return load(name) as T;
  }
}
