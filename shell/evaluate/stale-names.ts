// Which names were computed from older definitions of other names, and the entries that compute them again.
//
// Names have versions, and an entry uses the versions that were current when it ran. A name is stale when its entry used a version of another
// name that an entry has replaced since, or a name that is stale itself. Assignments (`x = 5`) make no version.
import type { EntryToRerun, RerunText } from '../contract/session';
import type { CompiledCell } from '../contract/type-service';
import { isResultName } from '../types/result-names';

/** An entry that made names of the session. */
interface MadeBy {
  readonly entry: RerunText;
  /** Its place in the order in which entries ended. */
  readonly order: number;
  /** The variables of earlier entries that it uses. */
  readonly used: ReadonlySet<string>;
  readonly isModule: boolean;
}

/** Why a name is stale: it uses `name`, which was declared again by the entry of this label, or which is stale itself. */
export interface Cause {
  readonly name: string;
  readonly label?: string;
}

export interface StaleName {
  readonly name: string;
  readonly cause: Cause;
}

export interface Versions {
  /** The current variable of a name. */
  variableOf(name: string): string | undefined;
  /** The name of a variable. */
  nameOf(variable: string): string | undefined;
}

export class StaleNames {
  readonly #versions: Versions;
  /** The entry of each name's current variable. */
  readonly #made = new Map<string, MadeBy>();
  #order = 0;
  /** Whether names were declared again. */
  hasNews = false;

  constructor(versions: Versions) {
    this.#versions = versions;
  }

  /** Notes that an entry made these variables. */
  made(variables: readonly string[], cell: CompiledCell, used: ReadonlySet<string>, isModule: boolean): void {
    const { label, folder, firstLine, text, result } = cell;
    const by = { entry: { label, folder, firstLine, text, result }, used, isModule, order: this.#order++ };
    for (const variable of variables) this.#made.set(variable, by);
  }

  /** Another variable takes the place of this one. */
  replaced(variable: string): void {
    this.hasNews = this.#made.delete(variable) || this.hasNews;
  }

  /** The stale names, in the order in which they were made. */
  list(): StaleName[] {
    const causes = new Map<string, Cause | undefined>();
    return [...this.#made.keys()].flatMap((variable) => {
      const cause = this.#causeOf(variable, causes);
      return cause ? [{ name: this.#versions.nameOf(variable)!, cause }] : [];
    });
  }

  /** The entries to run again for these stale names, with those that they need, in order. Values of expressions alone need no name. */
  entries(names: readonly string[]): EntryToRerun[] {
    const causes = new Map<string, Cause | undefined>();
    const needed = new Set<MadeBy>();
    const need = (variable: string | undefined): void => {
      const by = variable === undefined ? undefined : this.#made.get(variable);
      if (!by || needed.has(by) || !this.#causeOf(variable!, causes)) return;
      needed.add(by);
      for (const used of by.used) need(used);
    };
    for (const name of names) need(this.#versions.variableOf(name));
    return [...needed].sort((a, b) => a.order - b.order).map((by) => this.#toRerun(by));
  }

  #toRerun(by: MadeBy): EntryToRerun {
    const names = [...this.#made].filter(([, other]) => other === by).map(([variable]) => this.#versions.nameOf(variable)!);
    return { entry: by.entry, names, isModule: by.isModule };
  }

  #causeOf(variable: string, known: Map<string, Cause | undefined>): Cause | undefined {
    if (known.has(variable)) return known.get(variable);
    known.set(variable, undefined);
    const used = [...(this.#made.get(variable)?.used ?? [])];
    const cause = first(used, (one) => this.#replacement(one)) ?? first(used, (one) => this.#staleName(one, known));
    known.set(variable, cause);
    return cause;
  }

  /** A variable's name, if an entry has declared it again. What the shell itself gives another value is no cause. */
  #replacement(variable: string): Cause | undefined {
    const name = this.#versions.nameOf(variable)!;
    const now = this.#versions.variableOf(name);
    const by = now === variable || now === undefined ? undefined : this.#made.get(now);
    return by && { name, label: by.entry.label };
  }

  #staleName(variable: string, known: Map<string, Cause | undefined>): Cause | undefined {
    return this.#causeOf(variable, known) && { name: this.#versions.nameOf(variable)! };
  }
}

function first<T, R>(list: readonly T[], f: (value: T) => R | undefined): R | undefined {
  for (const value of list) {
    const found = f(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Names that the user gave: the values of expressions are left out. */
export const givenNames = (list: readonly StaleName[]): StaleName[] => list.filter(({ name }) => !isResultName(name));
