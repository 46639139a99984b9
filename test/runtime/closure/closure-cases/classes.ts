// Classes: inheritance, #private state, statics, mixins, decorators, subclasses of built-ins, methods on their own.
import type { Cases } from './types';

export const cases: Cases = {
  'lexical this in arrow': () => {
    class T {
      m = 4;
      mk() {
        return (x: number) => x * this.m;
      }
    }
    return { f: new T().mk(), args: [3] };
  },
  'arrow class field (this)': () => {
    class T {
      m = 5;
      f = (x: number) => x * this.m;
    }
    return { f: new T().f, args: [3] };
  },
  'class inheritance + super methods': () => {
    class A {
      constructor(public n: number) {}
      hi() {
        return 'A' + this.n;
      }
    }
    class B extends A {
      override hi() {
        return 'B' + super.hi();
      }
    }
    const b = new B(3);
    return { f: (x: string) => b.hi() + x + (b instanceof A) + new B(9).hi(), args: ['!'] };
  },
  'instance with #private state': () => {
    class Acc {
      #n = 0;
      #log: string[] = [];
      add(x: number) {
        this.#n += x;
        this.#log.push('+' + x);
        return this;
      }
      get total() {
        return this.#n + ':' + this.#log;
      }
    }
    const acc = new Acc().add(5);
    return { f: (x: number) => acc.add(x).total, args: [2] };
  },
  '#private + inheritance + ctor args': () => {
    class P {
      #id: number;
      constructor(id: number) {
        if (id === undefined) throw new Error('no id');
        this.#id = id;
      }
      id() {
        return this.#id;
      }
    }
    class Q extends P {
      #tag: string;
      constructor(id: number, tag: string) {
        super(id);
        this.#tag = tag.toUpperCase();
      }
      show() {
        return this.#tag + this.id();
      }
    }
    const q = new Q(4, 'x');
    return { f: () => q.show() + new Q(5, 'y').show() };
  },
  'static state of a class': () => {
    // biome-ignore lint/complexity/noStaticOnlyClass: users may write it, and it is the case
    class S {
      static n = 1;
      static inc() {
        return ++S.n;
      }
    }
    S.n = 41;
    return { f: () => S.inc() };
  },
  'subclass of Map / Error': () => {
    class Bag<T> extends Map<T, number> {
      add(t: T) {
        this.set(t, (this.get(t) ?? 0) + 1);
        return this;
      }
    }
    class E2 extends Error {
      code = 7;
    }
    const bag = new Bag<string>().add('a').add('a');
    const e = new E2('boom');
    return { f: () => [bag.add('a').get('a'), bag instanceof Map, e.code, e.message, e instanceof E2] };
  },
  'class expression & mixin': () => {
    const Ser = (B: any) =>
      class extends B {
        js() {
          return JSON.stringify(this);
        }
      };
    class Pt {
      constructor(public x = 1) {}
    }
    const PS: any = Ser(Pt);
    const p = new PS(4);
    return { f: () => [p.js(), p instanceof Pt, new PS().js()] };
  },
  'method passed unbound (obj.method)': () => {
    const m = 3;
    class T {
      go(x: number) {
        return x * m;
      }
    }
    const t = new T();
    return { f: t.go, args: [5] };
  },
  'static method passed': () => {
    const m = 3;
    // biome-ignore lint/complexity/noStaticOnlyClass: users may write it, and it is the case
    class T {
      static go(x: number) {
        return x * m;
      }
    }
    return { f: T.go, args: [5] };
  },
  'super in arrow inside a method': () => {
    class A {
      hi() {
        return 'A';
      }
    }
    class B extends A {
      mk() {
        return () => super.hi();
      }
    }
    return { f: new B().mk(), refused: /super through an arrow/ };
  },
  'class static initialiser + computed key from locals': () => {
    const base = 5;
    class S {
      static limit = base * 2;
      ['m' + base]() {
        return S.limit;
      }
    }
    return { f: () => (new S() as any).m5() };
  },
  'standard (TS 5) method decorator': () => {
    const log: any = (m: any, c: any) =>
      function (this: any, ...a: any[]) {
        return 'D' + String(c.name) + m.call(this, ...a);
      };
    class S {
      x = 2;
      @log go(n: number) {
        return n * this.x;
      }
    }
    const s = new S();
    return { f: (n: number) => s.go(n), args: [4] };
  },
  'iterable class, symbol-keyed method': () => {
    class R {
      constructor(
        public a: number,
        public b: number,
      ) {}
      *[Symbol.iterator]() {
        for (let i = this.a; i < this.b; i++) yield i;
      }
      get [Symbol.toStringTag]() {
        return 'R';
      }
    }
    const r = new R(1, 4);
    return { f: () => [...r, String(r)] };
  },
  'class with private methods and statics': () => {
    class T {
      // biome-ignore lint/correctness/noUnusedPrivateClassMembers: users may write it, and it is the case
      static #made = 0;
      #v;
      constructor(v: number) {
        this.#v = v;
        T.#made++;
      }
      #dbl() {
        return this.#v * 2;
      }
      show() {
        return this.#dbl();
      }
      static make(v: number) {
        return new T(v);
      }
    }
    const t = T.make(4);
    return { f: () => [t.show(), T.make(2).show()] };
  },
  'extends mixin(Base): names used only in the extends clause': () => {
    class Base {
      b = 1;
    }
    const mix = (B: any) =>
      class extends B {
        m() {
          return this.b + 1;
        }
      };
    class K extends mix(Base) {
      z() {
        return this.m() * 10;
      }
    }
    const o = new K() as any;
    return { f: () => [o.z(), new K().z()] };
  },
  'name used only in a computed member key': () => {
    const nm = 'dyn';
    class K {
      [nm + 1]() {
        return 'called';
      }
    }
    const o = new K() as any;
    return { f: () => o.dyn1() };
  },
};
