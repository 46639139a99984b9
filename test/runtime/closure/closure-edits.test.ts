// Edits to a text: nesting, order at one position, moves, replacements, and the way back to the original's positions.
import { inspect } from 'node:util';
import vm from 'node:vm';
import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Edits, instrument } from '../../../runtime/closure';

const edited = (text: string, make: (edits: Edits) => void) => {
  const edits = new Edits();
  make(edits);
  return edits.apply(text);
};

test('wrappers nest by their ranges, whatever the order of the calls', () => {
  const inner = (e: Edits) => e.wrap(2, 4, '<i>', '</i>');
  const outer = (e: Edits) => e.wrap(2, 6, '<o>', '</o>');
  const last = (e: Edits) => e.wrap(4, 6, '<l>', '</l>');
  for (const order of [
    [inner, outer, last],
    [last, outer, inner],
  ]) {
    const { code } = edited('..abcd..', (e) => {
      for (const each of order) each(e);
    });
    assert.is(code, '..<o><i>ab</i><l>cd</l></o>..');
  }
});

test('of two wrappers around one range the first call is the outer one', () => {
  const { code } = edited('x', (e) => {
    e.wrap(0, 1, 'a(', ')a');
    e.wrap(0, 1, 'b(', ')b');
  });
  assert.is(code, 'a(b(x)b)a');
});

test('a replaced range takes what is inside with it', () => {
  const { code } = edited('keep gone keep', (e) => {
    e.insertLeft(7, '!');
    e.replace(5, 9, 'new');
    e.replace(6, 8, 'x');
    e.insertRight(5, '<');
    e.insertLeft(9, '>');
  });
  assert.is(code, 'keep <new> keep');
});

test('a moved range takes its edits along and leaves its neighbours’', () => {
  const { code } = edited('a;f();b;g();', (e) => {
    e.wrap(2, 6, '[', ']');
    e.insertLeft(2, '/*left*/');
    e.insertRight(6, '/*right*/');
    e.replace(2, 3, 'F');
    e.move(2, 6, 0);
    e.move(8, 12, 0);
    e.insertLeft(0, 'head:');
  });
  assert.is(code, 'head:[F();]g();a;/*left*//*right*/b;');
});

test('positions of kept text lead back to the original', () => {
  const text = 'const a = 1; const b = 2;';
  const result = edited(text, (e) => {
    e.replace(0, 5, 'let');
    e.insertRight(13, '/* here */');
    e.move(13, 25, 0);
  });
  for (const word of ['a', 'b', '1', '2']) assert.is(result.sourceOffset(result.code.lastIndexOf(word)), text.lastIndexOf(word));
});

test('random wrappers that nest keep the text and every position in it', () => {
  const ranges = fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 12 });
  fc.assert(
    fc.property(ranges, (pairs) => {
      const text = 'abcdefghijklmnopqrstu';
      const result = edited(text, (e) => {
        for (const [a, b] of pairs) e.wrap(Math.min(a, b), Math.max(a, b) + 1, '<', '>');
      });
      assert.is(result.code.replace(/[<>]/g, ''), text);
      for (let i = 0; i < text.length; i++) assert.is(result.sourceOffset(result.code.indexOf(text[i])), i);
    }),
    { numRuns: 200 },
  );
});

const runInstrumented = (js: string) => inspect(vm.runInThisContext(instrument(js, 'text.js').code));

test('instrumented text does what the text does', () => {
  const texts = [
    'const f = () => {}, o = { m() {}, get g() { return 1 }, ["k" + 1]() {}, f: () => {} }; [f.name, o.m.name, o.k1.name, o.f.name, o.g]',
    'var r = []; for (let i = 0; i < 3; i++) r.push(() => i++); r.map((f) => (f(), f()))',
    '(function () { "use strict"; return hoisted(); function hoisted() { return this } })()',
    'class A { #a = 1; static s = A.name; get a() { return this.#a } } class B extends A { constructor(...x) { super(); this.x = x } } [A.s, new B(1, 2)]',
    'var x = new (function () { this.a = 1 })().a; x',
    'function f(a, b = () => a++, ...c) { b(); return [a, f.length, c] } f(1, undefined, 3)',
    'switch (1) { case 1: let n = 0; var inc = () => ++n; inc() } inc()',
    'var o = { __proto__: null, f: () => 1, "a-b": () => 2 }; [Object.getPrototypeOf(o), o.f(), o["a-b"].name]',
    '(function* () { const o = { [yield 1]() { return 2 } }; yield o.k() })().next().value',
    'label: for (const a of [1, 2]) for (let b of [1]) { (() => b++)(); continue label } typeof missing',
  ];
  for (const text of texts) assert.is(runInstrumented(`{${text}}`), inspect(vm.runInThisContext(`{${text}}`)), text);
});

test.run();
