// The schema of a Parquet file as that of a table: what its nodes are as columns, lists, maps and structs.
import type { Column, ColumnType, Schema, Values } from '../../schema/schema';
import { uniqueNames } from '../csv/dialect';
import type { Footer, Node } from './footer';
import { kindOf, physical } from './leaf-values';

const isList = ({ converted, logical }: Node): boolean => converted === 3 || logical?.has(3) === true;
const isMap = ({ converted, logical }: Node): boolean => converted === 1 || converted === 2 || logical?.has(2) === true;

/** How a node's values are put together. */
export type Shape =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'struct'; readonly fields: readonly Node[]; readonly names: readonly string[] }
  /** A list whose elements are those of `repeated` itself, or of its only field. */
  | { readonly kind: 'list'; readonly repeated: Node; readonly element: Node | undefined }
  | { readonly kind: 'map'; readonly repeated: Node; readonly key: Node; readonly value: Node | undefined };

/** How the values of a node are put together, but for its own repetition. */
export function shapeOf(node: Node): Shape {
  if (node.physical !== undefined) return { kind: 'leaf' };
  const [only] = node.children;
  if (node.children.length === 1 && only.repetition === 'repeated' && node.repetition !== 'repeated') {
    if (isMap(node) && only.children.length >= 1 && only.children.length <= 2)
      return { kind: 'map', repeated: only, key: only.children[0], value: only.children[1] };
    if (isList(node)) {
      // Old writers have the element itself there: a leaf, a struct of several fields, or by these names.
      const isElement =
        only.physical !== undefined || only.children.length !== 1 || only.name === 'array' || only.name === `${node.name}_tuple`;
      return { kind: 'list', repeated: only, element: isElement ? undefined : only.children[0] };
    }
  }
  return { kind: 'struct', fields: node.children, names: uniqueNames(node.children.map(({ name }) => name)) };
}

/** Whether all whole numbers of a column are known to fit into a `number`. */
type FitsNumber = (leaf: Node) => boolean;

/** The type of one value of a node, its repetition left out. */
function typeOf(node: Node, fits: FitsNumber): ColumnType {
  const shape = shapeOf(node);
  switch (shape.kind) {
    case 'leaf': {
      const { type } = kindOf(node);
      return type.kind === 'int' && node.physical === physical.int64 && !fits(node) ? { kind: 'bigint' } : type;
    }
    case 'struct':
      return {
        kind: 'struct',
        fields: shape.fields.map((field, i): Column => ({ name: shape.names[i], ...valuesOf(field, fits) })),
      };
    case 'list':
      return {
        kind: 'list',
        of: shape.element ? valuesOf(shape.element, fits) : { type: typeOf(shape.repeated, fits), nullable: false },
      };
    default:
      return {
        kind: 'map',
        key: { ...valuesOf(shape.key, fits), nullable: false },
        value: shape.value ? valuesOf(shape.value, fits) : { type: { kind: 'unknown' }, nullable: true },
      };
  }
}

/** The values of a node: a repeated one without an annotation is a list. */
function valuesOf(node: Node, fits: FitsNumber): Values {
  const type = typeOf(node, fits);
  if (node.repetition === 'repeated') return { type: { kind: 'list', of: { type, nullable: false } }, nullable: false };
  return { type, nullable: node.repetition === 'optional' };
}

/** Whether the statistics of a column show a number beyond 2^53. Without statistics values are checked as they are read. */
function fitsBy({ groups }: Footer): FitsNumber {
  return (leaf) =>
    groups.every(({ chunks }) => {
      const { least, greatest } = chunks[leaf.leaf];
      return [least, greatest].every(
        (bytes) =>
          bytes?.length !== 8 ||
          Number.isSafeInteger(Number(leaf.converted === 14 ? bytes.readBigUInt64LE(0) : bytes.readBigInt64LE(0))),
      );
    });
}

/** The columns of a file. */
export function schemaOfFooter(footer: Footer): Schema {
  const fits = fitsBy(footer);
  const names = uniqueNames(footer.root.children.map(({ name }) => name));
  return { columns: footer.root.children.map((node, i): Column => ({ name: names[i], ...valuesOf(node, fits) })) };
}

/** The type of each leaf below a node whose values have a type. */
export function leafTypes(node: Node, type: ColumnType, found = new Map<Node, ColumnType>()): Map<Node, ColumnType> {
  // A repeated node without an annotation is a list of what it is.
  const own = node.repetition === 'repeated' && type.kind === 'list' ? type.of.type : type;
  const shape = shapeOf(node);
  if (shape.kind === 'leaf') found.set(node, own);
  else if (shape.kind === 'struct' && own.kind === 'struct')
    for (const [i, field] of shape.fields.entries())
      leafTypes(field, own.fields.find(({ name }) => name === shape.names[i])?.type ?? own, found);
  else if (shape.kind === 'list' && own.kind === 'list') {
    if (shape.element) leafTypes(shape.element, own.of.type, found);
    else leafTypes(shape.repeated, own, found);
  } else if (shape.kind === 'map' && own.kind === 'map') {
    leafTypes(shape.key, own.key.type, found);
    if (shape.value) leafTypes(shape.value, own.value.type, found);
  }
  return found;
}
