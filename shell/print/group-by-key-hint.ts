// A hint for entries that use `groupByKey` where `reduceByKey` suffices, with the rewrite.
import { type AnyNode, type CallExpression, type Node, parse } from 'acorn';
import { childrenOf } from '../../runtime/closure/instrument/scope';

/** The code to replace, and code that does the same without gathering the values of a key. */
interface Rewrite {
  readonly from: string;
  readonly to: string;
}

const why = 'groupByKey sends every value through the shuffle; this combines values first';

/** The hint for an entry's JavaScript, if there is one. */
export function groupByKeyHint(js: string): string | undefined {
  if (!js.includes('groupByKey')) return undefined;
  const rewrite = find(parse(js, { ecmaVersion: 'latest', sourceType: 'module', allowAwaitOutsideFunction: true }), js);
  return rewrite && `${why}: ${rewrite.to} in place of ${rewrite.from}`;
}

function find(node: AnyNode, js: string): Rewrite | undefined {
  const found = node.type === 'CallExpression' ? rewriteOf(node, js) : undefined;
  if (found) return found;
  for (const child of childrenOf(node)) {
    const inner = find(child, js);
    if (inner) return inner;
  }
  return undefined;
}

/** `x.groupByKey().mapValues(values => …)`. */
function rewriteOf(call: CallExpression, js: string): Rewrite | undefined {
  const grouped = methodCall(call, 'mapValues');
  if (grouped?.type !== 'CallExpression' || !methodCall(grouped, 'groupByKey')) return undefined;
  const [f] = call.arguments;
  if (f?.type !== 'ArrowFunctionExpression' || f.params.length !== 1 || f.params[0].type !== 'Identifier') return undefined;
  if (f.body.type === 'BlockStatement') return undefined;
  const text = (node: Node) => js.slice(node.start, node.end);
  const to = replacement(f.body, f.params[0].name, text);
  const partitions = grouped.arguments.map((argument) => `, ${text(argument)}`).join('');
  if (to === undefined) return undefined;
  return {
    from: `.groupByKey(…).mapValues(${text(f)})`,
    to: to.includes('reduceByKey') ? to.replace(/\)$/, `${partitions})`) : to,
  };
}

/** The object on which a method of that name is called. */
function methodCall({ callee }: CallExpression, name: string): AnyNode | undefined {
  if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier' || callee.property.name !== name)
    return undefined;
  return callee.object as AnyNode;
}

function replacement(body: AnyNode, values: string, text: (node: Node) => string): string | undefined {
  const isValues = (node: AnyNode | undefined): boolean => node?.type === 'Identifier' && node.name === values;
  if (body.type === 'MemberExpression' && isValues(body.object as AnyNode))
    return text(body.property) === 'length' ? '.mapValues(() => 1).reduceByKey((a, b) => a + b)' : undefined;
  if (body.type !== 'CallExpression') return undefined;
  const extreme = /^Math\.(max|min)$/.exec(text(body.callee));
  const [first] = body.arguments;
  if (extreme && first?.type === 'SpreadElement' && isValues(first.argument as AnyNode))
    return `.reduceByKey((a, b) => Math.${extreme[1]}(a, b))`;
  const reduced = methodCall(body, 'reduce');
  if (!reduced || !(isValues(reduced) || isCopyOf(reduced, isValues))) return undefined;
  return body.arguments.length === 1 || isSymmetric(first as AnyNode, text)
    ? `.reduceByKey(${text(first)})`
    : `.aggregateByKey(${text(body.arguments[1])}, ${text(first)}, merge)`;
}

/** `[...values]`, `Array.from(values)`. */
function isCopyOf(node: AnyNode, isValues: (node: AnyNode | undefined) => boolean): boolean {
  if (node.type === 'ArrayExpression' && node.elements.length === 1 && node.elements[0]?.type === 'SpreadElement')
    return isValues(node.elements[0].argument as AnyNode);
  return node.type === 'CallExpression' && methodCall(node, 'from') !== undefined && isValues(node.arguments[0] as AnyNode);
}

/** Such as `(a, b) => a + b`: arguments and result have one type, so no initial value is needed. */
function isSymmetric(f: AnyNode | undefined, text: (node: Node) => string): boolean {
  if (f?.type !== 'ArrowFunctionExpression' || f.params.length !== 2) return false;
  const names = f.params.map(text).sort().join();
  const parts =
    f.body.type === 'BinaryExpression' ? [f.body.left, f.body.right] : f.body.type === 'CallExpression' ? f.body.arguments : [];
  return parts.map(text).sort().join() === names;
}
