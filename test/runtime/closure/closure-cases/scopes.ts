// Variables of all kinds of scopes: constants, loops, destructuring, dead zones, shared and shadowed names.
import type { Cases } from './types';

const stop = new Set(['a', 'the']);
let k = 3;
export const bump = () => {
  k++;
};

export const cases: Cases = {
  'const Set + let at top level': () => ({ f: (w: string) => !stop.has(w) && w.length > k, args: ['hello'] }),
  'nested closures 3 deep': () => {
    const a = 1;
    const mk = () => {
      const b = 2;
      return () => {
        const c = 3;
        return (x: number) => a + b + c + x;
      };
    };
    return { f: mk()(), args: [10] };
  },
  'locals+params of enclosing function': () => {
    function longerThan(n: number, { min = 2, ...rest } = {} as any) {
      const extra = n + min;
      return (w: string) => w.length > extra + rest.q;
    }
    return { f: longerThan(1, { q: 1 }), args: ['abcdef'] };
  },
  'destructured params, defaults from capture': () => {
    const dv = 7;
    return {
      f: ({ a, b: [c, d = dv] = [1] as any, ...r }: any, ...rest: number[]) => [a, c, d, r, rest],
      args: [{ a: 1, b: [2], z: 3 }, 4, 5],
    };
  },
  shadowing: () => {
    const k = 'outer';
    const y = 1;
    return {
      f: (x: any) => {
        const inner = (k: any) => k + y + x;
        {
          const x = 'blk';
          return inner(2) + x + k;
        }
      },
      args: [5],
    };
  },
  'TDZ: variable not initialised yet': () => {
    let out: any;
    {
      const f = () => late;
      out = f;
      if (Math.random() < 2) return { f: out, refused: /'late', which has no value yet/ };
      const late = 1;
    }
    return { f: out };
  },
  'TDZ resolved by ship time': () => {
    const f = () => late;
    const late = 12;
    return { f };
  },
  'globals (Math, JSON, Buffer, URL)': () => ({
    f: (x: number) =>
      JSON.stringify([
        Math.max(x, 1),
        Buffer.from('a').toString('hex'),
        new URL('http://a/b').pathname,
        typeof setTimeout,
        globalThis === global,
      ]),
    args: [4],
  }),
  'user global on globalThis': () => {
    (globalThis as any).__myGlobal = { q: 4 };
    return { f: () => ((globalThis as any).__myGlobal ? 'seen' : 'not'), remotely: "'not'" };
  },
  'shared mutable variable (two closures)': () => {
    let n = 0;
    const inc = () => ++n;
    const get = () => n;
    return {
      f: () => {
        inc();
        inc();
        return get();
      },
    };
  },
  'loop variable per iteration': () => {
    const fs: any[] = [];
    for (let i = 0; i < 3; i++) {
      const sq = i * i;
      fs.push(() => [i, sq]);
    }
    return { f: () => fs.map((g) => g()) };
  },
  'var in loop, shared': () => {
    var fs: any[] = [];
    // biome-ignore lint/correctness/noInnerDeclarations: users may write it, and it is the case
    for (var i = 0; i < 3; i++) fs.push(() => i);
    return { f: () => fs.map((g) => g()) };
  },
  'Date/RegExp/Map/BigInt/Symbol.for/typed arrays': () => {
    const o = {
      d: new Date(5),
      r: /x(\d)/gi,
      m: new Map<any, any>([[{ a: 1 }, new Set([1])]]),
      b: 10n,
      s: Symbol.for('q'),
      t: new Float64Array([1.5, NaN]),
      z: -0,
      n: NaN,
      u: undefined,
      // biome-ignore lint/suspicious/noSparseArray: users may write it, and it is the case
      h: [1, , 3],
    };
    return {
      f: () => [
        o.d.getTime(),
        o.r.flags,
        o.r.test('x1'),
        [...o.m],
        o.b,
        o.s === Symbol.for('q'),
        o.t,
        Object.is(o.z, -0),
        o.n,
        'u' in o,
        o.h,
      ],
    };
  },
  'cyclic object + shared identity': () => {
    const a: any = { n: 1 };
    a.self = a;
    const b = { a };
    return { f: () => [a.self === a, b.a === a] };
  },
  'default param closes over sibling param': () => {
    const q = 2;
    return { f: (a: number, g = () => a * q) => g(), args: [21] };
  },
  'captured constants cannot be assigned': () => {
    const z = 1;
    const list = [1, 2];
    const attempt = (change: () => void) => {
      try {
        change();
        return 'assigned';
      } catch (error) {
        return String(error);
      }
    };
    return {
      // biome-ignore-start lint/correctness/noConstAssign: it is what is tested
      f: (x: number) => [
        attempt(() => ((z as any) = x)),
        attempt(() => (z as any)++),
        attempt(() => ({ z: (z as any) } = { z: x })),
        attempt(() => ([list as any] = [x])),
        z,
        list,
      ],
      // biome-ignore-end lint/correctness/noConstAssign: it is what is tested
      args: [5],
    };
  },
  'destructuring assignment to captured': () => {
    let a = 1,
      b = 2;
    return {
      f: () => {
        [a, b] = [b, a];
        ({ a } = { a: a + 10 });
        return [a, b];
      },
    };
  },
  'label/catch/switch scopes': () => {
    const e = 'outer';
    return {
      f: (x: number) => {
        if (x < 0) return e;
        try {
          throw 1;
        } catch (e) {
          switch (x) {
            case 1: {
              const e = 'sw';
              return e;
            }
            default:
              return e;
          }
        }
      },
      args: [2],
    };
  },
  'tagged template / optional chain / ??': () => {
    const t = (s: any, ...v: any[]) => s.raw.join('|') + v;
    const o: any = null;
    return { f: (x: number) => t`a${x}b` + (o?.p ?? 'nil'), args: [3] };
  },
  'user variables named $i, __proto': () => {
    const $i = 4,
      $s1 = 5;
    return { f: (x: number) => x + $i + $s1, args: [1] };
  },
  'accessor by defineProperty + frozen object': () => {
    const v = 3;
    const o = Object.freeze(Object.defineProperty({ q: 1 } as any, 'v', { get: () => v, enumerable: true }));
    return { f: () => [o.v, o.q, Object.isFrozen(o)] };
  },
  'curried arrows sharing one line': () => {
    const q = 1;
    return {
      f: (
        (a: number) => (b: number) => (c: number) =>
          a + b + c + q
      )(1)(2),
      args: [3],
    };
  },
  'captured for-of binding and catch param': () => {
    const out: any[] = [];
    for (const [k2, v2] of Object.entries({ a: 1, b: 2 })) {
      try {
        throw { k2 };
      } catch ({ k2: kk }: any) {
        out.push(() => [kk, v2, k2]);
      }
    }
    return { f: () => out.map((g) => g()) };
  },
};
