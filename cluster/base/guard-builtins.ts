// Watches the built-ins of a process that runs the user's functions: what one of them changes is put back after its task, and told once.
import { watchBuiltins } from '../../runtime/closure/guarded-builtins';

/** Called before any function of the user has run. */
export function guardBuiltins(executorId: string): void {
  const told = new Set<string>();
  watchBuiltins((names, isBack) => {
    let news = '';
    for (const name of names) {
      if (told.has(name)) continue;
      told.add(name);
      news += news === '' ? name : `, ${name}`;
    }
    const end = isBack ? 'It is back now: the executor needs it.' : 'It cannot be put back, and the executor needs it.';
    if (news !== '') process.stderr.write(`warning: a function changed ${news} on ${executorId}. ${end}\n`);
  });
}
