// Finds the user's rc file, which runs before the first prompt: in the home folder only, since the current folder may be anybody's.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { homeFolder } from '../../runtime/base/paths';

/** The first that exists: `millrace/rc.ts` in the configuration folder, then `~/.millracerc.ts`. */
export function rcFile(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const base = environment['XDG_CONFIG_HOME'];
  // The XDG specification ignores relative paths; one would be below the current folder.
  const home = homeFolder();
  const folder = base !== undefined && path.isAbsolute(base) ? base : home && path.join(home, '.config');
  const files = [folder && path.join(folder, 'millrace', 'rc.ts'), home && path.join(home, '.millracerc.ts')];
  return files.find((file) => file !== undefined && existsSync(file));
}
