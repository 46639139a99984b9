// The names that an entry can use: those of the prompt and those of earlier entries, each with the module it comes from.
import type { DeclaredKind } from './syntax';

/** A name of the prompt: a class of the API that is there as value and type, or a value of a declared type. */
export interface PromptName {
  readonly name: string;
  /** The type of the value, in which `api` stands for the engine's API; an export of the API if absent. */
  readonly type?: string;
}

/** What is there at the prompt before the first entry. */
export const promptNames: readonly PromptName[] = [
  { name: 'sc', type: 'api.Context' },
  { name: 'args', type: 'readonly string[]' },
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
  { name: 'Receiver' },
  { name: 'StateSpec' },
  { name: 'stream', type: '(interval?: api.Duration, options?: api.StreamingOptions) => api.StreamingContext' },
  { name: 'check', type: 'api.StreamCheck' },
  { name: 'StreamingContext' },
  { name: 'DStream' },
  { name: 'StreamCheck' },
  { name: 'ManualClock' },
];

/** The declarations of the prompt's names, as a module. Without an API they have the type `any`. */
export function promptModule(names: readonly PromptName[], api: string | undefined): string {
  if (!api) return names.map(({ name }) => `export declare const ${name}: any;`).join('\n') || 'export {};';
  const from = JSON.stringify(withoutExtension(api));
  const lines = names.map(({ name, type }) =>
    type ? `export declare const ${name}: ${type};` : `export { ${name} } from ${from};`,
  );
  return [`import type * as api from ${from};`, ...lines].join('\n');
}

/** Import specifiers name modules without the extension of their file. */
function withoutExtension(file: string): string {
  return file.replace(/(?:\.d)?\.tsx?$/, '');
}

export interface KnownName {
  /** Path of the declaring module, without extension. */
  readonly module: string;
  readonly kind: DeclaredKind;
  /** The name under which the module exports it, when it is another one (`_` is the last result). */
  readonly exported?: string;
}

const isVariable = (kind: DeclaredKind) => kind === 'const' || kind === 'let' || kind === 'var';

/**
 * The names known so far. An entry gets those it uses in a tail after its own text, so that positions in the entry stay true.
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

  /** Statements that bring the given names in. Variables are declared, not imported: an import cannot be assigned to. */
  tail(used: Iterable<string>, hidden: ReadonlySet<string>): string {
    let tail = '\n;';
    for (const name of used) {
      const known = this.#known.get(name);
      if (!known || hidden.has(name)) continue;
      const from = JSON.stringify(known.module);
      const exported = known.exported ?? name;
      if (isVariable(known.kind)) tail += `declare ${known.kind} ${name}:typeof import(${from}).${exported};`;
      else tail += `import{${exported === name ? name : `${exported} as ${name}`}}from${from};`;
    }
    return tail;
  }
}

/** Whether a variable holds the value of an entry's last expression: res0, res1, … */
export function isResultName(name: string): boolean {
  return /^res\d+$/.test(name);
}

/** Specifiers of modules that exist for the checker only. */
export function isEntryModule(specifier: string): boolean {
  return /__(?:in_\d+|prompt)$/.test(specifier);
}

/** Takes the modules of entries out of a type's text: `import("…/__in_3").Point` is `Point` to the user. */
export function cleanTypeText(text: string): string {
  return text.replace(/import\("[^"]*"\)\./g, '').replace(/typeof import\("[^"]*\/([^"/]*)"\)/g, 'typeof import("$1")');
}
