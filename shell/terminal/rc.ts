// Finds the user's rc file, which runs before the first prompt: in the home folder only, since the current folder may be anybody's.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** The first that exists: `millrace/rc.ts` in the configuration folder, then `~/.millracerc.ts`. */
export function rcFile(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const base = environment['XDG_CONFIG_HOME'];
  // The XDG specification ignores relative paths; one would be below the current folder.
  const folder = base !== undefined && path.isAbsolute(base) ? base : path.join(homedir(), '.config');
  return [path.join(folder, 'millrace', 'rc.ts'), path.join(homedir(), '.millracerc.ts')].find((file) => existsSync(file));
}
