// Puts the values of nested columns together: rows of structs, lists and maps from levels and values, as Dremel wrote them apart.
import type { Node } from './footer';
import type { Page, Pages } from './pages';
import { shapeOf } from './parquet-schema';

/** A cursor over the entries of one leaf. */
class Leaf {
  readonly #pages: Pages;
  readonly #most: number;
  #page: Page | undefined;
  #at = 0;
  #value = 0;

  constructor(pages: Pages, maxDefinition: number) {
    this.#pages = pages;
    this.#most = maxDefinition;
  }

  /** Whether there is another entry. */
  get isOpen(): boolean {
    while (!this.#page || this.#at >= this.#page.count) {
      this.#page = this.#pages.next();
      this.#at = 0;
      this.#value = 0;
      if (!this.#page) return false;
    }
    return true;
  }

  /** How much of the path is there in this entry. Throws RangeError at the end. */
  get definition(): number {
    if (!this.isOpen) throw new RangeError('a column has fewer rows than its row group');
    return this.#page!.definitions?.[this.#at] ?? this.#most;
  }

  /** At which list this entry goes on; 0 for a new row. */
  get repetition(): number {
    return this.#page!.repetitions?.[this.#at] ?? 0;
  }

  /** The value of this entry, and on to the next one. */
  take(): unknown {
    const isThere = this.definition === this.#most;
    this.#at++;
    return isThere ? this.#page!.values[this.#value++] : null;
  }
}

type Read = () => unknown;

/** Functions that read one value after the other, made once for a tree of nodes. */
export class Assembly {
  readonly #leaves: ReadonlyMap<Node, Leaf>;

  /** `pages` of each leaf below the nodes that are read. */
  constructor(pages: ReadonlyMap<Node, Pages>) {
    this.#leaves = new Map([...pages].map(([node, own]) => [node, new Leaf(own, node.maxDefinition)]));
  }

  /** A function that reads the value of a node in the next row. */
  reader(node: Node): Read {
    return node.repetition === 'repeated' ? this.#list(node, this.#one(node)) : this.#maybe(node, this.#one(node));
  }

  #skip(node: Node): Read {
    const leaves = node.leaves.map((leaf) => this.#leaves.get(leaf)!);
    return () => {
      for (const leaf of leaves) {
        void leaf.definition;
        leaf.take();
      }
    };
  }

  #first(node: Node): Leaf {
    const [first] = node.leaves;
    if (!first) throw new RangeError(`the group ${node.name} has no columns`);
    return this.#leaves.get(first)!;
  }

  /** Null where an optional node is not there. */
  #maybe(node: Node, one: Read): Read {
    if (node.repetition !== 'optional') return one;
    const [first, skip] = [this.#first(node), this.#skip(node)];
    return () => {
      if (first.definition >= node.maxDefinition) return one();
      skip();
      return null;
    };
  }

  #list(node: Node, one: Read): () => unknown[] {
    const [first, skip] = [this.#first(node), this.#skip(node)];
    return () => {
      const values: unknown[] = [];
      if (first.definition < node.maxDefinition) {
        skip();
        return values;
      }
      do values.push(one());
      while (first.isOpen && first.repetition >= node.maxRepetition);
      return values;
    };
  }

  /** One value of a node that is there. */
  #one(node: Node): Read {
    const shape = shapeOf(node);
    switch (shape.kind) {
      case 'leaf': {
        const leaf = this.#leaves.get(node)!;
        return () => leaf.take();
      }
      case 'struct': {
        const fields = shape.fields.map((field) => this.reader(field));
        return () => Object.fromEntries(fields.map((read, i) => [shape.names[i], read()]));
      }
      case 'list':
        return this.#list(shape.repeated, shape.element ? this.reader(shape.element) : this.#one(shape.repeated));
      default: {
        const [key, value] = [this.reader(shape.key), shape.value ? this.reader(shape.value) : () => null];
        const entries = this.#list(shape.repeated, () => [key(), value()]);
        return () => new Map(entries() as [unknown, unknown][]);
      }
    }
  }
}
