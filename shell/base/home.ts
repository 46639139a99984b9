// The user's home folder, as far as it can be trusted.
import { homedir, userInfo } from 'node:os';
import path from 'node:path';

/**
 * The folder of HOME, else that of the user's account; undefined where neither is an absolute path. An empty or relative HOME means
 * the current folder, which may be anybody's: nothing is read from there unasked.
 */
export function homeFolder(): string | undefined {
  for (const folder of [homedir, () => userInfo().homedir]) {
    try {
      const found = folder();
      if (path.isAbsolute(found)) return found;
    } catch {
      // An account that the machine does not know has no folder.
    }
  }
  return undefined;
}
