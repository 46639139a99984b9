// Revival of the payload's leaves: symbols, buffers, language objects, modules, references; and what only the process can provide.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { MillraceError } from '../../base/errors';
import type { Reference } from '../../base/markers';
import type { Encoded, PayloadNode } from '../../plan/payload';
import { registerModule } from '../classes/class-registry';
import { metaOf } from '../import-meta';
import { findIntrinsic } from '../intrinsics';
import { valueIn } from '../module-refs';

/** What only the process that revives can provide. */
export interface ReviveEnvironment {
  /** The broadcast or accumulator that a reference stands for. */
  reference(reference: Reference): unknown;
  /** A bulk value that was sent apart. */
  bulk(id: string): unknown;
  /** The exports of a user module or a package, by its resolved path. */
  loadModule(path: string): unknown;
}

/** The value of a node that leads to no function or collection; `value` answers the values of other nodes. */
export function reviveLeaf(node: PayloadNode, environment: ReviveEnvironment, value: (encoded: Encoded) => unknown): unknown {
  switch (node.t) {
    case 'regexp':
      return Object.assign(new RegExp(node.source, node.flags), { lastIndex: node.lastIndex });
    case 'buffer':
      return Buffer.from(node.bytes);
    case 'bytes':
      // A copy: what the codec answers may stand anywhere in a message, and views need their alignment.
      return node.bytes.slice().buffer;
    case 'view': {
      const View = (globalThis as unknown as Record<string, new (...args: unknown[]) => object>)[node.kind];
      return new View(value(node.buffer), node.offset, node.length);
    }
    case 'bulk':
      return environment.bulk(node.id);
    case 'boxed':
      return Object(value(node.value));
    case 'construct':
      return Reflect.construct(intrinsicAt(node.path) as Function, node.args);
    case 'symbol':
      return Symbol(node.description);
    case 'sharedSymbol':
      return Symbol.for(node.key);
    case 'intrinsic':
      return intrinsicAt(node.path);
    case 'module': {
      const exports = environment.loadModule(node.path);
      registerModule(node.path, exports);
      return valueIn(exports, node);
    }
    case 'moduleName':
      return moduleName(node.name, node.file);
    case 'reference':
      return environment.reference(node.reference);
    default:
      throw new MillraceError('INTERNAL', { reason: `a payload holds a node of kind ${node.t}` });
  }
}

function intrinsicAt(path: string): unknown {
  const value = path.startsWith('Symbol.@') ? wellKnownSymbol(path) : findIntrinsic(path);
  if (value === undefined) throw new MillraceError('MODULE_NOT_FOUND', { module: path, reason: 'this Node has no such value' });
  return value;
}

function wellKnownSymbol(path: string): unknown {
  return (Symbol as unknown as Record<string, unknown>)[path.slice('Symbol.@'.length)];
}

/** What the user's CommonJS module finds under this name. */
function moduleName(name: string, file: string): unknown {
  if (name === 'require') return createRequire(file);
  if (name === 'import.meta') return metaOf(file);
  if (name === '__filename') return file;
  if (name === '__dirname') return dirname(file);
  return { exports: {}, filename: file };
}
