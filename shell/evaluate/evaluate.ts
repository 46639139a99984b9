// Runs compiled entries: each is a script over versioned names, so that any name can be declared again and old closures keep theirs.
//
//   entry                 what its script does            the name's variable afterwards
//   const x = 1           let x$1; x$1 = 1                x → x$1
//   const f = () => x     let f$2; f$2 = () => x$1        f → f$2
//   const x = 'two'       let x$3; x$3 = 'two'            x → x$3 (f still reads x$1)
//   f()                   let res0$4; res0$4 = f$2()      res0 → res0$4, _ → res0$4
//
// The checker assigns the expression that ends an entry to `resN`. If its type is void the entry has no result: the script still
// assigns `resN`, but the session drops the variable, and the next entry uses the same N.
import vm from 'node:vm';
import { restoreBuiltins } from '../../runtime/closure/guarded-builtins';
import type { CompiledCell } from '../contract/type-service';
import { installStackPositions, registerEntry } from '../print/map-stack';
import { isEntryModule } from '../types/entry-names';
import { isResultName } from '../types/result-names';
import { breakable, Interruption, isInterruption } from './breakable';
import { registerTypeScript } from './compile-modules';
import { homeOf, moduleOf } from './entry-home';
import { importedValue, Loader } from './import-loader';
import { Waits } from './interruptible-waits';
import { type RewrittenEntry, rewriteEntry } from './rewrite';
import { holdInput, whileInputFlows } from './script-input';
import { StaleNames } from './stale-names';

export interface EvaluatorOptions {
  /** The user's folder: imports are resolved from it. */
  readonly cwd: string;
  /** The names of the prompt with their values. They can be declared again like all others. */
  readonly globals: Readonly<Record<string, unknown>>;
  /** Modules that imports find before they look for them: the shell's own API by its package name. */
  readonly packages?: Readonly<Record<string, unknown>>;
  /** Called with each local TypeScript module that was compiled (see registerTypeScript). */
  readonly onCompiled?: (file: string, js: string, map: string | undefined) => void;
}

export type Evaluation =
  | { readonly status: 'ok'; readonly value: unknown }
  /** `initialised` are the names that got their value before the error. */
  | { readonly status: 'threw'; readonly error: unknown; readonly initialised: readonly string[] }
  | { readonly status: 'interrupted'; readonly initialised: readonly string[] };

export interface RunOptions {
  /** False evaluates without changing any name. A list, for a module: only these become names of the session. */
  readonly keeps?: boolean | readonly string[];
  /** For an entry in the background: only these waits interrupt it, and its value does not become `_`. */
  readonly background?: Waits;
}

interface Keeping {
  /** False for a failed entry: only the names that already have a value are kept. */
  readonly all: boolean;
  readonly named: readonly string[] | undefined;
  readonly inBackground: boolean;
}

/** The name of the last value, unless the user declares it. */
const lastValue = '_';

const handOver = Symbol.for('millrace.value');

/** Numbers all variables of the process, because all scripts share one scope. */
let versions = 0;

export class Evaluator {
  readonly #loader: Loader;
  /** The current variable of each name. */
  readonly #variables = new Map<string, string>();
  /** The variables that the shell itself updates, by name. */
  readonly #updated = new Map<string, string>();
  /** The user's name for each variable ever made. */
  readonly #userNames = new Map<string, string>();
  /** Variables of names that cannot be assigned. */
  readonly #constants = new Set<string>();
  readonly #fileNames = new Set<string>();
  /** Names that a background entry is computing, or failed to compute. */
  readonly #inBackground = new Map<string, 'running' | 'failed'>();
  readonly #foreground = new Waits();
  readonly stale = new StaleNames({
    variableOf: (name) => this.#variables.get(name),
    nameOf: (variable) => this.#userNames.get(variable),
  });
  #userOwnsLastValue = false;

  constructor(options: EvaluatorOptions) {
    const onCompiled = options.onCompiled ?? (() => {});
    const onTypeScript = () => registerTypeScript({ folder: options.cwd, onCompiled });
    this.#loader = new Loader({ packages: options.packages ?? {}, onTypeScript });
    installStackPositions();
    for (const [name, value] of Object.entries(options.globals)) this.define(name, value);
  }

  /** Gives a name of the prompt a value. */
  define(name: string, value: unknown): void {
    const variable = this.#version(name);
    makeVariable(variable, value);
    this.#variables.set(name, variable);
    this.#constants.add(variable);
  }

  /** Gives a name of the prompt another value, unless the user has declared the name. Its variable stays the same one. */
  update(name: string, value: unknown): void {
    const variable = this.#variables.get(name);
    if (variable === undefined) {
      this.define(name, value);
      this.#updated.set(name, this.#variables.get(name)!);
    } else if (variable === this.#updated.get(name)) setVariable(variable, value);
  }

  /** The value of a name of the session, or else of a global; undefined where reading it would run code. */
  valueOf(name: string): { readonly value: unknown } | undefined {
    const variable = this.#variables.get(name);
    try {
      if (variable !== undefined) return { value: readVariable(variable) };
    } catch {
      // A name that has no value yet.
      return undefined;
    }
    // Node's own is a getter.
    if (name === 'process') return { value: process };
    const found = Reflect.getOwnPropertyDescriptor(globalThis, name);
    return found && Object.hasOwn(found, 'value') ? { value: found.value } : undefined;
  }

  /** The names whose current value is this one. */
  namesOf(value: unknown): string[] {
    return [...this.#variables].filter(([, variable]) => readVariable(variable) === value).map(([name]) => name);
  }

  /** Runs an entry to its end, with everything it awaits. Never rejects, whatever the user's code does. */
  async run(cell: CompiledCell, { keeps = true, background }: RunOptions = {}): Promise<Evaluation> {
    const waits = background ?? this.#foreground;
    const named = typeof keeps === 'boolean' ? undefined : keeps;
    const keep = (done: boolean) =>
      keeps && execution ? this.#keep(cell, execution, { all: done, named, inBackground: background !== undefined }) : [];
    let execution: Execution | undefined;
    if (background) this.#noteBackground(cell, 'running');
    try {
      const entry = this.#rewrite(cell);
      execution = new Execution(entry, this.#loader, cell);
      await waits.unlessInterrupted(execution.import());
      const started = execution.start(this.#fileName(cell));
      holdInput();
      await drive(entry, started, waits);
      execution.close();
      keep(true);
      return { status: 'ok', value: cell.result && readVariable(entry.versions.get(cell.result.name)!) };
    } catch (error) {
      execution?.close();
      const initialised = keep(false);
      if (background) this.#noteBackground(cell, 'failed');
      if (isInterruption(error)) {
        return { status: 'interrupted', initialised };
      }
      this.#cleanMessage(error);
      return { status: 'threw', error, initialised };
    }
  }

  /** Ends a pending top-level await. SIGINT itself breaks a synchronous loop; background entries go on. */
  interrupt(): void {
    this.#foreground.interrupt();
  }

  #noteBackground(cell: CompiledCell, state: 'running' | 'failed'): void {
    for (const { name } of [...cell.declared, ...(cell.result ? [cell.result] : [])]) this.#inBackground.set(name, state);
  }

  #rewrite(cell: CompiledCell): RewrittenEntry {
    const rename = (name: string) => this.#variables.get(name);
    const isConstant = (name: string) =>
      name === lastValue ? !this.#userOwnsLastValue : this.#constants.has(rename(name) ?? '');
    return rewriteEntry(cell, { rename, version: (name) => this.#version(name), isConstant, isEntryModule });
  }

  #version(name: string): string {
    const variable = `${name}$${++versions}`;
    this.#userNames.set(variable, name);
    return variable;
  }

  /** The script's name: the label, with a number where statements of a file share it, so that stacks tell them apart. */
  #fileName(cell: CompiledCell): (entry: RewrittenEntry) => string {
    return (entry) => {
      const fileName = this.#fileNames.has(cell.label) ? `${cell.label}#${cell.id}` : cell.label;
      this.#fileNames.add(fileName);
      registerEntry(fileName, cell, entry.edited);
      return fileName;
    };
  }

  /** Points the session's names at the entry's variables; after a failure only those that already have a value. */
  #keep(cell: CompiledCell, execution: Execution, { all, named, inBackground }: Keeping): string[] {
    const kept: string[] = [];
    for (const [name, variable] of execution.entry.versions) {
      if ((!all && !execution.initialised.has(name)) || named?.includes(name) === false) continue;
      if (isVoidResult(name, cell)) continue;
      const before = this.#variables.get(name);
      if (before !== undefined) this.stale.replaced(before);
      this.#variables.set(name, variable);
      if (execution.entry.constants.has(name)) this.#constants.add(variable);
      this.#inBackground.delete(name);
      kept.push(name);
      if (name === lastValue) this.#userOwnsLastValue = true;
    }
    const { versions, used } = execution.entry;
    this.stale.made(
      kept.map((name) => versions.get(name)!),
      cell,
      used,
      named !== undefined,
    );
    if (cell.result && kept.includes(cell.result.name) && !this.#userOwnsLastValue && !inBackground) {
      this.#variables.set(lastValue, versions.get(cell.result.name)!);
    }
    return kept;
  }

  /** The message for a name that has no value yet because a background entry computes it. */
  #absence(name: string | undefined): string | undefined {
    const state = name === undefined ? undefined : this.#inBackground.get(name);
    if (state === undefined) return undefined;
    if (state === 'failed') return `${name} has no value: the background entry that computes it failed`;
    return `${name} has no value yet: a background entry computes it; .jobs shows its progress`;
  }

  /** Removes the versions from the variable names in V8's messages. */
  #cleanMessage(error: unknown): void {
    if (!(error instanceof ReferenceError || error instanceof TypeError)) return;
    const dead = /^(\S+) is not defined$/.exec(error.message);
    const name = dead && this.#userNames.get(dead[1]);
    const clean = (text: string) =>
      text.replace(/[\p{ID_Start}$_][\p{ID_Continue}$]*\$\d+/gu, (word) => this.#userNames.get(word) ?? word);
    const message = this.#absence(dead?.[1]) ?? (name ? `Cannot access '${name}' before initialization` : clean(error.message));
    if (message === error.message) return;
    const stack = error.stack?.replace(error.message, message);
    Object.defineProperty(error, 'message', { value: message, configurable: true, enumerable: false, writable: true });
    Object.defineProperty(error, 'stack', { value: stack, configurable: true, enumerable: false, writable: true });
  }
}

/** Whether a variable is the result of an expression without a value, of type void or never: it gets no name at the prompt. */
function isVoidResult(name: string, { result, declared }: CompiledCell): boolean {
  return isResultName(name) && !result && !declared.some((one) => one.name === name);
}

/** Runs an entry part by part; SIGINT can break each part. */
async function drive(entry: RewrittenEntry, started: unknown, waits: Waits): Promise<void> {
  if (entry.waiting === 'async') await whileInputFlows(waits.unlessInterrupted(started as Promise<unknown>));
  if (entry.waiting !== 'generator') return;
  const parts = started as Iterator<unknown, unknown, unknown>;
  let part = breakable(() => parts.next());
  while (!part.done) {
    const awaited = await settled(part.value, waits);
    part = breakable(() => ('error' in awaited ? parts.throw!(awaited.error) : parts.next(awaited.value)));
  }
}

/** How an awaited value ends, to resume the entry with. An interrupted entry is never resumed: this throws. */
async function settled(value: unknown, waits: Waits): Promise<{ value: unknown } | { error: unknown }> {
  try {
    // Testing for a `then` may run the user's getter or proxy trap.
    return { value: await whileInputFlows(waits.unlessInterrupted(breakable(() => Promise.resolve(value)))) };
  } catch (error) {
    if (isInterruption(error)) throw error;
    return { error };
  }
}

/** One run of an entry. The script reports its progress to it through `__millrace`. */
class Execution {
  readonly initialised = new Set<string>();
  readonly #made = new Set<string>();
  #closed = false;

  constructor(
    readonly entry: RewrittenEntry,
    readonly loader: Loader,
    readonly cell: Pick<CompiledCell, 'folder' | 'aliases' | 'label'>,
  ) {}

  async import(): Promise<void> {
    for (const { specifier, names } of this.entry.imports) {
      const module = await this.loader.load(specifier, this.cell.folder, this.cell.aliases);
      for (const { local, exported } of names) this.#define(local, importedValue(module, exported));
    }
  }

  /** Runs the script up to its first await. */
  start(nameScript: (entry: RewrittenEntry) => string): unknown {
    for (const name of this.entry.hoisted) this.#define(name, undefined);
    const script = new vm.Script(this.entry.code, {
      filename: nameScript(this.entry),
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    const run = script.runInThisContext({ displayErrors: false }) as (
      this: unknown,
      entry: unknown,
      require: NodeJS.Require,
    ) => unknown;
    const view = {
      declare: (group: number) => steadily(() => this.#declare(group)),
      done: (group: number) => steadily(() => this.#done(group)),
      import: (specifier: unknown) => this.loader.import(String(specifier), this.cell.folder, this.cell.aliases),
    };
    return breakable(() => run.call(globalThis, view, this.loader.requireOf(this.cell.folder, moduleOf(homeOf(this.cell)))));
  }

  /** The entry is over: if an abandoned script goes on, it can declare nothing more. */
  close(): void {
    this.#closed = true;
  }

  #declare(group: number): void {
    if (this.#closed) throw new Interruption();
    for (const name of this.entry.groups[group]) if (!this.#made.has(name)) this.#make(name, undefined);
  }

  #done(group: number): void {
    if (this.#closed) throw new Interruption();
    for (const name of this.entry.groups[group]) this.initialised.add(name);
  }

  #define(name: string, value: unknown): void {
    this.#make(name, value);
    this.initialised.add(name);
  }

  #make(name: string, value: unknown): void {
    this.#made.add(name);
    makeVariable(this.entry.versions.get(name)!, value);
  }
}

/** Calls back in the middle of the user's code, which may have changed what `f` needs: then it is put back, and `f` called again. */
function steadily(f: () => void): void {
  try {
    f();
  } catch (error) {
    if (isInterruption(error)) throw error;
    restoreBuiltins();
    f();
  }
}

/** Makes a variable of the script scope: as fast as a local variable; every script sees it, no module does. */
const makeVariable = (variable: string, value: unknown): void => assign(`let ${variable}`, value);

const setVariable = (variable: string, value: unknown): void => assign(variable, value);

function assign(target: string, value: unknown): void {
  const holder = globalThis as { [handOver]?: unknown };
  Object.defineProperty(holder, handOver, { value, configurable: true, enumerable: false, writable: true });
  new vm.Script(`${target}=globalThis[Symbol.for('millrace.value')]`).runInThisContext();
  holder[handOver] = undefined;
}

function readVariable(variable: string): unknown {
  return new vm.Script(variable).runInThisContext();
}
