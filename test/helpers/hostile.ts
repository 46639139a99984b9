// Values made to break whoever looks at them: each with a name, fresh at every call, for printing, errors and the wire.
import { inspect } from 'node:util';

/** An escape sequence that clears a terminal; it must never reach one raw. */
export const clearScreen = '\x1b[2J\x1b[H';

class Throwing {
  get value(): never {
    throw new Error('a getter was run');
  }
  toString(): never {
    throw new Error('toString was run');
  }
}

const refuse = (): never => {
  throw new Error('a trap was run');
};

const traps: ProxyHandler<object> = {
  get: refuse,
  has: refuse,
  ownKeys: refuse,
  getOwnPropertyDescriptor: refuse,
  getPrototypeOf: refuse,
};

function cyclic(): object {
  const value: Record<string, unknown> = { a: 1 };
  value.self = value;
  value.list = [value, new Map([[value, value]])];
  return value;
}

/** Each level has ten of the next: ten to the eighth values in all. */
function bushy(depth: number): object {
  const next = depth === 0 ? { leaf: true } : bushy(depth - 1);
  return Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`branch${index}`, next]));
}

function deep(levels: number): object {
  let value: object = {};
  for (let level = 0; level < levels; level++) value = { inner: value };
  return value;
}

function nullPrototype(): object {
  return Object.assign(Object.create(null), { a: 1, constructor: clearScreen });
}

function renamed(): Function {
  return Object.defineProperty(() => 1, 'name', { value: clearScreen });
}

function classWithName(name: string): object {
  const made = class {
    a = 1;
  };
  Object.defineProperty(made, 'name', { value: name });
  return new made();
}

const withInspect = (method: unknown) => ({ visible: 1, [inspect.custom]: method });

export const hostile: readonly (readonly [name: string, make: () => unknown])[] = [
  ['escape sequence', () => clearScreen],
  ['all control characters', () => Array.from({ length: 0xa0 }, (_, code) => String.fromCharCode(code)).join('')],
  ['text that turns the direction', () => 'abc\u202ecba\u2066x\u200f'],
  ['lone surrogates', () => 'a\ud800b\udc00'],
  ['marks without end', () => `a${'\u0301'.repeat(100_000)}`],
  ['a long string', () => 'x'.repeat(5_000_000)],
  ['a million numbers', () => Array.from({ length: 1_000_000 }, (_, index) => index)],
  ['a million records', () => Array.from({ length: 1_000_000 }, (_, index) => ({ index }))],
  ['an array with getters', () => Object.defineProperty([{ a: 1 }, { a: 2 }], 0, { get: refuse })],
  ['a sparse array', () => Object.assign(new Array(4_000_000_000), { 3: 1 })],
  ['a large typed array', () => new Float64Array(1_000_000)],
  ['a large map', () => new Map(Array.from({ length: 100_000 }, (_, index) => [index, { index }]))],
  ['many keys', () => Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`key${index}`, index]))],
  ['a property named by an escape', () => ({ [clearScreen]: 1, ['a\nb']: 2, [Symbol(clearScreen)]: 3 })],
  [
    'a throwing getter',
    () => ({
      ok: 1,
      get bad() {
        return refuse();
      },
    }),
  ],
  ['a throwing class', () => new Throwing()],
  ['a throwing proxy', () => new Proxy({}, traps)],
  ['a proxied array', () => new Proxy([1, 2, 3], traps)],
  ['a proxied function', () => new Proxy(() => 1, traps)],
  [
    'a revoked proxy',
    () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
  ],
  ['a proxy as prototype', () => Object.create(new Proxy({}, traps))],
  ['rows of proxies', () => [new Proxy({}, traps), new Proxy({}, traps)]],
  ['an inspect that throws', () => withInspect(refuse)],
  ['an inspect that is huge', () => withInspect(() => `${clearScreen}\n`.repeat(1_000_000))],
  [
    'an inspect that answers itself',
    () => {
      const value: Record<PropertyKey, unknown> = {};
      value[inspect.custom] = () => value;
      return value;
    },
  ],
  ['an inspect that answers another', () => withInspect(() => withInspect(() => clearScreen))],
  ['an inspect that is a getter', () => Object.defineProperty({}, inspect.custom, { get: refuse, enumerable: true })],
  ['a cycle', cyclic],
  ['a bush', () => bushy(8)],
  ['a deep chain', () => deep(100_000)],
  ['an object without prototype', nullPrototype],
  ['a class named by an escape', () => classWithName(clearScreen)],
  ['rows of a class named by an escape', () => [classWithName(clearScreen), classWithName(clearScreen)]],
  ['a function named by an escape', renamed],
  ['a symbol named by an escape', () => Symbol(clearScreen)],
  ['a pattern with an escape', () => new RegExp(clearScreen.replaceAll('[', '\\['))],
  ['a tag that throws', () => Object.defineProperty({}, Symbol.toStringTag, { get: refuse })],
  ['an error with an escape', () => Object.assign(new Error(clearScreen), { name: clearScreen, stack: clearScreen })],
  ['an error whose message throws', () => Object.defineProperty(new Error('x'), 'message', { get: refuse })],
  ['an error whose stack throws', () => Object.defineProperty(new Error('x'), 'stack', { get: refuse })],
  ['an error with a long message', () => new Error('line\n'.repeat(1_000_000))],
  [
    'an error that causes itself',
    () => {
      const error: Error & { cause?: unknown } = new Error('x');
      error.cause = error;
      return error;
    },
  ],
  ['an invalid date', () => new Date(Number.NaN)],
  ['a huge bigint', () => 1n << 1_000_000n],
  ['a boxed string with a bad valueOf', () => Object.assign(new String('x'), { valueOf: refuse })],
  ['a thenable that throws', () => Object.defineProperty({}, 'then', { get: refuse })],
  ['a fake dataset', () => ({ describeForPrompt: refuse, preview: refuse })],
  ['a dataset that lies', () => ({ describeForPrompt: () => undefined, preview: async () => ({ rows: 7 }) })],
  [
    'a detached buffer',
    () => {
      const buffer = new ArrayBuffer(8);
      const view = new Uint8Array(buffer);
      structuredClone(buffer, { transfer: [buffer] });
      return view;
    },
  ],
];
