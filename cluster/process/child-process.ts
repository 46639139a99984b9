// What all child processes of a session have in common: the environment that they get, and how a group of them is ended.

/** What user code may expect of its surroundings; everything else of the driver's environment stays with the driver. */
const passedOn = ['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'TMPDIR'];

/** The environment of a process that runs code of the user's. */
export function environment(): NodeJS.ProcessEnv {
  const entries = passedOn.map((name) => [name, process.env[name]]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** The process leads a group of its own, which lives on while a child of it does. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of them are gone already.
  }
}
