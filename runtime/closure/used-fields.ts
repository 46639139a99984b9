// Which fields of its argument a closure reads, by its text: of a table's row the other columns need not be there.
import { type AnyNode, parse } from 'acorn';
import type { CapturedClosure } from '../plan/payload';
import { functionIn } from './idiom';

/** Longer texts are taken for functions that read everything. */
const longest = 20_000;

/** What was found before, by text: loops and streams ship the same functions again and again. */
const known = new Map<string, readonly string[] | 'all'>();
const mostKnown = 1_000;

/** The fields of its first argument that a closure reads, where it does nothing else with the argument; undefined where it may use all of it. */
export function usedFields({ nodes: [node], scripts }: CapturedClosure): readonly string[] | undefined {
  if (node.t !== 'function' || 'self' in node) return undefined;
  const script = scripts[node.script];
  if (script.kind !== 'function' || script.text.length > longest) return undefined;
  let found = known.get(script.text);
  if (found === undefined) {
    found = fieldsIn(script.text) ?? 'all';
    if (known.size >= mostKnown) known.clear();
    known.set(script.text, found);
  }
  return found === 'all' ? undefined : found;
}

function fieldsIn(text: string): readonly string[] | undefined {
  const { body } = parse(text, { ecmaVersion: 'latest', allowReturnOutsideFunction: true });
  const f = functionIn(body[0] as AnyNode);
  if (f?.type !== 'ArrowFunctionExpression' && f?.type !== 'FunctionExpression') return undefined;
  const [row, ...others] = f.params;
  if (row === undefined) return f.type === 'ArrowFunctionExpression' ? [] : undefined;
  // Its own `arguments` would have the row, and so may what is evaluated.
  if (/\barguments\b|\beval\b|\bwith\b/.test(text)) return undefined;
  if (others.some((other) => other.type !== 'Identifier')) return undefined;
  if (row.type === 'ObjectPattern') return ofPattern(row);
  if (row.type !== 'Identifier') return undefined;
  const fields = new Set<string>();
  return readsOnly(f.body, row.name, fields) ? [...fields] : undefined;
}

function ofPattern(pattern: AnyNode & { type: 'ObjectPattern' }): readonly string[] | undefined {
  const names: string[] = [];
  for (const property of pattern.properties) {
    if (property.type !== 'Property' || property.computed) return undefined;
    const name = nameOf(property.key);
    if (name === undefined) return undefined;
    names.push(name);
  }
  return names;
}

/** A name that every object has says nothing of columns. */
function nameOf(key: AnyNode): string | undefined {
  const name =
    key.type === 'Identifier' ? key.name : key.type === 'Literal' && typeof key.value === 'string' ? key.value : undefined;
  return name === undefined || name in Object.prototype ? undefined : name;
}

/** Whether everything below a node that has this name only reads fields of it, which are gathered. */
function readsOnly(node: AnyNode, name: string, fields: Set<string>): boolean {
  if (node.type === 'Identifier') return node.name !== name;
  if (node.type === 'MemberExpression' && node.object.type === 'Identifier' && node.object.name === name) {
    const isPlain = node.computed ? node.property.type === 'Literal' : node.property.type === 'Identifier';
    const field = isPlain ? nameOf(node.property as AnyNode) : undefined;
    if (field === undefined) return false;
    fields.add(field);
    return true;
  }
  if (
    node.type === 'VariableDeclarator' &&
    node.init?.type === 'Identifier' &&
    node.init.name === name &&
    node.id.type === 'ObjectPattern'
  ) {
    const names = ofPattern(node.id);
    for (const one of names ?? []) fields.add(one);
    return names !== undefined;
  }
  return childrenOf(node).every((child) => readsOnly(child, name, fields));
}

/** The nodes below a node that are evaluated: names of properties are none. */
function childrenOf(node: AnyNode): AnyNode[] {
  const found: AnyNode[] = [];
  for (const [key, value] of Object.entries(node)) {
    const isName = (key === 'property' || key === 'key') && (node as { computed?: boolean }).computed === false;
    if (isName && !(node.type === 'Property' && node.shorthand)) continue;
    for (const one of Array.isArray(value) ? value : [value]) if (isNode(one)) found.push(one);
  }
  return found;
}

const isNode = (value: unknown): value is AnyNode => typeof (value as { type?: unknown } | null)?.type === 'string';
