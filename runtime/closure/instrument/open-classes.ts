// Opens the classes of a user's module, so that instances captured in the session can be rebuilt where the module is loaded.
import type { Class } from 'acorn';
import { hookNames } from '../stamp';
import { analyze } from './analyze';
import { classFactsOf, guardClass, hasDoor, isGuarded, parentText, privateAccessText } from './class-text';
import { Edits } from './edits';

/**
 * The text of a CommonJS module as executors load it: plain, but that classes with #private parts let their instances be rebuilt.
 * Lines stay where they were, and columns too outside of such classes. Needs the hook that `revive` installs.
 */
export function openClasses(js: string): string {
  if (!js.includes('class')) return js;
  const { functions } = analyze(js);
  const hook = js.includes(hookNames[0]) ? hookNames[1] : hookNames[0];
  const edits = new Edits();
  for (const { kind, node } of functions) {
    const facts = kind === 'class' ? classFactsOf(node as Class) : undefined;
    if (!facts || !isGuarded(facts)) continue;
    const handsOn = facts.derived && facts.constructorBody === undefined;
    const access = hasDoor(facts) ? `,${privateAccessText(facts)}` : '';
    edits.insertLeft(node.start + facts.bodyStart, `static{${hook}.d(this,${handsOn}${access});}`);
    guardClass(edits, facts, node.start, `${hook}.r`, parentText(node as Class));
  }
  return edits.apply(js).code;
}
