// Scope analysis of emitted JavaScript: who declares, who uses, who assigns, and across which functions.
import type { AnyNode, Class, Function as FunctionNode } from 'acorn';
import { declareAll, declareLexical, namesOf } from './declarations';
import { type Program, parseCommonJs, parseEntry, parseScript } from './parse';
import {
  type Analysis,
  childrenOf,
  crossed,
  type DeclaredIdentifier,
  FunctionInfo,
  type FunctionKind,
  listOf,
  type Mutation,
  type Reference,
  Scope,
} from './scope';
import { calls, importMeta, isMethod, mutators, rootOf } from './syntax';

export interface AnalyzeOptions {
  /** Names that are parameters of a wrapper around the text, such as CommonJS's `require`. */
  readonly params?: readonly string[];
  /** The text is a module of the prompt: `await` at the top level, import and export statements. */
  readonly topLevelAwait?: boolean;
}

/** Parses the text and resolves every name in it. Throws acorn's SyntaxError. */
export function analyze(js: string, options: AnalyzeOptions = {}): Analysis {
  const program = options.topLevelAwait ? parseEntry(js) : parseCommonJs(js);
  return new Analyzer(js, program, options.params ?? []).run();
}

/** Analyses an expression on its own: a function's text. `prefix` and `suffix` make it one. */
export function analyzeExpression(text: string, prefix: string, suffix: string): Analysis {
  const js = prefix + text + suffix;
  return new Analyzer(js, parseScript(js), []).run();
}

class Analyzer {
  readonly #js: string;
  readonly #program: Program;
  readonly #root: Scope;
  readonly #functions: FunctionInfo[] = [];
  readonly #references: Reference[] = [];
  readonly #mutations: Mutation[] = [];
  readonly #declared: DeclaredIdentifier[] = [];
  #head: Scope | undefined;

  constructor(js: string, program: Program, params: readonly string[]) {
    this.#js = js;
    this.#program = program;
    this.#root = new Scope('program', undefined, undefined, program);
    for (const name of params) this.#root.declare(name, 'param', program);
  }

  run(): Analysis {
    const body = this.#program.body as AnyNode[];
    declareAll(body, this.#root);
    for (const statement of body) this.#visit(statement, this.#root, this.#program);
    for (const reference of this.#references) this.#resolve(reference);
    for (const mutation of this.#mutations) {
      for (const f of crossed(mutation.scope, mutation.scope.lookup(mutation.name))) f.mutations.push(mutation);
    }
    return {
      js: this.#js,
      program: this.#program,
      root: this.#root,
      functions: this.#functions,
      references: this.#references,
      declared: this.#declared,
    };
  }

  #resolve(reference: Reference): void {
    const binding = reference.scope.lookup(reference.name);
    reference.binding = binding;
    const functions = crossed(reference.scope, binding);
    const assigns = reference.write && !(reference.head && reference.head === binding?.scope);
    if (binding && assigns && functions.size > 0) binding.assignedInFunction = true;
    for (const f of functions) {
      if (binding) listOf(f.free, binding).push(reference);
      else listOf(f.globals, reference.name).push(reference);
      if (assigns) f.writes.push(reference);
    }
  }

  // ---- uses

  #refer(id: { name: string; start: number; end: number }, scope: Scope, use: Partial<Reference> = {}): void {
    const { write = false, shorthand = false } = use;
    const { name, start, end } = id;
    this.#references.push({ name, start, end, scope, write, shorthand, head: this.#head, binding: undefined });
  }

  #mutates(target: AnyNode, scope: Scope, how = 'assignment to a property'): void {
    const root = rootOf(target);
    if (root.type === 'Identifier') this.#mutations.push({ name: root.name, how, at: target.start, scope });
  }

  /** Marks the function that `this`, `super` and the like belong to, and the arrows on the way. */
  #mark(scope: Scope, flag: 'usesThis' | 'usesArguments' | 'usesSuper' | 'usesNewTarget' | 'usesEval'): void {
    for (let f = scope.owner; f; f = f.parent) {
      f[flag] = true;
      // A class only runs its computed keys itself, and these see what is around it.
      if (f.kind !== 'arrow' && f.kind !== 'class') break;
    }
  }

  /** Default values and computed keys of a pattern, and what it assigns if it is not a declaration. */
  #pattern(node: AnyNode | null | undefined, scope: Scope, assigns: boolean): void {
    switch (node?.type) {
      case 'Identifier':
        if (assigns) this.#refer(node, scope, { write: true });
        return;
      case 'MemberExpression':
        this.#visit(node, scope, node);
        if (assigns) this.#mutates(node, scope);
        return;
      case 'ObjectPattern':
        for (const property of node.properties as AnyNode[]) this.#patternProperty(property, scope, assigns);
        return;
      case 'ArrayPattern':
        for (const element of node.elements) this.#pattern(element as AnyNode | null, scope, assigns);
        return;
      case 'AssignmentPattern':
        this.#pattern(node.left as AnyNode, scope, assigns);
        this.#visit(node.right, scope, node);
        return;
      case 'RestElement':
        this.#pattern(node.argument as AnyNode, scope, assigns);
        return;
    }
  }

  #patternProperty(property: AnyNode, scope: Scope, assigns: boolean): void {
    if (property.type !== 'Property') {
      this.#pattern(property, scope, assigns);
      return;
    }
    if (property.computed) this.#visit(property.key, scope, property);
    const value = property.value as AnyNode;
    if (!property.shorthand) {
      this.#pattern(value, scope, assigns);
      return;
    }
    if (assigns) this.#refer(property.key as AnyNode & { name: string }, scope, { write: true, shorthand: true });
    if (value.type === 'AssignmentPattern') this.#visit(value.right, scope, value);
  }

  #variables(node: AnyNode & { type: 'VariableDeclaration' }, scope: Scope): void {
    for (const declarator of node.declarations) {
      this.#pattern(declarator.id as AnyNode, scope, false);
      for (const id of namesOf(declarator.id)) {
        const binding = scope.lookup(id.name);
        if (binding) this.#declared.push({ binding, start: id.start, end: id.end, shorthand: id.shorthand });
      }
      this.#visit(declarator.init, scope, declarator);
    }
  }

  /** A name of the module, though it is no identifier. */
  #importMeta({ start, end }: AnyNode, scope: Scope): void {
    this.#root.declare(importMeta, 'param', this.#program);
    this.#refer({ name: importMeta, start, end }, scope);
  }

  // ---- functions and classes

  #enterFunction(
    node: FunctionNode,
    kind: FunctionKind,
    scope: Scope,
    parentNode: AnyNode,
    memberOf?: FunctionInfo,
  ): FunctionInfo {
    const info = new FunctionInfo(node as AnyNode, kind, scope.owner, parentNode, scope, memberOf);
    this.#functions.push(info);
    let outer = scope;
    if (node.type === 'FunctionExpression' && node.id) {
      outer = new Scope('ownName', scope, scope.owner, node as AnyNode, info);
      outer.declare(node.id.name, 'ownName', node as AnyNode);
    }
    const own = new Scope('function', outer, info, node as AnyNode);
    for (const param of node.params) for (const id of namesOf(param)) own.declare(id.name, 'param', node as AnyNode);
    const head = this.#head;
    this.#head = undefined;
    for (const param of node.params) this.#pattern(param as AnyNode, own, false);
    if (node.body.type === 'BlockStatement') {
      // Default values of parameters do not see what the body declares.
      const isPlain = node.params.every((param) => param.type === 'Identifier');
      const body = isPlain ? own : new Scope('function', own, info, node as AnyNode);
      declareAll(node.body.body as AnyNode[], body);
      for (const statement of node.body.body) this.#visit(statement as AnyNode, body, node.body);
    } else {
      this.#visit(node.body, own, node as AnyNode);
    }
    this.#head = head;
    return info;
  }

  #enterClass(node: Class, scope: Scope, parentNode: AnyNode): FunctionInfo {
    const info = new FunctionInfo(node as AnyNode, 'class', scope.owner, parentNode, scope);
    this.#functions.push(info);
    // What runs once, when the class is defined (its parent, its static parts), belongs to the function around it: the class
    // travels with their results, so the names they use are not names of the class.
    const named = new Scope('ownName', scope, scope.owner, node as AnyNode, info);
    if (node.id) named.declare(node.id.name, 'ownName', node as AnyNode);
    const members = new Scope('members', named, info, node as AnyNode);
    this.#visit(node.superClass, named, node as AnyNode);
    for (const member of node.body.body) {
      if (member.type !== 'StaticBlock' && member.computed) this.#visit(member.key as AnyNode, members, member);
      if (member.type === 'MethodDefinition') this.#enterFunction(member.value, 'method', members, member, info);
      else if (member.type === 'StaticBlock') this.#enterStatic(member, named, info);
      else if (member.value) this.#enterField(member, member.static ? named : members, info);
    }
    return info;
  }

  #enterField(member: AnyNode & { type: 'PropertyDefinition' }, around: Scope, memberOf: FunctionInfo): void {
    const info = new FunctionInfo(
      member.value as AnyNode,
      member.static ? 'static' : 'field',
      around.owner,
      member,
      around,
      memberOf,
    );
    this.#visit(member.value, new Scope('function', around, info, member), member);
  }

  #enterStatic(block: AnyNode & { type: 'StaticBlock' }, around: Scope, memberOf: FunctionInfo): void {
    const info = new FunctionInfo(block, 'static', around.owner, block, around, memberOf);
    const scope = new Scope('static', around, info, block);
    declareAll(block.body as AnyNode[], scope);
    for (const statement of block.body) this.#visit(statement as AnyNode, scope, block);
  }

  // ---- the walk

  #visit(node: AnyNode | null | undefined, scope: Scope, parent: AnyNode): void {
    switch (node?.type) {
      case undefined:
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
        return;
      case 'Identifier':
        if (node.name === 'arguments' && !scope.lookup('arguments')) {
          this.#mark(scope, 'usesArguments');
          return;
        }
        this.#refer(node, scope);
        return;
      case 'ThisExpression':
        this.#mark(scope, 'usesThis');
        return;
      case 'Super':
        this.#mark(scope, 'usesSuper');
        this.#mark(scope, 'usesThis');
        return;
      case 'MetaProperty':
        if (node.meta.name === 'new') this.#mark(scope, 'usesNewTarget');
        else this.#importMeta(node, scope);
        return;
      case 'FunctionDeclaration':
        this.#enterFunction(node as FunctionNode, 'function', scope, parent).declaration = true;
        return;
      case 'FunctionExpression':
        this.#enterFunction(node, isMethod(parent) ? 'method' : 'function', scope, parent);
        return;
      case 'ArrowFunctionExpression':
        this.#enterFunction(node, 'arrow', scope, parent);
        return;
      case 'ClassDeclaration':
        this.#enterClass(node as Class, scope, parent).declaration = true;
        return;
      case 'ClassExpression':
        this.#enterClass(node, scope, parent);
        return;
      case 'ExportNamedDeclaration':
      case 'ExportDefaultDeclaration':
        this.#visit(node.declaration as AnyNode | null, scope, node);
        return;
      case 'BlockStatement':
        this.#block(node.body as AnyNode[], new Scope('block', scope, scope.owner, node), node);
        return;
      case 'SwitchStatement':
        this.#switch(node, scope);
        return;
      case 'ForStatement':
        this.#for(node, scope);
        return;
      case 'ForInStatement':
      case 'ForOfStatement':
        this.#forEach(node, scope);
        return;
      case 'CatchClause':
        this.#catch(node, scope);
        return;
      case 'VariableDeclaration':
        this.#variables(node, scope);
        return;
      case 'LabeledStatement':
        this.#visit(node.body, scope, node);
        return;
      case 'BreakStatement':
      case 'ContinueStatement':
        return;
      default:
        this.#expression(node as AnyNode, scope);
        return;
    }
  }

  #expression(node: AnyNode, scope: Scope): void {
    if (calls.has(node.type) && scope.owner) scope.owner.makesCalls = true;
    switch (node.type) {
      case 'AssignmentExpression':
        this.#pattern(node.left as AnyNode, scope, true);
        this.#visit(node.right, scope, node);
        return;
      case 'UpdateExpression':
        this.#pattern(node.argument, scope, true);
        return;
      case 'UnaryExpression':
        if (node.operator === 'delete') this.#mutates(node.argument, scope);
        this.#visit(node.argument, scope, node);
        return;
      case 'MemberExpression':
        this.#visit(node.object as AnyNode, scope, node);
        if (node.computed) this.#visit(node.property as AnyNode, scope, node);
        return;
      case 'Property':
        if (node.computed) this.#visit(node.key, scope, node);
        if (!node.shorthand || node.value.type !== 'Identifier') {
          this.#visit(node.value as AnyNode, scope, node);
          return;
        }
        if (node.value.name === 'arguments') this.#mark(scope, 'usesArguments');
        this.#refer(node.value, scope, { shorthand: true });
        return;
      case 'CallExpression':
        this.#call(node, scope);
        break;
    }
    for (const child of childrenOf(node)) this.#visit(child, scope, node);
  }

  #call(node: AnyNode & { type: 'CallExpression' }, scope: Scope): void {
    const callee = node.callee as AnyNode;
    if (callee.type === 'Identifier' && callee.name === 'eval') this.#mark(scope, 'usesEval');
    if (callee.type !== 'MemberExpression' || callee.computed) return;
    const name = callee.property.type === 'Identifier' ? callee.property.name : '';
    if (mutators.has(name)) this.#mutates(callee, scope, name);
  }

  #block(statements: readonly AnyNode[], scope: Scope, parent: AnyNode): void {
    declareLexical(statements, scope);
    for (const statement of statements) this.#visit(statement, scope, parent);
  }

  #switch(node: AnyNode & { type: 'SwitchStatement' }, scope: Scope): void {
    this.#visit(node.discriminant, scope, node);
    const cases = new Scope('block', scope, scope.owner, node);
    for (const c of node.cases) declareLexical(c.consequent as AnyNode[], cases);
    for (const c of node.cases) {
      this.#visit(c.test, cases, c);
      for (const statement of c.consequent) this.#visit(statement as AnyNode, cases, c);
    }
  }

  #for(node: AnyNode & { type: 'ForStatement' }, scope: Scope): void {
    const loop = new Scope('loop', scope, scope.owner, node);
    if (node.init?.type === 'VariableDeclaration') declareLexical([node.init], loop);
    this.#visit(node.init, loop, node);
    this.#visit(node.test, loop, node);
    const outer = this.#head;
    this.#head = loop;
    this.#visit(node.update, loop, node);
    this.#head = outer;
    this.#visit(node.body as AnyNode, loop, node);
  }

  #forEach(node: AnyNode & { type: 'ForInStatement' | 'ForOfStatement' }, scope: Scope): void {
    const loop = new Scope('loop', scope, scope.owner, node);
    if (node.left.type === 'VariableDeclaration') {
      declareLexical([node.left], loop);
      this.#variables(node.left, loop);
    } else {
      this.#pattern(node.left as AnyNode, loop, true);
    }
    this.#visit(node.right, loop, node);
    this.#visit(node.body as AnyNode, loop, node);
  }

  #catch(node: AnyNode & { type: 'CatchClause' }, scope: Scope): void {
    const own = new Scope('block', scope, scope.owner, node);
    if (node.param) for (const id of namesOf(node.param)) own.declare(id.name, 'let', node);
    this.#pattern(node.param as AnyNode | null, own, false);
    this.#visit(node.body, own, node);
  }
}
