// Follows where the parameters of a function go in its text, and notes what is changed on the way. Names stand for all their variables.
import type { AnyNode } from 'acorn';
import type { Changes } from '../../plan/function-ref';
import { callingStatics, changingStatics, copyingStatics, globals, kindOfMethod, viewing } from './known-calls';
import {
  all,
  anywhere,
  type Captured,
  captured,
  childrenOf,
  either,
  type FunctionNode,
  first,
  fresh,
  isFunction,
  type Node,
  nothing,
  others,
  reach,
  reachOf,
  rootIn,
  rootOf,
  type Value,
  within,
  wrapperIn,
} from './values';

/** Passes over a text until nothing new is found; bits are only ever added, so there are few. */
const mostPasses = 20;

export class TextChanges {
  readonly #body: readonly AnyNode[];
  readonly #captured: readonly Captured[];
  readonly #cells = new Map<string, Value>();
  readonly #sorts = new Map<string, Captured>();
  /** What functions within the text return, the outermost included. */
  readonly #returns = new Map<AnyNode, Value>();
  #function: AnyNode | undefined;
  #root: FunctionNode | undefined;
  #changed = 0;
  #mixes = false;
  #isSettled = true;

  constructor(body: readonly AnyNode[], sorts: readonly Captured[]) {
    this.#body = body;
    this.#captured = sorts;
  }

  find(): Changes {
    const wrapper = wrapperIn(this.#body);
    wrapper?.params.forEach((param, i) => {
      if (param.type === 'Identifier') this.#sorts.set(param.name, this.#captured[i] ?? 'harmless');
    });
    this.#root = wrapper && rootIn(wrapper);
    for (let pass = 0; pass < mostPasses; pass++) {
      this.#isSettled = true;
      if (wrapper) this.#statements((wrapper.body as Node<'BlockStatement'>).body as AnyNode[]);
      else this.#statements(this.#body);
      if (this.#isSettled) return this.#found();
    }
    return { first: true, others: true, captured: true, mixes: true };
  }

  #found(): Changes {
    const returned = this.#root ? reach(this.#returns.get(this.#root) ?? nothing) : anywhere;
    return {
      first: (this.#changed & first) !== 0,
      others: (this.#changed & others) !== 0,
      captured: (this.#changed & captured) !== 0,
      mixes: this.#mixes || (returned & others) !== 0,
    };
  }

  #change(bits: number): void {
    if ((this.#changed | bits) === this.#changed) return;
    this.#changed |= bits;
    this.#isSettled = false;
  }

  #add(name: string, { self, below }: Value): void {
    const cell = this.#cells.get(name) ?? { self: 0, below: 0 };
    this.#cells.set(name, cell);
    if ((cell.self | self) === cell.self && (cell.below | below) === cell.below) return;
    cell.self |= self;
    cell.below |= below;
    this.#isSettled = false;
  }

  /** Something that can be reached from `bits` is put into an object that `target` may be. */
  #put(target: AnyNode, into: Value, bits: number): void {
    if ((reach(into) & first) !== 0 && (bits & others) !== 0) this.#mixes = true;
    const root = rootOf(target);
    if (root.type === 'Identifier') this.#add(root.name, fresh(bits));
  }

  /** A call of something that is not known here. */
  #unknown(values: readonly Value[]): Value {
    const bits = reachOf(values);
    this.#change(bits);
    if ((bits & first) !== 0 && (bits & others) !== 0) this.#mixes = true;
    return { self: bits | captured, below: bits | captured };
  }

  // Statements and declarations.

  #statements(nodes: readonly AnyNode[]): void {
    for (const node of nodes) this.#node(node);
  }

  /** A statement, or anything else that is looked through for what is in it. */
  #node(node: AnyNode | null | undefined): void {
    if (!node) return;
    switch (node.type) {
      case 'VariableDeclaration':
        for (const { id, init } of node.declarations) this.#bind(id as AnyNode, init ? this.#value(init as AnyNode) : nothing);
        return;
      case 'ForOfStatement':
      case 'ForInStatement': {
        const over = this.#value(node.right as AnyNode);
        const item = node.type === 'ForInStatement' ? nothing : within(over);
        if (node.left.type === 'VariableDeclaration') this.#bind(node.left.declarations[0].id as AnyNode, item);
        else this.#bind(node.left as AnyNode, item);
        return this.#node(node.body as AnyNode);
      }
      case 'ReturnStatement':
        return this.#return(node.argument ? this.#value(node.argument as AnyNode) : nothing);
      case 'ExpressionStatement':
        this.#value(node.expression as AnyNode);
        return;
      case 'FunctionDeclaration':
        return this.#functionText(node, undefined);
      case 'WithStatement':
        throw new SyntaxError('with');
      default:
        if (/Expression|Literal|^Identifier$|^ClassBody$/.test(node.type) || node.type === 'ClassDeclaration') {
          this.#value(node);
          return;
        }
        for (const child of childrenOf(node)) this.#node(child);
    }
  }

  #return(value: Value): void {
    if (!this.#function) return;
    const known = this.#returns.get(this.#function) ?? nothing;
    const joined = either(known, value);
    if (joined.self !== known.self || joined.below !== known.below) this.#isSettled = false;
    this.#returns.set(this.#function, joined);
  }

  /** Gives the variables of a pattern what they are bound to. */
  #bind(pattern: AnyNode, value: Value): void {
    switch (pattern.type) {
      case 'Identifier':
        return this.#add(pattern.name, value);
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          if (property.type === 'RestElement') this.#bind(property.argument as AnyNode, fresh(value.below));
          else this.#bind(property.value as AnyNode, within(value));
        }
        return;
      case 'ArrayPattern':
        for (const element of pattern.elements) {
          if (element?.type === 'RestElement') this.#bind(element.argument as AnyNode, fresh(value.below));
          else if (element) this.#bind(element as AnyNode, within(value));
        }
        return;
      case 'AssignmentPattern':
        return this.#bind(pattern.left as AnyNode, either(value, this.#value(pattern.right as AnyNode)));
      case 'RestElement':
        return this.#bind(pattern.argument as AnyNode, fresh(reach(value)));
      case 'MemberExpression': {
        const object = this.#value(pattern.object as AnyNode);
        if (pattern.computed) this.#value(pattern.property as AnyNode);
        this.#change(object.self);
        return this.#put(pattern.object as AnyNode, object, reach(value));
      }
      default:
        this.#value(pattern);
    }
  }

  /** A function's own text; `args` are what it is called with, where that is known. Answers what it returns. */
  #functionText(node: FunctionNode, args: readonly Value[] | undefined): void {
    node.params.forEach((param, i) => {
      const own = node === this.#root ? (i === 0 ? first : others) : undefined;
      this.#bind(
        param as AnyNode,
        own === undefined ? (args ? (args[i] ?? args.at(-1) ?? nothing) : all) : { self: own, below: own },
      );
    });
    const outer = this.#function;
    this.#function = node;
    if (node.body.type === 'BlockStatement') this.#statements(node.body.body as AnyNode[]);
    else this.#return(this.#value(node.body as AnyNode));
    this.#function = outer;
  }

  // Expressions.

  #values(nodes: readonly (AnyNode | null)[]): Value[] {
    return nodes.map((node) => (node ? this.#value(node.type === 'SpreadElement' ? (node.argument as AnyNode) : node) : nothing));
  }

  #value(node: AnyNode): Value {
    switch (node.type) {
      case 'Literal':
      case 'MetaProperty':
      case 'PrivateIdentifier':
        return nothing;
      case 'Identifier':
        return this.#named(node.name);
      case 'ThisExpression':
      case 'Super':
        return all;
      case 'TemplateLiteral':
        this.#values(node.expressions as AnyNode[]);
        return nothing;
      case 'ArrayExpression':
        return fresh(reachOf(this.#values(node.elements as AnyNode[])));
      case 'ObjectExpression':
        return fresh(this.#properties(node));
      case 'MemberExpression': {
        const object = this.#value(node.object as AnyNode);
        if (node.computed) this.#value(node.property as AnyNode);
        else if (node.property.type === 'Identifier' && node.property.name === 'length') return nothing;
        return within(object);
      }
      case 'ChainExpression':
      case 'ParenthesizedExpression':
        return this.#value(node.expression as AnyNode);
      case 'ConditionalExpression':
        this.#value(node.test as AnyNode);
        return either(this.#value(node.consequent as AnyNode), this.#value(node.alternate as AnyNode));
      case 'LogicalExpression':
        return either(this.#value(node.left as AnyNode), this.#value(node.right as AnyNode));
      case 'BinaryExpression':
        this.#values([node.left as AnyNode, node.right as AnyNode]);
        return nothing;
      case 'UnaryExpression':
        if (node.operator === 'delete' && node.argument.type === 'MemberExpression')
          this.#change(this.#value(node.argument.object as AnyNode).self);
        else this.#value(node.argument as AnyNode);
        return nothing;
      case 'UpdateExpression':
        if (node.argument.type === 'MemberExpression') this.#change(this.#value(node.argument.object as AnyNode).self);
        return nothing;
      case 'AssignmentExpression':
        return this.#assigned(node);
      case 'SequenceExpression':
        return this.#values(node.expressions as AnyNode[]).at(-1) ?? nothing;
      case 'AwaitExpression':
        return this.#value(node.argument as AnyNode);
      case 'YieldExpression':
        if (node.argument) this.#return(fresh(reach(this.#value(node.argument as AnyNode))));
        return all;
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        this.#functionText(node, undefined);
        return nothing;
      case 'CallExpression':
        return this.#called(node);
      case 'NewExpression':
        return this.#made(node);
      case 'ClassExpression':
      case 'ClassDeclaration':
        return this.#class(node);
      default:
        return this.#unknown(this.#values(childrenOf(node)));
    }
  }

  #named(name: string): Value {
    const cell = this.#cells.get(name);
    const sort = this.#sorts.get(name);
    const outside = sort === 'value' ? { self: captured, below: captured } : sort || globals.has(name) || cell ? nothing : all;
    return cell ? either(cell, outside) : outside;
  }

  #properties({ properties }: Node<'ObjectExpression'>): number {
    let bits = 0;
    for (const property of properties) {
      if (property.type === 'SpreadElement') bits |= this.#value(property.argument as AnyNode).below;
      else {
        if (property.computed) this.#value(property.key as AnyNode);
        bits |= reach(this.#value(property.value as AnyNode));
      }
    }
    return bits;
  }

  #assigned(node: Node<'AssignmentExpression'>): Value {
    const right = this.#value(node.right as AnyNode);
    const isLogical = node.operator === '??=' || node.operator === '||=' || node.operator === '&&=';
    // Arithmetic makes primitives.
    const value = node.operator === '=' || isLogical ? right : nothing;
    this.#bind(node.left as AnyNode, value);
    return isLogical ? either(value, this.#value(node.left as AnyNode)) : value;
  }

  #class(node: Node<'ClassExpression' | 'ClassDeclaration'>): Value {
    for (const member of node.body.body) {
      if (member.type === 'MethodDefinition') this.#functionText(member.value as FunctionNode, undefined);
      else for (const child of childrenOf(member)) this.#node(child);
    }
    return nothing;
  }

  // Calls.

  /** The arguments of a call; functions among them get `items` for their parameters. */
  #arguments(nodes: readonly AnyNode[], items: readonly Value[] | undefined): Value[] {
    return nodes.map((node) => {
      if (!isFunction(node)) return this.#values([node])[0];
      this.#functionText(node, items);
      return this.#returns.get(node) ?? nothing;
    });
  }

  #called(node: Node<'CallExpression'>): Value {
    const callee = node.callee as AnyNode;
    const args = node.arguments as AnyNode[];
    if (callee.type === 'MemberExpression' && !callee.computed && callee.property.type === 'Identifier')
      return this.#method(callee, callee.property.name, args);
    if (callee.type === 'Identifier') return this.#plainCall(callee.name, args);
    if (isFunction(callee)) {
      this.#functionText(callee, this.#arguments(args, undefined));
      return this.#returns.get(callee) ?? nothing;
    }
    return this.#unknown([this.#value(callee), ...this.#arguments(args, undefined)]);
  }

  #plainCall(name: string, nodes: readonly AnyNode[]): Value {
    const args = this.#arguments(nodes, undefined);
    const bits = reachOf(args);
    const sort = this.#sorts.get(name);
    // What functions of the text and captured ones do is found where they are: they may give on what they got.
    if (sort === 'function' || (this.#cells.has(name) && sort === undefined))
      return { self: bits | captured, below: bits | captured };
    if (sort === undefined && globals.has(name)) return copyingStatics.test(name) ? nothing : fresh(bits);
    return sort === 'harmless' ? nothing : this.#unknown(args);
  }

  #method(callee: Node<'MemberExpression'>, name: string, nodes: readonly AnyNode[]): Value {
    const object = callee.object as AnyNode;
    const isGlobal =
      object.type === 'Identifier' && globals.has(object.name) && !this.#cells.has(object.name) && !this.#sorts.has(object.name);
    if (isGlobal) return this.#static(`${(object as Node<'Identifier'>).name}.${name}`, nodes);
    const on = this.#value(object);
    if (object.type === 'Identifier' && this.#sorts.get(object.name) === 'harmless') {
      this.#arguments(nodes, undefined);
      return nothing;
    }
    const kind = kindOfMethod(name);
    if (kind === 'unknown') return this.#unknown([on, ...this.#arguments(nodes, undefined)]);
    const isFold = name === 'reduce' || name === 'reduceRight';
    const item = within(on);
    const args = this.#arguments(nodes, isFold ? this.#foldItems(nodes, item) : [item]);
    const bits = reachOf(args);
    if (kind === 'changing') {
      this.#change(on.self);
      this.#put(object, on, bits);
      return { self: reach(on), below: on.below | bits };
    }
    if (isFold) return either({ self: bits, below: bits }, nodes.length < 2 ? item : nothing);
    if (kind === 'renewing') return fresh(reach(on) | bits);
    return { self: reach(on) | bits, below: reach(on) | bits };
  }

  /** The parameters of the function of `reduce`: what it returned before, or its start, and an element. */
  #foldItems([f, start]: readonly AnyNode[], item: Value): Value[] {
    const before = start ? this.#value(start) : item;
    return [either(before, (f && this.#returns.get(f)) ?? nothing), item];
  }

  #static(name: string, nodes: readonly AnyNode[]): Value {
    if (callingStatics.has(name)) return this.#unknown(this.#arguments(nodes, undefined));
    const [target] = nodes;
    const over = target && !isFunction(target) ? within(this.#values([target])[0]) : nothing;
    const args = this.#arguments(nodes, [over]);
    const bits = reachOf(args);
    if (changingStatics.has(name)) {
      this.#change(args[0]?.self ?? 0);
      if (target) this.#put(target, args[0], bits);
      return either(args[0] ?? nothing, fresh(bits));
    }
    return copyingStatics.test(name) ? nothing : { self: viewing.test(name) ? bits : 0, below: bits };
  }

  #made(node: Node<'NewExpression'>): Value {
    const callee = node.callee as AnyNode;
    const args = this.#arguments(node.arguments as AnyNode[], undefined);
    const bits = reachOf(args);
    const name = callee.type === 'Identifier' ? callee.name : undefined;
    if (name === undefined) return this.#unknown([this.#value(callee), ...args]);
    const isKnown = this.#sorts.get(name) === 'function' || this.#cells.has(name) || globals.has(name);
    if (!isKnown) return this.#unknown(args);
    return { self: viewing.test(name) ? bits : 0, below: bits };
  }
}
