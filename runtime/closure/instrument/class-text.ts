// Edits to the text of a class: the guards that let an instance be rebuilt, and the door to its #private parts.
import type { AnyNode, Class } from 'acorn';
import type { ClassFacts, Range } from '../function-facts';
import type { Edits } from './edits';

/** Whether the session guards a class as it is defined: instances of it or of its parents may have #private parts. */
export function isGuarded(facts: ClassFacts): boolean {
  return facts.hasPrivates || facts.derived;
}

/** Whether a class has #private values that are shipped. */
export function hasDoor(facts: ClassFacts): boolean {
  return facts.privateFields.length + facts.privateStatics.length > 0;
}

/** An expression for a class's parent, inside of its constructor. */
export function parentText(node: Class): string {
  return `Object.getPrototypeOf(${node.id?.name ?? 'new.target'})`;
}

/** What a class's syntax says, with positions relative to the class. */
export function classFactsOf(node: Class): ClassFacts {
  const base = node.start;
  const relative = (n: { start: number; end: number }): Range => ({ start: n.start - base, end: n.end - base });
  const privateFields: string[] = [];
  const privateStatics: string[] = [];
  const staticValues: Range[] = [];
  const staticBlocks: Range[] = [];
  const fieldValues: Range[] = [];
  let hasPrivates = false;
  let constructorBody: number | undefined;
  for (const member of node.body.body) {
    if (member.type === 'StaticBlock') {
      staticBlocks.push(relative(member));
      continue;
    }
    const isPrivate = member.key.type === 'PrivateIdentifier';
    if (isPrivate && !member.static) hasPrivates = true;
    if (member.type === 'MethodDefinition') {
      if (member.kind === 'constructor') constructorBody = member.value.body.start + 1 - base;
      continue;
    }
    if (isPrivate) (member.static ? privateStatics : privateFields).push((member.key as AnyNode & { name: string }).name);
    if (member.value) (member.static ? staticValues : fieldValues).push(relative(member.value));
  }
  const isNull = node.superClass?.type === 'Literal' && node.superClass.raw === 'null';
  return {
    privateFields,
    hasPrivates,
    privateStatics,
    staticValues,
    staticBlocks,
    ...(node.superClass && !isNull ? { parent: relative(node.superClass) } : {}),
    derived: Boolean(node.superClass) && !isNull,
    fieldValues,
    bodyStart: node.body.start + 1 - base,
    ...(constructorBody === undefined ? {} : { constructorBody }),
  };
}

/**
 * Guards construction: while `revival.on` holds, fields get no value and the constructor's body is left at once. `offset` is where
 * the class stands in the edited text, `parent` an expression for the class above.
 */
export function guardClass(edits: Edits, facts: ClassFacts, offset: number, revival: string, parent: string): void {
  for (const value of facts.fieldValues) edits.wrap(offset + value.start, offset + value.end, `${revival}.on?void 0:(`, ')');
  if (facts.constructorBody === undefined) return;
  const above = facts.derived ? `super(...${revival}.args(${parent}));` : '';
  edits.insertLeft(offset + facts.constructorBody, `if(${revival}.on){${above}return;}`);
}

/** Functions, written inside the class, that read and write its #private parts: the text of a `PrivateAccess`. */
export function privateAccessText(facts: ClassFacts): string {
  const fields = facts.privateFields.map((name) => `#${name}`);
  const statics = facts.privateStatics.map((name) => `this.#${name}`);
  const read = `(o)=>[${fields.map((f) => `${f} in o?o.${f}:void 0`).join(',')}]`;
  const write = `(o,v)=>{${fields.map((f, i) => `if(${f} in o)o.${f}=v[${i}];`).join('')}}`;
  const readStatic = `()=>[${statics.join(',')}]`;
  const writeStatic = `(v)=>{${statics.map((s, i) => `${s}=v[${i}];`).join('')}}`;
  return `{read:${read},write:${write},readStatic:${readStatic},writeStatic:${writeStatic}}`;
}
