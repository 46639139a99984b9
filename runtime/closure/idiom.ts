// Closures whose whole meaning is known from their text: what executors do with them may be done without calling them.

import { type AnyNode, parse } from 'acorn';
import type { Idiom } from '../plan/function-ref';
import type { CapturedClosure } from '../plan/payload';

/** Longer texts are none of these, and are not parsed. */
const longest = 200;

/** A closure that uses nothing but its parameters: the live function is the captured one. */
export function isSelfContained({ nodes: [node, ...others] }: CapturedClosure): boolean {
  return others.length === 0 && node.t === 'function' && node.args.length === 0 && !('self' in node || 'props' in node);
}

/** What is known of a self-contained closure; undefined of all others. */
export function idiomOf(closure: CapturedClosure): Idiom | undefined {
  const [node] = closure.nodes;
  if (node.t !== 'function' || !isSelfContained(closure)) return undefined;
  const script = closure.scripts[node.script];
  if (script.kind !== 'function' || script.text.length > longest) return undefined;
  const known = meanings.get(script.text);
  if (known) return known === 'none' ? undefined : known;
  const { body } = parse(script.text, { ecmaVersion: 'latest', allowReturnOutsideFunction: true });
  const meaning = meaningOf(functionIn(body[0] as AnyNode));
  if (meanings.size >= mostMeanings) meanings.clear();
  meanings.set(script.text, meaning ?? 'none');
  return meaning;
}

/** What was found before, by text: loops and streams ship the same functions again and again, and parsing takes longer than the rest. */
const meanings = new Map<string, Idiom | 'none'>();
const mostMeanings = 1_000;

/** The function that the text of a script makes, behind the names and lists that are put around it. */
export function functionIn(node: AnyNode | null | undefined): AnyNode | undefined {
  switch (node?.type) {
    case 'ExpressionStatement':
      return functionIn(node.expression);
    case 'FunctionExpression': {
      // The outer one, of the captured variables, answers a list.
      const last = node.body.body.at(-1);
      const list = last?.type === 'ReturnStatement' ? last.argument : undefined;
      return list?.type === 'ArrayExpression' ? named(list.elements[0]) : undefined;
    }
    default:
      return undefined;
  }
}

/** `({f: …}).f` gives a function its name. */
function named(node: AnyNode | null): AnyNode | undefined {
  if (node?.type !== 'MemberExpression' || node.object.type !== 'ObjectExpression') return node ?? undefined;
  const [property] = node.object.properties;
  return property.type === 'Property' ? property.value : undefined;
}

function meaningOf(f: AnyNode | undefined): Idiom | undefined {
  if (f?.type !== 'ArrowFunctionExpression' && f?.type !== 'FunctionExpression') return undefined;
  if (f.async || f.generator) return undefined;
  const names = f.params.map((p) => (p.type === 'Identifier' ? p.name : undefined));
  const answer = answerOf(f.body);
  const is = (node: AnyNode | null | undefined, name: string | undefined): boolean =>
    name !== undefined && node?.type === 'Identifier' && node.name === name;
  const [x, y] = names;
  if (f.params.length === 1) {
    const fields = fieldsIn(answer, (node) => is(node, x));
    if (fields) return fields;
  }
  if (answer?.type === 'ArrayExpression' && names.length === 1) {
    const [first, second] = answer.elements;
    const isPair = answer.elements.length === 2 && is(first, x) && second?.type === 'Literal' && second.value === 1;
    return isPair ? { kind: 'pairWithOne' } : undefined;
  }
  if (answer?.type === 'BinaryExpression' && names.length === 2 && x !== y)
    return answer.operator === '+' && is(answer.left, x) && is(answer.right, y) ? { kind: 'sum' } : undefined;
  if (answer?.type !== 'CallExpression' || names.length !== 1 || answer.optional || answer.arguments.length !== 1)
    return undefined;
  const [{ callee }, [by]] = [answer, answer.arguments];
  if (callee.type !== 'MemberExpression' || callee.computed || callee.optional || !is(callee.object, x)) return undefined;
  if (by.type !== 'Literal' || typeof by.value !== 'string') return undefined;
  if (is(callee.property as AnyNode, 'includes')) return { kind: 'includes', text: by.value };
  return is(callee.property as AnyNode, 'split') ? { kind: 'split', by: by.value } : undefined;
}

/** The field, or the pair of fields, that an expression is of a row. */
function fieldsIn(answer: AnyNode | undefined, isRow: (node: AnyNode) => boolean): Idiom | undefined {
  const fieldOf = (node: AnyNode | null | undefined): string | undefined => {
    if (node?.type !== 'MemberExpression' || node.computed || node.optional || !isRow(node.object)) return undefined;
    const name = node.property.type === 'Identifier' ? node.property.name : undefined;
    return name === undefined || name in Object.prototype ? undefined : name;
  };
  const name = fieldOf(answer);
  if (name !== undefined) return { kind: 'field', name };
  if (answer?.type !== 'ArrayExpression' || answer.elements.length !== 2) return undefined;
  const [first, second] = answer.elements;
  const key = fieldOf(first);
  const value = second?.type === 'Literal' && typeof second.value === 'number' ? second.value : fieldOf(second);
  return key === undefined || value === undefined ? undefined : { kind: 'fieldPair', key, value };
}

/** What a function returns that does nothing else. */
export function answerOf(body: AnyNode): AnyNode | undefined {
  if (body.type !== 'BlockStatement') return body;
  const [statement] = body.body;
  return body.body.length === 1 && statement.type === 'ReturnStatement' ? (statement.argument ?? undefined) : undefined;
}
