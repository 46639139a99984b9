// Modules, enums and namespaces: of Node, of the user, and the module of the closure itself.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import * as path from 'node:path';
import dflt, { Box, helper, longer, PREFIX, setState } from './helpers';
import type { Cases } from './types';

enum Color {
  Red = 1,
  Green = 5,
}
enum Compiled {
  X = 7,
}
namespace Names {
  export const base = 100;
  export function add(n: number) {
    return n + base + inner();
  }
  function inner() {
    return 1;
  }
  export namespace Deep {
    export const z = 9;
  }
}
export let threshold = 40;
export function raise() {
  threshold++;
}

export const cases: Cases = {
  'import * as builtin': () => ({ f: (x: string) => path.join('a', x), args: ['b'] }),
  'named import of builtin': () => ({ f: (x: string) => createHash('md5').update(x).digest('hex'), args: ['b'] }),
  'default import of builtin': () => ({ f: () => fs.existsSync('/') }),
  'import from local .ts module': () => ({ f: (x: number) => helper(x) + PREFIX + dflt(x), args: [2] }),
  'closure made inside a module': () => ({ f: longer(2), args: ['abc'] }),
  'instance of a module class': () => {
    const b = new Box(4);
    return { f: () => [b.dbl, b instanceof Box] };
  },
  'enum, const enum': () => ({ f: (c: number) => [c === Color.Green, Color[c], Compiled.X], args: [5] }),
  namespace: () => ({ f: (x: number) => Names.add(x) + Names.Deep.z, args: [5] }),
  'function from mutated module state (by ref)': () => {
    setState(99);
    return { f: helper, args: [1], remotely: "'p:10'" };
  },
  'exported let of the same module': () => ({ f: (x: number) => x + threshold, args: [1] }),
};
