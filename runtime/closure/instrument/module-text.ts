// The text of a user's module as executors load it: instances captured in the session can be rebuilt there, and `import.meta` is known.
import type { Class } from 'acorn';
import { hookFor } from '../stamp';
import { analyze } from './analyze';
import { classFactsOf, guardClass, hasDoor, isGuarded, parentText, privateAccessText } from './class-text';
import { Edits } from './edits';
import { importMeta } from './syntax';

/**
 * The text of a CommonJS module as executors load it: plain, but that classes with #private parts let their instances be rebuilt.
 * Lines stay where they were, and columns too outside of such classes. Needs the hook that `revive` installs.
 */
export function shippedModuleText(js: string): string {
  if (!js.includes('class') && !js.includes('import')) return js;
  const { functions, references } = analyze(js);
  const hook = hookFor(js);
  const edits = new Edits();
  for (const { kind, node } of functions) {
    const facts = kind === 'class' ? classFactsOf(node as Class) : undefined;
    if (!facts || !isGuarded(facts)) continue;
    const handsOn = facts.derived && facts.constructorBody === undefined;
    const access = hasDoor(facts) ? `,${privateAccessText(facts)}` : '';
    edits.insertLeft(node.start + facts.bodyStart, `static{${hook}.d(this,${handsOn}${access});}`);
    guardClass(edits, facts, node.start, `${hook}.r`, parentText(node as Class));
  }
  for (const { name, start, end } of references) if (name === importMeta) edits.replace(start, end, `${hook}.m(__filename)`);
  return edits.apply(js).code;
}
