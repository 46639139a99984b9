// The comparisons of fields with constants that a function of a row begins with, by its text.
import { type AnyNode, parse } from 'acorn';
import type { Comparison, Condition, Constant, Where } from '../plan/condition';
import type { CapturedClosure, Encoded } from '../plan/payload';
import { answerOf, functionIn } from './idiom';

/** Longer texts are taken for functions of which nothing is known. */
const longest = 5_000;

/** Conditions of one function: more of them are not worth the look at each part of a file. */
const mostConditions = 100;

const comparisons: ReadonlySet<string> = new Set(['<', '<=', '>', '>=', '===', '!==', '==', '!=']);

/** The same comparison with its sides changed. */
const turned: Readonly<Record<string, Comparison>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

/** What a function says of its rows; undefined where that is nothing. */
export function whereOf(closure: CapturedClosure): Where | undefined {
  const { nodes, scripts } = closure;
  const [node] = nodes;
  if (node.t !== 'function' || 'self' in node) return undefined;
  const script = scripts[node.script];
  if (script.kind !== 'function' || script.text.length > longest || !/[<>=]/.test(script.text)) return undefined;
  // What it captured may change between two rows.
  if (nodes.some((other, i) => i > 0 && other.t !== 'date' && other.t !== 'cell')) return undefined;
  const { body } = parse(script.text, { ecmaVersion: 'latest', allowReturnOutsideFunction: true });
  const f = functionIn(body[0] as AnyNode);
  if ((f?.type !== 'ArrowFunctionExpression' && f?.type !== 'FunctionExpression') || f.async || f.generator) return undefined;
  const answer = answerOf(f.body);
  const fields = f.params.length === 1 ? fieldsOf(f.params[0]) : undefined;
  if (!answer || !fields || changes(answer)) return undefined;
  const reading = new Reading(fields, constantsOf(body[0] as AnyNode, node.args, closure));
  const condition = reading.condition(answer);
  if (!condition || reading.found > mostConditions) return undefined;
  return { condition, isAll: reading.isWhole };
}

/** Whether something below a node is assigned. */
function changes(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false;
  const { type } = node as { type?: string };
  if (type === 'AssignmentExpression' || type === 'UpdateExpression') return true;
  return Object.values(node).some(changes);
}

type FieldOf = (node: AnyNode) => string | undefined;

/** How the fields of a row are written in a function with this parameter. */
function fieldsOf(parameter: AnyNode): FieldOf | undefined {
  const plain = (name: string) => (name in Object.prototype ? undefined : name);
  if (parameter.type === 'Identifier')
    return (node) => {
      if (node.type !== 'MemberExpression' || node.object.type !== 'Identifier' || node.object.name !== parameter.name)
        return undefined;
      if (!node.computed) return node.property.type === 'Identifier' ? plain(node.property.name) : undefined;
      const key = node.property as AnyNode;
      return key.type === 'Literal' && typeof key.value === 'string' ? plain(key.value) : undefined;
    };
  if (parameter.type !== 'ObjectPattern') return undefined;
  const names = new Map<string, string>();
  for (const property of parameter.properties) {
    if (property.type !== 'Property' || property.computed) return undefined;
    const { key, value } = property;
    if (value.type !== 'Identifier') return undefined;
    const name = key.type === 'Identifier' ? key.name : key.type === 'Literal' ? String(key.value) : undefined;
    if (name === undefined || plain(name) === undefined) return undefined;
    names.set(value.name, name);
  }
  return (node) => (node.type === 'Identifier' ? names.get(node.name) : undefined);
}

type ConstantOf = (node: AnyNode) => { readonly value: Constant } | undefined;

const isConstant = (value: unknown): value is Constant =>
  value === null || ['number', 'string', 'bigint', 'boolean'].includes(typeof value);

/** The constants of a function: literals, and what its captured variables hold. */
function constantsOf(script: AnyNode, args: readonly Encoded[], { nodes }: CapturedClosure): ConstantOf {
  const outer =
    script.type === 'ExpressionStatement' && script.expression.type === 'FunctionExpression' ? script.expression : undefined;
  const captured = new Map(outer?.params.map((p, i) => [p.type === 'Identifier' ? p.name : '', args[i]]));
  const valueOf = (encoded: Encoded): { readonly value: Constant } | undefined => {
    if (isConstant(encoded)) return { value: encoded };
    const node = encoded === undefined ? undefined : nodes[encoded.n];
    return node?.t === 'date' && !node.class && !node.props ? { value: new Date(node.time) } : undefined;
  };
  return (node) => {
    if (node.type === 'Literal') return isConstant(node.value) ? { value: node.value } : undefined;
    if (node.type === 'TemplateLiteral' && node.expressions.length === 0) return { value: node.quasis[0].value.cooked! };
    if (node.type === 'UnaryExpression' && node.operator === '-' && node.argument.type === 'Literal') {
      const { value } = node.argument;
      return typeof value === 'number' || typeof value === 'bigint' ? { value: -value } : undefined;
    }
    if (node.type === 'Identifier' && captured.has(node.name)) return valueOf(captured.get(node.name));
    // A variable that others can change is held in a cell, whose value is that of the call.
    if (node.type === 'MemberExpression' && node.object.type === 'Identifier' && !node.computed) {
      const held = captured.get(node.object.name);
      const cell = typeof held === 'object' && held !== null ? nodes[held.n] : undefined;
      const isValue = node.property.type === 'Identifier' && node.property.name === 'v';
      return cell?.t === 'cell' && isValue ? valueOf(cell.value) : undefined;
    }
    return undefined;
  };
}

class Reading {
  /** Nothing was left out. */
  isWhole = true;
  found = 0;
  readonly #fieldOf: FieldOf;
  readonly #constantOf: ConstantOf;

  constructor(fieldOf: FieldOf, constantOf: ConstantOf) {
    this.#fieldOf = fieldOf;
    this.#constantOf = constantOf;
  }

  /** What an expression says where it is true. Whatever follows a part that may do something else is left out: it must not be skipped. */
  condition(node: AnyNode): Condition | undefined {
    if (node.type === 'ParenthesizedExpression') return this.condition(node.expression);
    if (node.type === 'LogicalExpression' && node.operator === '&&') {
      const left = this.condition(node.left);
      if (!this.isWhole) return left;
      const right = this.condition(node.right);
      return left && right ? { kind: 'all', of: [...partsOf(left, 'all'), ...partsOf(right, 'all')] } : (left ?? right);
    }
    if (node.type === 'LogicalExpression' && node.operator === '||') {
      const left = this.condition(node.left);
      const right = left && this.isWhole ? this.condition(node.right) : undefined;
      if (left && right && this.isWhole) return { kind: 'any', of: [...partsOf(left, 'any'), ...partsOf(right, 'any')] };
      this.isWhole = false;
      return undefined;
    }
    const compared = node.type === 'BinaryExpression' && comparisons.has(node.operator) ? this.#compared(node) : undefined;
    if (!compared) this.isWhole = false;
    return compared;
  }

  #compared({ left, right, operator }: AnyNode & { type: 'BinaryExpression' }): Condition | undefined {
    if (left.type === 'PrivateIdentifier') return undefined;
    const by = operator as Comparison;
    this.found++;
    const [field, constant] = [this.#fieldOf(left), this.#constantOf(right)];
    if (field !== undefined && constant) return { kind: 'compare', field, by, value: constant.value };
    const [turnedField, turnedConstant] = [this.#fieldOf(right), this.#constantOf(left)];
    if (turnedField === undefined || !turnedConstant) return undefined;
    return { kind: 'compare', field: turnedField, by: turned[by] ?? by, value: turnedConstant.value };
  }
}

const partsOf = (condition: Condition, kind: 'all' | 'any'): readonly Condition[] =>
  condition.kind === kind ? condition.of : [condition];
