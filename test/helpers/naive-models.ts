// Naive twins of the programming models, on arrays alone: they judge MapReduce, Pregel programs and queries.
import { canonical, compare } from './model';

export type Edge = readonly [number, number, number];

/** Bellman and Ford: the least distance of each vertex from the first one. */
export function distances(vertices: readonly number[], edges: readonly Edge[]): Map<number, number> {
  const found = new Map(vertices.map((id) => [id, id === vertices[0] ? 0 : Number.POSITIVE_INFINITY]));
  for (const _ of vertices)
    for (const [source, target, length] of edges) found.set(target, Math.min(found.get(target)!, found.get(source)! + length));
  return found;
}

/** The least id that leads to or from each vertex, edges taken both ways. */
export function components(vertices: readonly number[], edges: readonly Edge[]): Map<number, number> {
  const least = new Map(vertices.map((id) => [id, id]));
  for (const _ of vertices) {
    for (const [a, b] of edges) {
      const both = Math.min(least.get(a)!, least.get(b)!);
      least.set(a, both).set(b, both);
    }
  }
  return least;
}

/** Ranks after so many rounds; what a page without links holds is lost, as in the program that is judged. */
export function pageRanks(vertices: readonly number[], edges: readonly Edge[], rounds: number): Map<number, number> {
  let ranks = new Map(vertices.map((id) => [id, 1 / vertices.length]));
  for (let round = 0; round < rounds; round++) {
    const next = new Map(vertices.map((id) => [id, 0.15 / vertices.length]));
    for (const [source, target] of edges) {
      const links = edges.filter(([from]) => from === source).length;
      next.set(target, next.get(target)! + (0.85 * ranks.get(source)!) / links);
    }
    ranks = next;
  }
  return ranks;
}

/** All [ancestor, descendant] of [parent, child]. */
export function closure(pairs: readonly (readonly [number, number])[]): Set<string> {
  const known = new Set(pairs.map((pair) => pair.join(' ')));
  for (let before = -1; before < known.size; ) {
    before = known.size;
    for (const pair of [...known]) {
      const [a, b] = pair.split(' ').map(Number);
      for (const [c, d] of pairs) if (b === c) known.add(`${a} ${d}`);
    }
  }
  return known;
}

const groups = <T>(rows: readonly T[], key: (row: T) => unknown): [unknown, T[]][] => {
  const found = new Map<string, [unknown, T[]]>();
  for (const row of rows) {
    const text = canonical(key(row));
    if (!found.has(text)) found.set(text, [key(row), []]);
    found.get(text)![1].push(row);
  }
  return [...found.values()];
};

/** Groups in the order of their keys: what the reducers of a job see, all in one list. */
export const reduced = <K, V>(pairs: readonly (readonly [K, V])[]): [K, V[]][] =>
  groups(pairs, ([key]) => key)
    .map(([key, rows]) => [key as K, rows.map(([, value]) => value)] as [K, V[]])
    .sort(([a], [b]) => compare(a, b));

/** LINQ on an array. Where the order of a result is not promised, it is that of first sight here. */
export class ArrayQuery<T> {
  constructor(readonly rows: readonly T[]) {}

  where = (f: (row: T) => boolean) => new ArrayQuery(this.rows.filter(f));
  select = <U>(f: (row: T) => U) => new ArrayQuery(this.rows.map(f));
  selectMany = <U>(f: (row: T) => U[]) => new ArrayQuery(this.rows.flatMap(f));
  groupBy = (f: (row: T) => unknown) => new ArrayQuery(groups(this.rows, f).map(([key, values]) => ({ key, values })));
  distinct = () => new ArrayQuery(groups(this.rows, (row) => row).map(([, [first]]) => first));
  concat = (other: readonly T[]) => new ArrayQuery([...this.rows, ...other]);
  intersect = (other: readonly T[]) => this.#membersOf(other, true);
  except = (other: readonly T[]) => this.#membersOf(other, false);
  take = (n: number) => new ArrayQuery(this.rows.slice(0, n));
  skip = (n: number) => new ArrayQuery(this.rows.slice(n));

  /** By several keys, each with its direction; stable. */
  orderBy(...keys: readonly (readonly [(row: T) => unknown, boolean])[]): ArrayQuery<T> {
    const order = (a: T, b: T) => keys.reduce((found, [key, up]) => found || compare(key(a), key(b)) * (up ? 1 : -1), 0);
    return new ArrayQuery([...this.rows].sort(order));
  }

  join<U, R>(inner: readonly U[], key: (row: T) => unknown, innerKey: (row: U) => unknown, result: (a: T, b: U) => R) {
    return this.groupJoin(inner, key, innerKey, (a, matches) => matches.map((b) => result(a, b))).selectMany((rows) => rows);
  }

  groupJoin<U, R>(inner: readonly U[], key: (row: T) => unknown, innerKey: (row: U) => unknown, result: (a: T, b: U[]) => R) {
    const matches = (row: T) => inner.filter((other) => canonical(innerKey(other)) === canonical(key(row)));
    return this.select((row) => result(row, matches(row)));
  }

  #membersOf(other: readonly T[], wanted: boolean): ArrayQuery<T> {
    const members = new Set(other.map(canonical));
    return this.distinct().where((row) => members.has(canonical(row)) === wanted);
  }
}
