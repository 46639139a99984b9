// The fallback for functions that carry no stamp (bound ones, those of JavaScript libraries): their text, and V8's own view of
// their scopes through the inspector on this thread. It takes about 120 µs a function.
import type { Runtime, Session } from 'node:inspector';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Class } from 'acorn';
import { addFacts, type FunctionFacts } from '../function-facts';
import { analyzeExpression } from '../instrument/analyze';
import { classFactsOf } from '../instrument/class-text';
import type { Analysis, FunctionInfo } from '../instrument/scope';
import { answersUnseen } from '../instrument/unseen-answers';
import { ProgramText } from '../position';

export interface BoundParts {
  readonly target: Function;
  readonly self: unknown;
  readonly args: readonly unknown[];
}

/** What the inspector shows of a function. */
export type Inspected =
  | { readonly kind: 'bound'; readonly parts: BoundParts }
  | { readonly kind: 'native' }
  | { readonly kind: 'unreadable'; readonly reason: string }
  | { readonly kind: 'function'; readonly facts: FunctionFacts; lookup(name: string): { value: unknown } | undefined };

/** The inspector hands objects over through a global; nothing else is ever kept there. */
const passage: { value: unknown } = { value: undefined };
const passageName = '__millrace_passage';
const group = 'millrace';

let session: Session | undefined;

function open(): Session {
  if (session) return session;
  Object.defineProperty(globalThis, passageName, { value: passage, enumerable: false, configurable: true });
  const { Session } = createRequire(__filename)('node:inspector') as typeof import('node:inspector');
  session = new Session();
  session.connect();
  return session;
}

/** Calls the inspector, which answers at once on its own thread. */
function post<T>(method: string, params: object): T {
  let failure: Error | null = null;
  let result: T | undefined;
  open().post(method, params, (error, answer) => {
    failure = error;
    result = answer as T;
  });
  if (failure || result === undefined) throw failure ?? new Error(`${method} did not answer`);
  return result;
}

function remoteOf(value: unknown): string {
  open();
  passage.value = value;
  const answer = post<Runtime.EvaluateReturnType>('Runtime.evaluate', {
    expression: `${passageName}.value`,
    objectGroup: group,
  });
  passage.value = undefined;
  return answer.result.objectId as string;
}

function valueOf(objectId: string): unknown {
  post('Runtime.callFunctionOn', {
    objectId,
    functionDeclaration: `function () { ${passageName}.value = this }`,
    objectGroup: group,
    silent: true,
  });
  const { value } = passage;
  passage.value = undefined;
  return value;
}

function fromRemote(remote: Runtime.RemoteObject): unknown {
  if (remote.objectId) return valueOf(remote.objectId);
  const text = remote.unserializableValue;
  if (text === undefined) return remote.value;
  return text.endsWith('n') ? BigInt(text.slice(0, -1)) : Number(text);
}

function propertiesOf(objectId: string): Runtime.GetPropertiesReturnType {
  return post('Runtime.getProperties', { objectId, ownProperties: true });
}

/** Looks at a function. Everything the inspector held for it is released before this returns. */
export function inspectFunction(f: Function): Inspected {
  try {
    return look(f);
  } finally {
    if (session) post('Runtime.releaseObjectGroup', { objectGroup: group });
  }
}

function look(f: Function): Inspected {
  const text = Function.prototype.toString.call(f);
  const native = /\{\s*\[native code\]\s*\}\s*$/.test(text);
  const internal = propertiesOf(remoteOf(f)).internalProperties ?? [];
  const part = (name: string) => internal.find((p) => p.name === name)?.value;
  const target = part('[[TargetFunction]]');
  if (target) {
    const args = part('[[BoundArgs]]');
    const parts = {
      target: fromRemote(target) as Function,
      self: fromRemote(part('[[BoundThis]]') as Runtime.RemoteObject),
      args: args ? [...(fromRemote(args) as unknown[])] : [],
    };
    return { kind: 'bound', parts };
  }
  if (native) return { kind: 'native' };
  const facts = factsFromText(text, !Object.hasOwn(f, 'caller'));
  if (typeof facts === 'string') return { kind: 'unreadable', reason: facts };
  const scopes = scopeValues(part('[[Scopes]]'));
  return {
    kind: 'function',
    facts,
    lookup(name) {
      const scope = scopes.find((s) => Object.hasOwn(s, name));
      return scope ? { value: scope[name] } : undefined;
    },
  };
}

type ScopeValues = Record<string, unknown>;

/** The variables of each scope around a function, innermost first; the global object is left out. */
function scopeValues(scopes: Runtime.RemoteObject | undefined): ScopeValues[] {
  if (!scopes?.objectId) return [];
  const found: ScopeValues[] = [];
  for (const property of propertiesOf(scopes.objectId).result) {
    const id = property.value?.objectId;
    const isScope = /^\d+$/.test(property.name) && !/^Global/.test(property.value?.description ?? '');
    if (id && isScope) found.push(unwrapped(valueOf(id) as ScopeValues));
  }
  return found;
}

/** V8 hands a scope over inside of a description of it. */
function unwrapped(scope: ScopeValues): ScopeValues {
  const isDescription = 'description' in scope && 'object' in scope && Object.keys(scope).length <= 4;
  return isDescription ? (scope.object as ScopeValues) : scope;
}

/** The protocol answers these too; its published types do not say so. */
interface WithPrivates {
  readonly privateProperties?: readonly { readonly name: string; readonly value?: Runtime.RemoteObject }[];
}

/** The entries of a WeakMap, or the members of a WeakSet each with `true`. */
export function inspectWeakEntries(collection: object): [key: object, value: unknown][] {
  try {
    const { internalProperties = [] } = propertiesOf(remoteOf(collection));
    const id = internalProperties.find(({ name }) => name === '[[Entries]]')?.value?.objectId;
    const entries = id === undefined ? [] : propertiesOf(id).result.filter(({ name }) => /^\d+$/.test(name));
    return entries.flatMap((entry): [object, unknown][] => {
      const parts = propertiesOf(entry.value?.objectId as string).result;
      const part = (name: string) => parts.find((p) => p.name === name)?.value;
      const key = part('key');
      const value = part('value') as Runtime.RemoteObject;
      return key ? [[fromRemote(key) as object, fromRemote(value)]] : [[fromRemote(value) as object, true]];
    });
  } finally {
    if (session) post('Runtime.releaseObjectGroup', { objectGroup: group });
  }
}

/** The #private fields of an instance that a class without a stamp declares. */
export function inspectPrivates(facts: FunctionFacts, instance: object): unknown[] {
  try {
    const { privateProperties: privates = [] } = propertiesOf(remoteOf(instance)) as WithPrivates;
    return (facts.class?.privateFields ?? []).map((name) => {
      const found = privates.find((p) => p.name === `#${name}`)?.value;
      return found ? fromRemote(found) : undefined;
    });
  } finally {
    post('Runtime.releaseObjectGroup', { objectGroup: group });
  }
}

// ---- facts from the text alone

const byText = new Map<string, FunctionFacts | string>();

/** Ways to read a function's text: as an expression, as a method of an object, as a member of a class. */
const readings = [
  ['(', ')'],
  ['({', '})'],
  ['(class{', '})'],
  ['(class extends Object{', '})'],
] as const;

/** Facts of a function whose text is all there is; or why the text cannot be read. */
export function factsFromText(text: string, strict: boolean): FunctionFacts | string {
  const key = `${strict}${text}`;
  let facts = byText.get(key);
  if (facts === undefined) {
    facts = read(text, strict);
    byText.set(key, facts);
  }
  return facts;
}

function read(text: string, strict: boolean): FunctionFacts | string {
  let failure = '';
  for (const [before, after] of readings) {
    let analysis: Analysis;
    try {
      analysis = analyzeExpression(text, before, after);
    } catch (error) {
      failure ||= (error as Error).message;
      continue;
    }
    const isMethod = before !== '(';
    const info = isMethod ? analysis.functions.find((f) => f.kind === 'method') : analysis.functions[0];
    if (info) return describe(info, text, before.length, isMethod, strict);
  }
  return failure;
}

function describe(info: FunctionInfo, text: string, offset: number, isMethod: boolean, strict: boolean): FunctionFacts {
  const node = info.node;
  const property = info.parentNode;
  const shift = (at: number) => at - offset;
  const transparent = info.kind === 'arrow' || info.kind === 'class';
  return addFacts({
    kind: info.kind,
    // The text of a static method starts with its modifier, which an object literal has not.
    source: isMethod ? text.replace(/^static\s+/, '') : text,
    start: 0,
    text: new ProgramText('<library>', text, { ofPackage: true }),
    strict,
    ...('id' in node && node.id?.type === 'Identifier' ? { ownName: node.id.name } : {}),
    declaration: false,
    variables: [],
    globals: [...info.globals.keys()],
    thisIndex: transparent && info.usesThis ? 0 : -1,
    argumentsIndex: transparent && info.usesArguments ? 0 : -1,
    usesSuper: info.usesSuper && info.kind !== 'class' && info.kind !== 'function',
    usesNewTarget: info.usesNewTarget && info.kind === 'arrow',
    usesEval: info.usesEval,
    answersUnseen: answersUnseen(info),
    writes: info.writes.map((w) => ({ name: w.name, at: shift(w.start) })),
    mutations: info.mutations.map((m) => ({ name: m.name, at: shift(m.at), how: m.how })),
    ...(isMethod && property && 'key' in property ? { method: methodOf(property, text, offset) } : {}),
    ...(info.kind === 'class' ? { class: classFactsOf(node as Class) } : {}),
  });
}

function methodOf(property: object, text: string, offset: number) {
  const { key, kind, computed } = property as { key: { start: number; end: number }; kind: string; computed: boolean };
  const cut = offset + (text.match(/^static\s+/)?.[0].length ?? 0);
  return {
    kind: kind === 'get' || kind === 'set' ? (kind as 'get' | 'set') : ('init' as const),
    keyStart: key.start - cut,
    keyEnd: key.end - cut,
    computed,
  };
}

/** The file that a module's own `require` belongs to, near enough to resolve the same names. */
export function fileOfRequire(require: NodeJS.Require): string {
  const folder = require.resolve?.paths?.('any')?.[0];
  return join(folder ? dirname(folder) : process.cwd(), 'any.js');
}

/** Whether a function is the `require` of a module, as `createRequire` makes them too. */
export function isRequire(f: Function): f is NodeJS.Require {
  return (f as Partial<NodeJS.Require>).cache === require.cache;
}
