// What the type service knows of entries: the compiled ones, which may be committed, and the names of the committed ones.
import type { CommitOptions, Declared, RanCell } from '../contract/type-service';
import { type KnownName, Names } from './entry-names';
import type { Host } from './language-host';
import { lastValue } from './read-entry';
import { ResultNames } from './result-names';

/** The variable of a result, and its name in its module where that is another one. */
export interface ResultName {
  readonly name: string;
  readonly exported?: string;
}

/** The record of a committed module: enough for a new service to know its names. */
export interface Committed {
  /** Its last entry. */
  readonly cellId: number;
  /** Path of the module without extension. */
  readonly module: string;
  /** Its declarations, or its source if they cannot be emitted. */
  readonly text: string;
  readonly extension: '.d.ts' | '.ts';
  readonly names: readonly Declared[];
  readonly results: readonly ResultName[];
  /** True if it changes global types, so that every later program needs it. */
  readonly global: boolean;
  /** What the user knows it by: `<input 3>`, or a file. */
  readonly label: string;
  /** A background entry: its result does not become `_`. */
  readonly inBackground: boolean;
}

/** A compiled entry, or a statement of a script. */
export interface PendingCell {
  readonly cellId: number;
  readonly names: readonly Declared[];
  readonly result?: ResultName;
}

/** The module that was checked for one entry, or for several statements of a script. */
export interface PendingModule {
  readonly module: string;
  /** What the user knows it by: `<input 3>`, or a file. */
  readonly label: string;
  /** Its declarations, unless they cannot be emitted. */
  readonly declarations?: string;
  readonly global: boolean;
  readonly cells: readonly PendingCell[];
}

/** At most this many compiled but uncommitted texts are remembered. */
const maxPending = 16;

export class KnownEntries {
  readonly #host: Host;
  #pending: (readonly PendingModule[])[] = [];
  /** In every program: files that the last program did not need would be parsed again when the next one needs them. */
  readonly always: string[] = [];
  names = new Names();
  /** What the user knows each module by. */
  readonly labels = new Map<string, string>();
  /** The number of the next entry. */
  nextCell = 1;
  results = new ResultNames();
  #userOwnsLastValue = false;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Remembers the modules of a compiled text until it is committed. */
  remember(modules: readonly PendingModule[]): void {
    this.#pending.push(modules);
    if (this.#pending.length > maxPending) for (const { module } of this.#pending.shift()!) this.#host.remove(`${module}.ts`);
  }

  /** Commits the names of a text's entries that ran: of each the given names, which have their value, or all. */
  commit(ran: readonly RanCell[], { inBackground = false, isModule = false }: CommitOptions = {}): Committed[] {
    const ids = new Map(ran.map((cell) => [cell.cellId, cell]));
    const text = this.#pending.find((modules) => modules.some(({ cells }) => cells.some(({ cellId }) => ids.has(cellId))));
    if (!text) return [];
    this.#pending = this.#pending.filter((other) => other !== text);
    const committed = text.flatMap((pending) => {
      const cells = pending.cells.filter(({ cellId }) => ids.has(cellId));
      if (cells.length === 0) this.#forget(pending);
      return cells.length === 0 ? [] : [this.#committed(pending, cells, ids, inBackground, isModule)];
    });
    for (const one of committed) this.#keep(one);
    return committed;
  }

  /** Restores what another service committed; new entries get higher numbers than its last. */
  restore(list: readonly Committed[], lastCell = 0): void {
    this.nextCell = Math.max(this.nextCell, lastCell + 1);
    for (const committed of list) {
      this.nextCell = Math.max(this.nextCell, committed.cellId + 1);
      this.#keep(committed);
    }
  }

  /** Does `work`, and then forgets the names that it assumed. */
  provisionally<T>(work: (assume: (pending: PendingModule) => void) => T): T {
    const { names, results } = this;
    const before = { always: this.always.length, owns: this.#userOwnsLastValue };
    this.names = names.copy();
    this.results = results.copy();
    try {
      return work((pending) => this.#keep(this.#committed(pending, pending.cells, new Map(), false, false)));
    } finally {
      this.names = names;
      this.always.length = before.always;
      this.results = results;
      this.#userOwnsLastValue = before.owns;
    }
  }

  #committed(
    { module, label, declarations, global }: PendingModule,
    cells: readonly PendingCell[],
    ran: ReadonlyMap<number, RanCell>,
    inBackground: boolean,
    isModule: boolean,
  ): Committed {
    const isThere = (cellId: number, name: string) => ran.get(cellId)?.names?.includes(name) ?? true;
    const names = cells.flatMap((cell) =>
      cell.names.filter(({ name, kind }) => (kind === 'type' && !isModule) || isThere(cell.cellId, name)),
    );
    const results = cells.flatMap(({ cellId, result }) => (result && isThere(cellId, result.name) ? [result] : []));
    // The declarations replace the entry: later entries are checked against them, not against its code.
    const text = declarations ?? this.#host.readFile(`${module}.ts`) ?? '';
    const extension = declarations === undefined ? '.ts' : '.d.ts';
    const { cellId } = cells[cells.length - 1];
    return { cellId, module, text, extension, names, results, global, label, inBackground };
  }

  #keep({ module, extension, text, names, results, global, label, inBackground }: Committed): void {
    this.labels.set(module, label);
    const file = `${module}${extension}`;
    if (extension !== '.ts') this.#host.remove(`${module}.ts`);
    this.#host.write(file, text);
    if (global) this.always.push(file);
    for (const { name, kind } of names) this.names.set(name, { module, kind });
    if (names.some(({ name }) => name === lastValue)) this.#userOwnsLastValue = true;
    this.results.declared(names.map(({ name }) => name));
    for (const result of results) this.#keepResult(module, result, inBackground);
  }

  #keepResult(module: string, { name, exported = name }: ResultName, inBackground: boolean): void {
    this.names.set(name, { module, kind: 'let', exported });
    const last: KnownName = { module, kind: 'const', exported };
    if (!this.#userOwnsLastValue && !inBackground) this.names.set(lastValue, last);
    this.results.given(name);
  }

  #forget({ module }: PendingModule): void {
    this.#host.remove(`${module}.ts`);
    this.#host.remove(`${module}.d.ts`);
  }
}
