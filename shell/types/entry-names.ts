// The names that an entry can use: those of the prompt and those of earlier entries, each with the module it comes from.
import type { DeclaredKind } from './entry-syntax';

/** A name of the prompt: a class of the API, as value and type, or a value of a declared type. */
export interface PromptName {
  readonly name: string;
  /** The type of the value, in which `api` stands for the engine's API; an export of the API if absent. */
  readonly type?: string;
}

/** The names at the prompt before the first entry. */
export const promptNames: readonly PromptName[] = [
  { name: 'sc', type: 'api.Context' },
  { name: 'sql', type: 'api.SqlTag' },
  { name: 'args', type: 'readonly string[]' },
  { name: 'prompt', type: '(message?: string, initial?: string) => string | null' },
  { name: '_error', type: 'Error & { readonly [field: string]: any }' },
  { name: 'RDD' },
  { name: 'Context' },
  { name: 'HashPartitioner' },
  { name: 'RangePartitioner' },
  { name: 'StorageLevel' },
  { name: 'Broadcast' },
  { name: 'Accumulator' },
  { name: 'TaskContext' },
  { name: 'BarrierTaskContext' },
  { name: 'SparkFiles' },
  { name: 'CustomRDD' },
  { name: 'count' },
  { name: 'sum' },
  { name: 'mean' },
  { name: 'min' },
  { name: 'max' },
  { name: 'quantile' },
  { name: 'countDistinct' },
  { name: 'list' },
  { name: 'desc' },
  { name: 'Receiver' },
  { name: 'StateSpec' },
  { name: 'stream', type: '(interval?: api.Duration, options?: api.StreamingOptions) => api.StreamingContext' },
  { name: 'check', type: 'api.StreamCheck' },
  { name: 'StreamingContext' },
  { name: 'DStream' },
  { name: 'StreamCheck' },
  { name: 'ManualClock' },
];

/** Later versions of Node have it, and so does every entry. */
const importMetaMain = 'export {}; declare global { interface ImportMeta { main: boolean } }';

/** A module that declares the prompt's names. Without an API they have the type `any`. */
export function promptModule(names: readonly PromptName[], api: string | undefined): string {
  if (!api) return [...names.map(({ name }) => `export declare const ${name}: any;`), importMetaMain].join('\n');
  const from = JSON.stringify(withoutExtension(api));
  const lines = names.map(({ name, type }) =>
    type ? `export declare const ${name}: ${type};` : `export { ${name} } from ${from};`,
  );
  return [`import type * as api from ${from};`, ...lines, importMetaMain].join('\n');
}

/** The same names as globals, for editors: a declaration file beside that of the API. */
export function globalNames(names: readonly PromptName[]): string {
  const lines = names.map(({ name, type }) => (type ? `const ${name}: ${type};` : `export import ${name} = api.${name};`));
  const all = [...lines, 'interface ImportMeta { main: boolean }'];
  return [
    '/// <reference types="node" />',
    "import * as api from './index';",
    'declare global {',
    ...all.map((line) => `  ${line}`),
    '}',
    '',
  ].join('\n');
}

/** Import specifiers name modules without the extension of their file. */
function withoutExtension(file: string): string {
  return file.replace(/(?:\.d)?\.tsx?$/, '');
}

export interface KnownName {
  /** Path of the declaring module, without extension. */
  readonly module: string;
  readonly kind: DeclaredKind;
  /** The module's name for it, if different (`_` is the last result). */
  readonly exported?: string;
}

const isVariable = (kind: DeclaredKind) => kind === 'const' || kind === 'let' || kind === 'var';

/**
 * The names known so far. A tail after an entry's text declares those it uses, so that positions in the entry stay true.
 */
export class Names {
  readonly #known = new Map<string, KnownName>();

  get(name: string): KnownName | undefined {
    return this.#known.get(name);
  }

  set(name: string, known: KnownName): void {
    this.#known.set(name, known);
  }

  all(): string[] {
    return [...this.#known.keys()];
  }

  copy(): Names {
    const copy = new Names();
    for (const [name, known] of this.#known) copy.set(name, known);
    return copy;
  }

  /** Statements that declare or import the given names, on one line. Variables are declared, because an import cannot be assigned to. */
  declarations(used: Iterable<string>, hidden: ReadonlySet<string>): string {
    let text = '';
    for (const name of used) {
      const known = this.#known.get(name);
      if (!known || hidden.has(name)) continue;
      const from = JSON.stringify(known.module);
      const exported = known.exported ?? name;
      if (isVariable(known.kind)) text += `declare ${known.kind} ${name}:typeof import(${from}).${exported};`;
      else text += `import{${exported === name ? name : `${exported} as ${name}`}}from${from};`;
    }
    return text;
  }
}

/** Whether an expression of this type has a value to print, and to give a name. */
export function isValueType(type: string): boolean {
  return type !== 'void' && type !== 'never' && type !== 'undefined';
}

/** Specifiers of modules that exist for the checker only. */
export function isEntryModule(specifier: string): boolean {
  return /__(?:in_\d+|prompt)$/.test(specifier);
}

/** Removes the modules of entries from a type's text: `import("…/__in_3").Point` becomes `Point`. */
export function cleanTypeText(text: string): string {
  return text.replace(/import\("[^"]*"\)\./g, '').replace(/typeof import\("[^"]*\/([^"/]*)"\)/g, 'typeof import("$1")');
}
