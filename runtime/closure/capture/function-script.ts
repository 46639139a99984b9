// The text that makes a shipped function again: its clean source inside a function whose parameters are the captured variables.
import { createHash } from 'node:crypto';
import type { ShippedScript } from '../../plan/payload';
import type { ClassFacts, FunctionFacts, Variable } from '../function-facts';
import { guardClass, hasDoor, privateAccessText } from '../instrument/class-text';
import { type EditedText, Edits } from '../instrument/edits';
import { hiddenPrefix, importMeta, naming } from '../instrument/syntax';
import { encodePositions } from '../position';
import { hookFor } from '../stamp';

export interface Parameter {
  readonly variable: Variable;
  /** The variable is shared and reassigned: the parameter is an object that holds it in `v`. */
  readonly cell: boolean;
  /** Set after the function exists. */
  readonly late: boolean;
}

export interface Shape {
  readonly parameters: readonly Parameter[];
  /** The name that the language inferred for a function whose text has none. */
  readonly inferredName: string | undefined;
  readonly takesArguments: boolean;
  readonly guarded: boolean;
}

/** The script of a function in a shape; made once. */
export function scriptOf(facts: FunctionFacts, shape: Shape): ShippedScript {
  const key = keyOf(shape);
  let script = facts.scripts.get(key);
  if (!script) {
    script = makeScript(facts, shape);
    facts.scripts.set(key, script);
  }
  return script;
}

function keyOf(shape: Shape): string {
  let key = `${shape.guarded ? 'g' : ''}${shape.takesArguments ? 'a' : ''}${shape.inferredName ?? ''}`;
  for (const { variable, cell, late } of shape.parameters) key += `,${variable.name}${cell ? '*' : ''}${late ? '!' : ''}`;
  return key;
}

function makeScript(facts: FunctionFacts, shape: Shape): ShippedScript {
  const edited = scriptText(facts, shape);
  const { file } = facts.text;
  const positions = encodePositions(facts.text, edited, facts.start);
  const hash = createHash('sha256').update(file).update('\0').update(positions).update('\0').update(edited.code).digest('hex');
  const late = shape.parameters.flatMap((p, i) => (p.late ? [i] : []));
  const common = { name: `${file}#${hash.slice(0, 12)}`, file, text: edited.code, positions, late };
  if (!facts.class) return { ...common, kind: 'function' };
  return {
    ...common,
    kind: 'class',
    guarded: shape.guarded,
    handsOn: facts.class.derived && facts.class.constructorBody === undefined,
  };
}

/**
 * A function of the captured variables that answers a list: the revived function, then a setter for each late parameter. In a
 * list, so that the language does not give the function another name.
 */
function scriptText(facts: FunctionFacts, shape: Shape): EditedText {
  const { source } = facts;
  const hidden = hiddenPrefix(source);
  const edits = new Edits();
  const isNamed = (p: Parameter) => !p.cell && p.variable.name !== importMeta;
  const names = shape.parameters.map((p, i) => (isNamed(p) ? p.variable.name : `${hidden}c${i}`));
  shape.parameters.forEach((p, i) => {
    const held = p.cell ? `${names[i]}.v` : names[i];
    for (const { at, shorthand, fixed } of p.variable.positions) {
      if (isNamed(p) && !fixed) continue;
      // A parameter could be assigned.
      const text = fixed ? `${hookFor(source)}.f(()=>${held}).v` : held;
      edits.replace(at, at + p.variable.name.length, shorthand ? `${p.variable.name}:${text}` : text);
    }
  });
  const setters = shape.parameters.flatMap((p, i) => (p.late ? `,(${hidden}v)=>{${names[i]}=${hidden}v}` : []));
  const extra: string[] = [];
  if (facts.class) {
    extra.push(`${hidden}p`, `${hidden}r`, `${hidden}k`);
    editClass(edits, facts.class, shape.guarded, hidden);
  }
  const [before, after] = expressionAround(facts, shape, edits);
  const [open, close] = shape.takesArguments
    ? [`return (function(){return [`, `]}).apply(this,${hidden}a)})`]
    : ['return [', ']})'];
  if (shape.takesArguments) extra.push(`${hidden}a`);
  const strict = facts.strict ? '"use strict";' : '';
  edits.wrap(
    0,
    source.length,
    `(function(${[...names, ...extra].join(',')}){${strict}${open}${before}`,
    `${after}${setters.join('')}${close}`,
  );
  return edits.apply(source);
}

function expressionAround(facts: FunctionFacts, shape: Shape, edits: Edits): readonly [string, string] {
  const { method } = facts;
  if (!method) {
    const name = shape.inferredName;
    return name === undefined ? ['', ''] : naming(name);
  }
  // What a computed key was is known from the function's name, and its text may use names that were not captured.
  if (method.computed) edits.replace(method.keyStart, method.keyEnd, '"m"');
  const role = method.kind === 'init' ? 'value' : method.kind;
  return [`Object.values(Object.getOwnPropertyDescriptors({`, `}))[0].${role}`];
}

function editClass(edits: Edits, facts: ClassFacts, guarded: boolean, hidden: string): void {
  for (const value of facts.staticValues) edits.replace(value.start, value.end, 'void 0');
  for (const block of facts.staticBlocks) edits.remove(block.start, block.end);
  if (facts.parent) edits.replace(facts.parent.start, facts.parent.end, `${hidden}p`);
  if (hasDoor(facts)) edits.insertLeft(facts.bodyStart, `static{${hidden}k(${privateAccessText(facts)});}`);
  if (guarded) guardClass(edits, facts, 0, `${hidden}r`, `${hidden}p`);
}
