// A library in plain JavaScript, which nothing compiles or instruments.
import vm from 'node:vm';

const text = `({
  compose: (...fs) => (x) => fs.reduceRight((a, f) => f(a), x),
  memo: (f) => {
    const known = new Map();
    return (x) => {
      if (!known.has(x)) known.set(x, f(x));
      return known.get(x);
    };
  },
  sharedCounter: () => {
    class Counter {
      #n = 5;
      next() {
        return ++this.#n;
      }
    }
    return new Counter();
  },
})`;

export const library = vm.runInThisContext(text) as {
  readonly compose: (...fs: Function[]) => Function;
  readonly memo: (f: Function) => Function;
  readonly sharedCounter: () => { next(): number };
};
