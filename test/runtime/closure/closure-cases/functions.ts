// Functions of all kinds: recursive, generators, async, methods of objects, bound, of JavaScript libraries, native.

import { createRequire } from 'node:module';
import { library } from './library';
import type { Cases } from './types';

const k = 3;

export const cases: Cases = {
  'recursive declaration': () => {
    function fact(n: number): number {
      return n < 2 ? 1 : n * fact(n - 1);
    }
    return { f: fact, args: [10] };
  },
  'recursive const arrow': () => {
    const fib = (n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2));
    return { f: (x: number) => fib(x), args: [12] };
  },
  'mutual recursion': () => {
    function ev(n: number): boolean {
      return n === 0 || od(n - 1);
    }
    function od(n: number): boolean {
      return n !== 0 && ev(n - 1);
    }
    return { f: ev, args: [10] };
  },
  'mutual recursion, const arrows': () => {
    const ev = (n: number): boolean => n === 0 || od(n - 1);
    const od = (n: number): boolean => n !== 0 && ev(n - 1);
    return { f: (n: number) => [ev(n), od(n)], args: [7] };
  },
  'generator function': () => {
    const step = 2;
    function* g(n: number) {
      for (let i = 0; i < n; i++) yield i * step;
    }
    return { f: (n: number) => [...g(n)], args: [4] };
  },
  'async function': () => {
    const d = 3;
    const slow = async (x: number) => {
      await null;
      return x + d;
    };
    return { f: async (x: number) => (await slow(x)) * 2, args: [4] };
  },
  'async generator': () => {
    const d = 3;
    async function* ag(n: number) {
      for (let i = 0; i < n; i++) {
        await null;
        yield i + d;
      }
    }
    return {
      f: async (n: number) => {
        const o = [];
        for await (const v of ag(n)) o.push(v);
        return o;
      },
      args: [3],
    };
  },
  'object methods, getters, computed keys': () => {
    const m = 3;
    const key = 'dyn';
    const o = {
      a: 2,
      mul(x: number) {
        return x * m * this.a;
      },
      get g() {
        return m + 1;
      },
      [key + '1']() {
        return m;
      },
      *gen() {
        yield m;
      },
    };
    return { f: (x: number) => [o.mul(x), o.g, (o as any).dyn1(), [...o.gen()]], args: [2] };
  },
  'bound function': () => {
    function add(this: any, a: number, b: number) {
      return this.z + a + b;
    }
    const b = add.bind({ z: 100 }, 5);
    return { f: (x: number) => b(x), args: [1] };
  },
  'arguments captured by an arrow': () => {
    function mk(..._: any[]) {
      // biome-ignore lint/complexity/noArguments: users may write it, and it is the case
      return () => arguments.length + arguments[1];
    }
    return { f: mk(1, 20, 3) };
  },
  'higher-order: captured function captures': () => {
    const base = 10;
    const add = (x: number) => x + base;
    const twice = (g: any) => (x: number) => g(g(x));
    const h = twice(add);
    return { f: (x: number) => h(x), args: [1] };
  },
  'closure from uninstrumented JS library': () => ({
    f: library.compose(
      (x: number) => x + 1,
      (x: number) => x * k,
    ),
    args: [5],
  }),
  'memoised by JS library (captured Map)': () => ({ f: library.memo((x: number) => x * 2), args: [5] }),
  'a require of its own': () => {
    const load = createRequire(__filename);
    return { f: (x: string) => load('node:path').basename(load.resolve('./functions.ts')) + x, args: ['!'] };
  },
  'require inside the closure': () => ({ f: (x: string) => require('node:path').basename(x), args: ['/a/b'] }),
  'dynamic import inside': () => ({ f: async (x: string) => (await import('node:path')).basename(x), args: ['/a/b'] }),
  'ES5 constructor function + prototype': () => {
    function Pt(this: any, x: number) {
      this.x = x;
    }
    Pt.prototype.dbl = function () {
      return this.x * 2;
    };
    const p = new (Pt as any)(4);
    return { f: () => p.dbl() };
  },
  'function with properties': () => {
    const f: any = (x: number) => f.cache[x];
    f.cache = [7, 8];
    return { f, args: [1] };
  },
  'native function Math.max': () => ({ f: Math.max, args: [1, 5] }),
  'async arrow using this, in a method': () => {
    class T {
      m = 2;
      mk() {
        return async (x: number) => {
          await null;
          return x * this.m;
        };
      }
    }
    return { f: new T().mk(), args: [4] };
  },
};
