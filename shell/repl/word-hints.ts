// What to type instead of words that other shells know and this one does not: `exit`, `help`, `ls`, `sc?`.
import type { Diagnostic } from '../contract/type-service';

const leave = 'To leave, press Ctrl-D or type .exit';
const files = '.sh ls -l runs a command of the system, process.chdir(folder) changes the current folder';
/** `!word` with arguments that no expression continues in this way. */
const ofSystem = /^!\s*([a-z][\w.+-]*(?:\s+(?:[\w./~"'$*]|-[\w-]).*)?)$/;

const hints: ReadonlyMap<string, string> = new Map([
  ...['exit', 'quit', 'q', 'bye', 'logout'].map((word) => [word, leave] as const),
  ...['help', 'man', '?'].map(
    (word) => [word, '.help lists the commands, .doc NAME explains a name, such as .doc sc.textFile'] as const,
  ),
  ...['clear', 'cls'].map((word) => [word, '.clear or Ctrl-L clears the screen'] as const),
  ...['ls', 'cd', 'pwd', 'dir', 'cat'].map((word) => [word, files] as const),
  ['history', '.history lists earlier entries, !12 runs one again, Ctrl-R searches'],
  ['reset', '.reset starts a fresh session'],
  ['load', '.load FILE runs a file'],
  ['undo', 'Every name can be declared again; nothing has to be undone'],
]);

/** A hint for an entry that is no TypeScript or names something unknown; undefined where none fits. */
export function wordHint(text: string): string | undefined {
  const entry = text.trim();
  const [, name] = /^([\w$][\w$.]*)\?{1,2}$/.exec(entry) ?? /^\?{1,2}([\w$][\w$.]*)$/.exec(entry) ?? [];
  if (name !== undefined) return `.doc ${name} shows its documentation, .type ${name} its type`;
  const [, command] = ofSystem.exec(entry) ?? [];
  if (command !== undefined) return `.sh ${command} runs a command of the system`;
  const [, word, rest] = /^(\?|\w+)(?:\(\)|\s+([^\s=(].*))?;?$/.exec(entry) ?? [];
  const hint = word === undefined ? undefined : hints.get(word);
  return rest === undefined || hint === files || word === 'man' || word === 'help' || word === 'load' ? hint : undefined;
}

/** Whether this is an error of the syntax, or an unknown name. */
export function isForeign({ code }: Diagnostic): boolean {
  return code < 2000 || [2304, 2552, 2580, 2584].includes(code);
}
