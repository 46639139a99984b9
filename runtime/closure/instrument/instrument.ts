// Instrumentation: inserts into emitted JavaScript what lets each function tell which variables it uses and what they hold.
import { type AnyNode, type Class, tokenizer } from 'acorn';
import { addFacts, type Cell, type FunctionFacts, type ModuleName, noteAssigned, type Variable } from '../function-facts';
import { ProgramText, registerText } from '../position';
import { hookFor, installHook } from '../stamp';
import { type AnalyzeOptions, analyze } from './analyze';
import { classFactsOf, guardClass, hasDoor, isGuarded, parentText, privateAccessText } from './class-text';
import { Edits } from './edits';
import {
  type Analysis,
  type Binding,
  type BindingKind,
  type DeclaredIdentifier,
  type FunctionInfo,
  listOf,
  type Reference,
  type Scope,
} from './scope';
import {
  afterDirectives,
  hashbangEnd,
  hasStrictDirective,
  hiddenPrefix,
  importMeta,
  inferredName,
  isInParameters,
  literalKey,
  naming,
  objectsByProperty,
  suspends,
} from './syntax';
import { answersUnseen } from './unseen-answers';

export interface InstrumentOptions extends AnalyzeOptions {
  /** Names that earlier texts of the session declared at their top level. */
  readonly isTopName?: (name: string) => boolean;
  /**
   * The name under which a top-level name of the session lives, for names of earlier texts and of this one; undefined for
   * others. Every use of it is renamed, and every identifier that a variable declaration of the top level declares. Functions
   * and classes declared at the top level become expressions under their own name: their statement is the caller's to make.
   */
  readonly rename?: (name: string) => string | undefined;
  /** Whether a name of an earlier text, under which it lives by `rename`, cannot be assigned. */
  readonly isConstant?: (name: string) => boolean;
  /** The file whose `require` and `import.meta` these are: an absolute path, by default `file`. */
  readonly home?: string;
  /** Source map of the text, as JSON. */
  readonly map?: string;
  /** The line of the file on which the user's text starts, one-based. */
  readonly firstLine?: number;
  /** Further edits, in positions of the same text; what was added before stands outside of what is added here. */
  readonly edits?: Edits;
  /** The analysis of the same text, if the caller already has it. */
  readonly analysis?: Analysis;
}

/** Instruments a text. `code` is to be run in the place of `js`; `file` is what error positions call it. */
export function instrument(js: string, file: string, options: InstrumentOptions = {}): { code: string } {
  installHook();
  const analysis = options.analysis ?? analyze(js, options);
  const edits = options.edits ?? new Edits();
  const text = new ProgramText(file, js, options);
  new Instrumenter(analysis, edits, text, options).run();
  const edited = edits.apply(js);
  registerText(file, text, edited);
  return { code: edited.code };
}

const moduleNames = new Set<string>(['require', 'module', '__filename', '__dirname', importMeta]);

const fixedKinds = new Set<BindingKind>(['const', 'import', 'using']);

/** Numbers texts, so that the top-level variables of each have names of their own. */
let texts = 0;

/** A function with its facts and the expressions that its thunk answers. */
interface Registered {
  readonly info: FunctionInfo;
  readonly facts: FunctionFacts;
  readonly thunk: string;
}

class Instrumenter {
  readonly #analysis: Analysis;
  readonly #edits: Edits;
  readonly #text: ProgramText;
  readonly #options: InstrumentOptions;
  readonly #textNumber = texts++;
  readonly #hook: string;
  /** Starts every name that is inserted; occurs nowhere in the text. */
  readonly #hidden: string;
  readonly #strict: boolean;
  readonly #tokens = new Map<Scope, string | undefined>();

  constructor(analysis: Analysis, edits: Edits, text: ProgramText, options: InstrumentOptions) {
    this.#analysis = analysis;
    this.#edits = edits;
    this.#text = text;
    this.#options = options;
    this.#hook = hookFor(analysis.js);
    this.#hidden = hiddenPrefix(analysis.js);
    this.#strict = options.topLevelAwait === true || hasStrictDirective(analysis.program.body as AnyNode[]);
  }

  run(): void {
    const registered: Registered[] = [];
    for (const info of this.#analysis.functions) if (isRegistered(info)) registered.push(this.#describe(info));
    const methods = new Map<AnyNode, Registered[]>();
    for (const r of registered) {
      if (r.info.kind === 'method') listOf(methods, r.info.parentNode as AnyNode).push(r);
      else this.#register(r);
    }
    this.#registerMethods(methods);
    for (const reference of this.#analysis.references) this.#noteUse(reference);
    if (this.#options.rename) this.#renameAll(this.#options.rename);
  }

  // ---- facts

  #describe(info: FunctionInfo): Registered {
    const node = info.node;
    const holder = info.kind === 'method' ? (info.parentNode as AnyNode) : node;
    const expressions: string[] = [];
    const variables: Variable[] = [];
    for (const [binding, references] of info.free) variables.push(this.#variable(info, holder, binding, references, expressions));
    const globals: string[] = [];
    for (const [name, references] of info.globals) {
      if (this.#isTop(name)) variables.push(this.#topVariable(name, references, holder, expressions));
      else globals.push(name);
    }
    const transparent = info.kind === 'arrow' || info.kind === 'class';
    const thisIndex = transparent && info.usesThis ? expressions.push('this') - 1 : -1;
    const argumentsIndex = transparent && info.usesArguments ? expressions.push('arguments') - 1 : -1;
    const facts = addFacts({
      kind: info.kind,
      source: this.#analysis.js.slice(holder.start, holder.end),
      start: holder.start,
      text: this.#text,
      strict: this.#strict,
      ...('id' in node && node.id?.type === 'Identifier' ? { ownName: node.id.name } : {}),
      declaration: info.declaration,
      variables,
      globals,
      thisIndex,
      argumentsIndex,
      usesSuper: info.usesSuper && info.kind !== 'class' && info.kind !== 'function',
      usesNewTarget: info.usesNewTarget && info.kind === 'arrow',
      usesEval: info.usesEval,
      answersUnseen: answersUnseen(info),
      writes: info.writes.filter((w) => !this.#isFixed(w)).map((w) => ({ name: w.name, at: w.start })),
      mutations: info.mutations.map(({ name, at, how }) => ({ name, at, how })),
      ...(info.kind === 'method' ? { method: methodFactsOf(holder as AnyNode & { type: 'Property' }) } : {}),
      ...(info.kind === 'class' ? { class: classFactsOf(node as Class) } : {}),
    });
    return { info, facts, thunk: this.#thunk(expressions) };
  }

  #variable(
    info: FunctionInfo,
    holder: AnyNode,
    binding: Binding,
    references: readonly Reference[],
    expressions: string[],
  ): Variable {
    const isTop = binding.scope.kind === 'program';
    const index = expressions.push(isTop ? this.#renamed(binding.name) : binding.name) - 1;
    const positions = this.#positions(references, holder);
    if (isTop && binding.kind === 'param' && moduleNames.has(binding.name)) {
      return { name: binding.name, index, positions, moduleName: binding.name as ModuleName };
    }
    const cell = this.#cell(info, binding, expressions);
    return { name: binding.name, index, positions, ...(cell ? { cell } : {}) };
  }

  #topVariable(name: string, references: readonly Reference[], holder: AnyNode, expressions: string[]): Variable {
    const index = expressions.push(this.#renamed(name)) - 1;
    return { name, index, positions: this.#positions(references, holder), cell: { key: this.#topKey(name) } };
  }

  #positions(references: readonly Reference[], holder: AnyNode): Variable['positions'] {
    return references.map((r) => ({ at: r.start - holder.start, shorthand: r.shorthand, fixed: this.#isFixed(r) }));
  }

  #cell(info: FunctionInfo, binding: Binding, expressions: string[]): Cell | undefined {
    if (binding.kind === 'const' || binding.kind === 'import' || binding.kind === 'ownName' || binding.kind === 'using')
      return undefined;
    // Later texts may still assign a top-level name of the prompt, so all of them may turn out to be shared.
    if (binding.scope.kind === 'program') return { key: this.#topKey(binding.name) };
    if (!binding.assignedInFunction) return undefined;
    const token = this.#token(binding.scope);
    // A closure that is the default value of a parameter does not see into the body, where the token is.
    if (token === undefined || isInParameters(info, binding.scope.node)) return undefined;
    return { token: expressions.push(token) - 1 };
  }

  #noteUse(reference: Reference): void {
    const { binding, write, scope, name, start, end } = reference;
    if (name === importMeta) this.#edits.replace(start, end, this.#renamed(name));
    if (!write || !scope.owner || this.#isFixed(reference)) return;
    if (binding ? binding.scope.kind === 'program' : this.#isTop(name)) noteAssigned(this.#topKey(name));
  }

  #isTop(name: string): boolean {
    return this.#options.isTopName?.(name) ?? this.#options.rename?.(name) !== undefined;
  }

  #renamed(name: string): string {
    if (name === importMeta) return `${this.#hook}.m(${JSON.stringify(this.#text.home)})`;
    return this.#options.rename?.(name) ?? name;
  }

  /** What tells a top-level variable apart: at the prompt its versioned name, which all texts share. */
  #topKey(name: string): string {
    const renamed = this.#options.rename?.(name);
    if (renamed !== undefined) return renamed;
    return this.#options.isTopName?.(name) ? name : `${name}@${this.#textNumber}`;
  }

  #thunk(expressions: readonly string[]): string {
    if (expressions.length === 0) return '';
    if (expressions.length === 1) return `,()=>${expressions[0]}`;
    const index = `${this.#hidden}i`;
    const last = expressions.length - 1;
    const choices = expressions.slice(0, last).map((e, i) => `${index}===${i}?${e}:`);
    return `,${index}=>${choices.join('')}${expressions[last]}`;
  }

  // ---- tokens: an object made with each run of a scope, which tells its variables from those of another run

  #token(scope: Scope): string | undefined {
    if (this.#tokens.has(scope)) return this.#tokens.get(scope);
    const name = `${this.#hidden}s${this.#tokens.size}`;
    const placed = this.#placeToken(scope.node, `const ${name}={};`);
    this.#tokens.set(scope, placed ? name : undefined);
    return placed ? name : undefined;
  }

  #placeToken(node: AnyNode, declaration: string): boolean {
    switch (node.type) {
      case 'BlockStatement':
        this.#edits.insertLeft(afterDirectives(node.body as AnyNode[], node.start + 1), declaration);
        return true;
      case 'StaticBlock':
        this.#edits.insertRight((node.body[0] as AnyNode).start, declaration);
        return true;
      case 'SwitchStatement':
        this.#edits.wrap(node.start, node.end, `{${declaration}`, '}');
        return true;
      case 'ArrowFunctionExpression':
        if (node.expression) return this.#giveBlock(node, declaration);
        return this.#placeToken(node.body as AnyNode, declaration);
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'CatchClause':
        return this.#placeToken(node.body as AnyNode, declaration);
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
        if (node.body.type === 'BlockStatement') return this.#placeToken(node.body, declaration);
        this.#edits.wrap(node.body.start, node.body.end, `{${declaration}`, '}');
        return true;
      default:
        return false;
    }
  }

  /** Turns an arrow's expression into a block that returns it. */
  #giveBlock(node: AnyNode & { type: 'ArrowFunctionExpression' }, declaration: string): boolean {
    const from = node.params.length > 0 ? (node.params.at(-1) as AnyNode).end : node.start;
    let afterArrow = -1;
    for (const token of tokenizer(this.#analysis.js.slice(from, node.body.start), { ecmaVersion: 'latest' })) {
      if (token.type.label === '=>') afterArrow = from + token.end;
    }
    this.#edits.wrap(afterArrow, node.end, `{${declaration}return (`, ');}');
    return true;
  }

  // ---- registration

  #register({ info, facts, thunk }: Registered): void {
    if (info.kind === 'class') {
      this.#registerClass(info.node as Class, facts, thunk);
      return;
    }
    const call = `,${facts.id}${thunk})`;
    const { node } = info;
    if (info.declaration && !(this.#options.rename && info.scope.kind === 'program')) {
      const name = facts.ownName;
      // `export default function () {}` has no name to register it by.
      if (name) this.#edits.insertLeft(this.#startOf(info.scope, node), `;${this.#hook}(${name}${call};`);
      return;
    }
    const inferred = inferredName(node, info.parentNode);
    const [before, after] = inferred === undefined ? ['', ''] : naming(inferred);
    this.#edits.wrap(node.start, node.end, `${this.#hook}(${before}`, `${after}${call}`);
  }

  /** Where the functions declared in a scope are all there: its start. */
  #startOf(scope: Scope, declaration: AnyNode): number {
    const node = scope.node;
    if (node.type === 'Program') return afterDirectives(node.body as AnyNode[], hashbangEnd(this.#analysis.js));
    if (node.type === 'BlockStatement') return node.start + 1;
    if (node.type === 'FunctionDeclaration' || node.type === 'FunctionExpression' || node.type === 'ArrowFunctionExpression') {
      const body = node.body as AnyNode & { type: 'BlockStatement' };
      return afterDirectives(body.body as AnyNode[], body.start + 1);
    }
    return declaration.start;
  }

  #registerClass(node: Class, facts: FunctionFacts, thunk: string): void {
    const c = facts.class;
    if (!c) return;
    const access = hasDoor(c) ? `${thunk || ',undefined'},${privateAccessText(c)}` : thunk;
    this.#edits.insertLeft(node.start + c.bodyStart, `static{${this.#hook}.k(this,${facts.id}${access});}`);
    if (isGuarded(c)) guardClass(this.#edits, c, node.start, `${this.#hook}.r`, parentText(node));
  }

  #registerMethods(methods: Map<AnyNode, Registered[]>): void {
    const objects = new Map<AnyNode, Registered[]>();
    for (const [property, list] of methods) {
      const object = this.#objectOf(property);
      if (object) for (const r of list) listOf(objects, object).push(r);
    }
    for (const [object, list] of objects) this.#registerObject(object, list);
  }

  #objectOf(property: AnyNode): AnyNode | undefined {
    this.#objects ??= objectsByProperty(this.#analysis.program);
    return this.#objects.get(property);
  }
  #objects: Map<AnyNode, AnyNode> | undefined;

  #registerObject(object: AnyNode, list: readonly Registered[]): void {
    const entries: string[] = [];
    const computed = list.filter((r) => r.facts.method?.computed);
    // Keys that wait for something cannot be evaluated inside of a helper arrow; these methods go by the inspector.
    const keepsKeys = computed.length > 0 && !suspends(object);
    const keys = `${this.#hidden}k`;
    for (const { info, facts, thunk } of list) {
      const property = info.parentNode as AnyNode & { type: 'Property' };
      const role = property.kind === 'init' ? 'value' : property.kind;
      let key = JSON.stringify(literalKey(property.key as AnyNode));
      if (property.computed) {
        if (!keepsKeys) continue;
        key = String(computed.findIndex((r) => r.info === info));
        this.#edits.wrap(property.key.start, property.key.end, `${keys}[${key}]=(`, ')');
      }
      entries.push(`[${facts.id}${thunk || ',null'},${key},"${role}"]`);
    }
    const call = `,[${entries.join(',')}]`;
    if (keepsKeys) this.#edits.wrap(object.start, object.end, `((${keys})=>${this.#hook}.o(`, `${call},${keys}))([])`);
    else this.#edits.wrap(object.start, object.end, `${this.#hook}.o(`, `${call})`);
  }

  // ---- versioned names

  #renameAll(rename: (name: string) => string | undefined): void {
    const isTop = (binding: Binding | undefined) => !binding || binding.scope.kind === 'program';
    const done = new Set<number>();
    const replace = ({ start, end, shorthand }: DeclaredIdentifier | Reference, name: string, text: string | undefined) => {
      if (text === undefined || done.has(start)) return;
      done.add(start);
      this.#edits.replace(start, end, shorthand ? `${name}:${text}` : text);
    };
    for (const reference of this.#analysis.references) {
      const renamed = isTop(reference.binding) ? rename(reference.name) : undefined;
      replace(reference, reference.name, renamed && this.#isFixed(reference) ? `${this.#hook}.f(()=>${renamed}).v` : renamed);
    }
    for (const declared of this.#analysis.declared)
      if (isTop(declared.binding)) replace(declared, declared.binding.name, rename(declared.binding.name));
  }

  /** Whether it assigns a constant. The variables of all top-level names can be assigned, so it must fail by itself. */
  #isFixed({ name, binding, write }: Reference): boolean {
    return write && (binding ? fixedKinds.has(binding.kind) : this.#options.isConstant?.(name) === true);
  }
}

function isRegistered(info: FunctionInfo): boolean {
  if (info.kind === 'field' || info.kind === 'static') return false;
  if (info.kind === 'method') return info.memberOf === undefined;
  // `new function () {}` would otherwise construct the hook.
  return !(info.parentNode?.type === 'NewExpression' && info.parentNode.callee === info.node);
}

function methodFactsOf(property: AnyNode & { type: 'Property' }) {
  return {
    kind: property.kind,
    keyStart: property.key.start - property.start,
    keyEnd: property.key.end - property.start,
    computed: property.computed,
  };
}
