// What the user's tsconfig says of running: aliases, decorators and JSX, in scripts, modules, closures and at the prompt.
// time limit: 180 s
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { withShell } from '../../helpers/prompt';
import { folder, millrace } from '../../helpers/scripts';

const files: Readonly<Record<string, string>> = {
  'tsconfig.json': `{
  // A project of its own.
  "compilerOptions": { "strict": true, "experimentalDecorators": true, "jsx": "react", "jsxFactory": "h",
    "paths": { "@lib/*": ["./src/lib/*"], "~tidy": ["./src/tidy.ts"] } },
  "include": ["src"]
}`,
  'src/tidy.ts': "export const tidy = (text: string) => text.trim().replace(/ +/g, ' ');\n",
  'src/lib/words.ts': "import { tidy } from '~tidy';\nexport const wordsOf = (line: string) => tidy(line).split(' ');\n",
  'src/counter.ts': `
export function noted(target: any, key: string, descriptor: PropertyDescriptor) {
  const f = descriptor.value;
  descriptor.value = function (this: any, ...args: unknown[]) {
    this.calls.push(key);
    return f.apply(this, args);
  };
}
export class Counter {
  calls: string[] = [];
  @noted add(n: number) {
    return n + 1;
  }
}
`,
  'src/view.tsx': `
export const h = (tag: string, props: unknown, ...inner: unknown[]) => ({ tag, props, inner });
declare global { namespace JSX { interface IntrinsicElements { b: any } } }
export const view = (name: string) => <b title={name}>hello</b>;
`,
  'main.ts': `
import { wordsOf } from '@lib/words';
import { Counter, noted } from './src/counter';
import { view } from './src/view';
class Own {
  calls: string[] = [];
  @noted twice(n: number) { return 2 * n; }
}
const own = new Own();
console.log(own.twice(4), own.calls.join());
console.log(await sc.parallelize([' a  b ']).flatMap((line) => wordsOf(line)).collect());
console.log(await sc.range(2).map((n) => { const counter = new Counter(); counter.add(n); return counter.calls.length; }).sum());
console.log(JSON.stringify(view('x')));
console.log((await import('~tidy')).tidy(' a  b '));
`,
};

const project = path.join(folder, 'own-project');
for (const [name, text] of Object.entries(files)) {
  mkdirSync(path.dirname(path.join(project, name)), { recursive: true });
  writeFileSync(path.join(project, name), text);
}

const printed = `8 twice
[ 'a', 'b' ]
2
{"tag":"b","props":{"title":"x"},"inner":["hello"]}
a b
`;

test('a script and its modules run as their tsconfig says, on executors too', async () => {
  const { status, out, err } = await millrace(['--master', 'local[1]', 'main.ts'], { input: null, cwd: project });
  assert.is(err, '');
  assert.is(out, printed);
  assert.is(status, 0);
});

const commonJs = `
const { tidy } = require('~tidy');
const { wordsOf } = require('./src/lib/words');
function main() { return tidy(' in  main ') }
if (require.main === module) console.log(main());
module.exports = { main };
exports.unused = 1;
console.log(module.exports.main === main, Object.keys(exports).join());
console.log(await sc.parallelize([' c  d ']).flatMap((line) => wordsOf(tidy(line))).collect());
`;

test('CommonJS as a script: require of aliases and TypeScript, module and exports', async () => {
  writeFileSync(path.join(project, 'common.ts'), commonJs);
  const { status, out, err } = await millrace(['--master', 'local[1]', 'common.ts'], { input: null, cwd: project });
  assert.is(err, '');
  assert.match(out, /^in main\n/);
  assert.match(out, /\ntrue unused\n\[ 'c', 'd' \]\n$/);
  assert.is(status, 0);
});

test('at the prompt too, and names of the user are the stronger ones', () =>
  withShell(
    async (shell) => {
      await shell.entry("require('~tidy').tidy(' a   b ')", /res0: any = "a b"/);
      await shell.entry('exports.five = 5', /five|5/);
      await shell.entry('module.exports.five', /res\d: any = 5|= 5/);
      await shell.entry('const exports = sc.range(4)', />/);
      await shell.entry('exports.count()', /number = 4/);
    },
    { cwd: project },
  ));

test('aliases and decorators work at the prompt, and an edited module behind an alias is read again', () =>
  withShell(
    async (shell) => {
      await shell.entry("import { wordsOf } from '@lib/words'", />/);
      await shell.entry("sc.parallelize(['a  b']).flatMap(line => wordsOf(line)).count()", /res0: number = 2/);
      await shell.entry("import { noted } from './src/counter'", />/);
      await shell.entry('class Own { calls = []; @noted one() { return 1 } }', />/);
      await shell.entry('const own = new Own(); own.one(); own.calls', /res1: [^\n]*= \["one"\]/);
      writeFileSync(path.join(project, 'src/tidy.ts'), "export const tidy = (text: string) => 'x y z';\n");
      await shell.entry("import { tidy } from '~tidy'", />/);
      await shell.entry("tidy('')", /res2: string = "x y z"/);
    },
    { cwd: project },
  ));

test.run();
