// Runs each `@example` of the engine's docstrings and compares the value in its trailing comment.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import vm from 'node:vm';
import { globSync } from 'tinyglobby';
import ts from 'typescript';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { instrument } from '../../runtime/closure';
import * as api from '../../runtime/index';
import * as models from '../../runtime/models';
import { within } from '../helpers/within';

const runtime = join(__dirname, '..', '..', 'runtime');

interface Example {
  readonly file: string;
  readonly code: string;
  /** What stands behind the last `//`, if it is a value. */
  readonly value?: string;
}

function examplesOf(file: string): Example[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/@example ([^\n]+?)(?: \*\/)?\n/g)].map(([, line]) => {
    const [code, value] = line.split(/ \/\/ (?=[[\d'"A-Z{-])/);
    return { file: basename(file), code, value };
  });
}

const examples = globSync('**/*.ts', { cwd: runtime, absolute: true }).sort().flatMap(examplesOf);

const test = suite('examples');
let sc: api.Context;

test.before(async () => {
  sc = await connect('local');
});

/** As at the prompt: compiled, instrumented, and run with the names that are there. */
async function run(code: string, isExpression: boolean): Promise<unknown> {
  const text = `(async () => { ${isExpression ? `return (${code});` : code} })()`;
  const { outputText } = ts.transpileModule(text, { compilerOptions: { target: ts.ScriptTarget.ES2022 } });
  const names = { sc, words: sc.parallelize(['a', 'fig']), check: new api.StreamCheck(sc), ...api, ...models, connect };
  const body = outputText.trim().replace('"use strict";', '').trim();
  const wrapped = `(function (${Object.keys(names).join(', ')}) { 'use strict'; return ${body} })`;
  return vm.runInThisContext(instrument(wrapped, 'example.js', {}).code)(...Object.values(names));
}

/** `Map { 'a' => 2 }` as the printer shows it, else an expression. */
function valueOf(shown: string): unknown {
  const map = /^Map \{ (.*) \}$/.exec(shown);
  const text = map ? `new Map([${map[1].replace(/('[^']*'|\S+) => ([^,]+)/g, '[$1, $2]')}])` : `(${shown})`;
  return vm.runInThisContext(text);
}

const plain = (value: unknown) => (value instanceof Map ? [...value].sort() : value);

for (const { file, code, value } of examples) {
  test(`${file}: ${code.slice(0, 70)}`, async () => {
    const isValue = value !== undefined && /^([[\d'"{-]|Map )/.test(value);
    const got = await within(10_000, run(isValue ? code : code.replace(/ \/\/ .*/, ''), isValue), code);
    if (isValue) assert.equal(plain(got), plain(valueOf(value)));
  });
}

test('examples with values are there', () => {
  assert.ok(examples.filter(({ value }) => value !== undefined).length >= 10, `${examples.length}`);
});

test.after(() => sc.stop());

test.run();
