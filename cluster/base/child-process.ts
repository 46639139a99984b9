// What all child processes of a session share: the environment that they get, and how a process is killed with its children.

/** The variables that user code may expect. Everything else of the driver's environment stays with the driver. */
const passedOn = ['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'TMPDIR'];

/** The environment of a process that runs user code. */
export function environment(): NodeJS.ProcessEnv {
  const entries = passedOn.map((name) => [name, process.env[name]]);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Kills a process that leads its own group, and with it all children that it started. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of them have ended already.
  }
}
