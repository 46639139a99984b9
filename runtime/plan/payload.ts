// A captured function as plain data only, so that any codec can carry it.
import type { Reference } from '../base/markers';

/** A node of the payload, by its number. */
export interface NodeRef {
  readonly n: number;
}

/** A primitive as it is, or the number of a node. */
export type Encoded = undefined | null | boolean | number | bigint | string | NodeRef;

/** Own properties: keys and values in step. `flags` is missing where all are plain (enumerable, writable, configurable). */
export interface Properties {
  readonly keys: readonly Encoded[];
  readonly values: readonly (Encoded | Accessor)[];
  /** 1 enumerable, 2 writable, 4 configurable, 8 the value is an accessor. */
  readonly flags?: readonly number[];
}

export interface Accessor {
  readonly get: Encoded;
  readonly set: Encoded;
}

/**
 * Elements of an array, set or map: `plain` holds no node numbers; `bulk` is shipped apart, once per executor; so are `rows`, plain
 * objects of which each closure has its own.
 */
export type List =
  | { readonly plain: readonly unknown[] }
  | { readonly items: readonly Encoded[] }
  | { readonly bulk: string }
  | { readonly rows: string };

/** 1 sealed, 2 frozen, 3 not extensible; missing if none. */
export type Fixed = 1 | 2 | 3;

export interface FunctionNode {
  readonly t: 'function';
  /** Number of the script that makes it. */
  readonly script: number;
  /** Values of the script's parameters, those that are set after the function exists included. */
  readonly args: readonly Encoded[];
  readonly self?: Encoded;
  readonly arguments?: Encoded;
  readonly name?: string;
  readonly props?: Properties;
  /** Members of `prototype`, and the object it inherits from, of a function used as a class. */
  readonly prototype?: { readonly props: Properties; readonly parent?: Encoded };
  readonly parent?: Encoded;
}

export interface ClassNode {
  readonly t: 'class';
  readonly script: number;
  readonly args: readonly Encoded[];
  readonly parent?: Encoded;
  readonly props?: Properties;
  /** Members of the prototype that replaced the text's, as decorators do. */
  readonly overrides?: Properties;
  readonly statics?: readonly Encoded[];
  /** Names the class in the whole session; a class revived under it once is not revived again. */
  key?: string;
  /** All nodes that the class leads to, itself first: what is shared when the class is. */
  group?: readonly number[];
}

/** #private values, by the class that declares them. */
export type Privates = readonly { readonly class: Encoded; readonly values: readonly Encoded[] }[];

/** What an instance of a built-in class may have beside its contents. */
export interface Subclassed {
  readonly class?: Encoded;
  readonly props?: Properties;
  /** Set if a class of its chain has #private parts. */
  readonly privates?: Privates;
}

export type PayloadNode =
  | FunctionNode
  | ClassNode
  | { readonly t: 'cell'; readonly value: Encoded }
  | { readonly t: 'array'; readonly list: List; readonly fixed?: Fixed }
  | ({ readonly t: 'sparse'; readonly length: number; readonly fixed?: Fixed } & Subclassed)
  | { readonly t: 'object'; readonly props: Properties; readonly proto?: Encoded; readonly fixed?: Fixed }
  | {
      readonly t: 'instance';
      readonly class: Encoded;
      /** Of a class that its module provides: the names that its prototype must have. */
      readonly needs?: Encoded;
      readonly props: Properties;
      readonly privates?: Privates;
      readonly fixed?: Fixed;
    }
  | ({ readonly t: 'map'; readonly keys: List; readonly values: List } & Subclassed)
  | ({ readonly t: 'set'; readonly list: List } & Subclassed)
  | ({
      readonly t: 'weak';
      readonly base: 'WeakMap' | 'WeakSet';
      readonly keys: readonly Encoded[];
      /** Of a set, `true` for each of its members. */
      readonly values: readonly Encoded[];
    } & Subclassed)
  | ({ readonly t: 'error'; readonly name: string; readonly stack: Encoded } & Subclassed)
  | ({ readonly t: 'date'; readonly time: number } & Subclassed)
  | { readonly t: 'regexp'; readonly source: string; readonly flags: string; readonly lastIndex: number }
  | { readonly t: 'buffer'; readonly bytes: Uint8Array }
  | { readonly t: 'bytes'; readonly bytes: Uint8Array }
  | { readonly t: 'view'; readonly kind: string; readonly buffer: Encoded; readonly offset: number; readonly length: number }
  | { readonly t: 'bulk'; readonly id: string }
  | { readonly t: 'boxed'; readonly value: Encoded }
  /** `new` of a class of the language or of Node, with plain arguments. */
  | { readonly t: 'construct'; readonly path: string; readonly args: readonly unknown[] }
  | { readonly t: 'symbol'; readonly description: string | undefined }
  | { readonly t: 'sharedSymbol'; readonly key: string }
  | { readonly t: 'intrinsic'; readonly path: string }
  /** A module; an export of it; or what the names of `inside` lead to in that. */
  | { readonly t: 'module'; readonly path: string; readonly member?: string; readonly inside?: readonly string[] }
  | { readonly t: 'moduleName'; readonly name: string; readonly file: string }
  | {
      readonly t: 'bound';
      readonly target: Encoded;
      readonly self: Encoded;
      readonly args: readonly Encoded[];
      readonly name: string;
    }
  | {
      readonly t: 'method';
      readonly class: Encoded;
      readonly key: Encoded;
      readonly isStatic: boolean;
      readonly role: 'value' | 'get' | 'set';
    }
  | { readonly t: 'reference'; readonly reference: Reference };

/** The text that makes a function from the values it captures; the same text always makes closures of the same literal. */
export interface ShippedScript {
  /** Unique to the text: the user's file and a number of the content, which `mapFrame` knows the way back from. */
  readonly name: string;
  readonly file: string;
  readonly text: string;
  /** See `encodePositions`. */
  readonly positions: string;
  /** Parameters that are set only after the function exists, because their values lead back to it. */
  readonly late: readonly number[];
  readonly kind: 'function' | 'class';
  /** A class whose construction is guarded. */
  readonly guarded?: boolean;
  /** A class that has no constructor of its own and hands its arguments to its parent. */
  readonly handsOn?: boolean;
}

export interface CapturedClosure {
  readonly root: Encoded;
  readonly nodes: readonly PayloadNode[];
  readonly scripts: readonly ShippedScript[];
}
