// The user's own modules: checked as their project does, before a script runs; packages and JavaScript are not.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { typeService, userFolder } from '../../helpers/entries';
import { file, millrace } from '../../helpers/scripts';

interface Project {
  readonly files: Readonly<Record<string, string>>;
  /** The script; `./lib` is imported if left out. */
  readonly script?: string;
  /** Errors as `file:code`; none if left out. */
  readonly errors?: readonly string[];
}

const json = (options: object, more: object = {}) => JSON.stringify({ compilerOptions: options, ...more });
/** An error only where types are strict. */
const loose = 'export function f(x) { return x }\nexport const n: number = null\n';
const wrong = 'export const wrong: number = "text"\n';

const projects: Readonly<Record<string, Project>> = {
  'no tsconfig: as strict as an entry': { files: { 'lib.ts': wrong }, errors: ['lib.ts:2322'] },
  'a module of a module, and one that is imported dynamically': {
    files: { 'lib.ts': "export * from './deep/more'\n", 'deep/more.ts': wrong, 'late.tsx': wrong },
    script: "import './lib'\nawait import('./late')",
    errors: ['deep/more.ts:2322', 'late.tsx:2322'],
  },
  'a syntax error': { files: { 'lib.ts': 'export const a = ;\n' }, errors: ['lib.ts:1109'] },
  'strict is as the project says': {
    files: { 'tsconfig.json': json({ strict: true }), 'lib.ts': loose },
    errors: ['lib.ts:7006', 'lib.ts:2322'],
  },
  'loose where the project does not ask for more': { files: { 'tsconfig.json': json({}), 'lib.ts': loose } },
  'loose still finds what is wrong': { files: { 'tsconfig.json': json({}), 'lib.ts': wrong }, errors: ['lib.ts:2322'] },
  'paths, comments in the tsconfig, extends': {
    files: {
      'tsconfig.json': '{ // of the project\n  "extends": "./base.json", }',
      'base.json': json({ baseUrl: '.', paths: { '@/*': ['src/*'] } }),
      'lib.ts': "import { k } from '@/k'\nexport const twice: number = k * 2\n",
      'src/k.ts': 'export const k = 21\n',
    },
  },
  'module settings of CommonJS, and of Node': {
    files: {
      'tsconfig.json': json({
        module: 'commonjs',
        moduleResolution: 'node',
        target: 'es5',
        verbatimModuleSyntax: true,
        rootDir: './nowhere',
      }),
      'lib.ts': "import fs = require('fs')\nimport { K } from './other'\nexport const k: K = fs.existsSync('x') ? 1 : 2\n",
      'other.ts': 'export type K = 1 | 2\n',
    },
  },
  'jsx, and what browsers have': {
    files: {
      'tsconfig.json': json({ jsx: 'react-jsx', lib: ['dom', 'es2022'] }),
      'lib.tsx':
        'declare global { namespace JSX { interface IntrinsicElements { p: object } } }\nexport const title = () => document.title\n',
    },
  },
  'types of the project, and its own declarations': {
    files: {
      'tsconfig.json': json({ types: ['given'] }, { include: ['**/*'] }),
      'node_modules/@types/given/index.d.ts': 'declare const given: number\n',
      'node_modules/@types/given/package.json': '{ "name": "@types/given", "version": "1.0.0", "types": "index.d.ts" }',
      'types/shims.d.ts': "declare module '*.svg' { const text: string; export default text }\ndeclare const shimmed: string\n",
      'lib.ts':
        "import icon from './icon.svg'\nexport const all: [number, string, string] = [given, shimmed, icon + process.pid]\n",
    },
  },
  'types: []': { files: { 'tsconfig.json': json({ types: [] }), 'lib.ts': 'export const pid: number = process.pid\n' } },
  'references to other configurations': {
    files: {
      'tsconfig.json': json({}, { files: [], references: [{ path: './tsconfig.app.json' }] }),
      'tsconfig.app.json': json({ strict: true, composite: true, paths: { '~/*': ['./src/*'] } }, { include: ['**/*.ts'] }),
      'lib.ts': `import { k } from '~/k'\nexport const n: string = k\n`,
      'src/k.ts': 'export const k = 1\n',
    },
    errors: ['lib.ts:2322'],
  },
  'what is only untidy, decorators of old, assets': {
    files: {
      'tsconfig.json': json({
        noUnusedLocals: true,
        noUnusedParameters: true,
        noImplicitOverride: true,
        experimentalDecorators: true,
      }),
      'lib.ts':
        "import './style.css'\nfunction noted(target: object, key: string) {}\nclass A { @noted m() {} }\nclass B extends A { m() {} }\nexport const b = new B()\n",
    },
  },
  'a tsconfig that is broken': { files: { 'tsconfig.json': '{ "compilerOptions": { "target": ', 'lib.ts': loose } },
  'packages and JavaScript': {
    files: {
      'node_modules/odd/package.json': '{ "name": "odd", "version": "1.0.0", "types": "index.ts" }',
      'node_modules/odd/index.ts': wrong,
      'plain.js': 'export const broken = null.x\n',
      'lib.ts': "export { wrong } from 'odd'\nexport { broken } from './plain.js'\n",
    },
  },
};

for (const [name, { files, script = "import './lib'", errors = [] }] of Object.entries(projects)) {
  test(`modules of a project: ${name}`, () => {
    const { folder } = userFolder(files);
    const result = typeService(folder).compileScript(script, { label: 'x.ts', folder, firstLine: 1 });
    const found = result.status === 'ok' ? [] : (result.modules ?? []);
    const said = found.flatMap(({ file, diagnostics }) =>
      diagnostics.map(({ code }) => `${file.slice(folder.length + 1)}:${code}`),
    );
    assert.equal([...said].sort(), [...errors].sort(), JSON.stringify(result));
    if (errors.length > 0) assert.equal(result.status === 'error' && result.diagnostics, []);
  });
}

test('at the prompt errors of a module are a warning, again only once it has changed', () => {
  const { folder, write } = userFolder({ 'lib.ts': wrong });
  const types = typeService(folder);
  const warned = (text: string) => {
    const compiled = types.compile(text);
    return compiled.status === 'ok' ? compiled.modules?.length : compiled;
  };
  assert.equal([warned("import { wrong } from './lib'"), warned("import * as lib from './lib'"), warned('1 + 1')], [1, 0, 0]);
  write('lib.ts', `${wrong}export const more: string = 5\n`);
  assert.equal([warned("import { more } from './lib'"), warned("import { more } from './lib'")], [1, 0]);
  write('lib.ts', 'export const wrong = 1\n');
  assert.is(warned("import { wrong } from './lib'"), 0);
});

test('errors of a module stop a script before it runs, unless it is not to be checked; --check only checks', async () => {
  file('mistyped.ts', `console.log('module ran')\n\n${wrong}`);
  const script = file(
    'imports-it.ts',
    "console.log('script ran')\nimport { wrong } from './mistyped'\nconsole.log(await sc.range(2).count(), wrong)\n",
  );
  const local = ['--master', 'local'];
  const stopped = await millrace([...local, script]);
  assert.equal([stopped.status, stopped.out], [1, '']);
  assert.match(stopped.err, /mistyped\.ts:3:14: error: Type 'string' is not assignable to type 'number'/);
  const ran = await millrace([...local, '--no-check', script]);
  assert.equal([ran.status, ran.err], [0, '']);
  assert.match(ran.out, /2 text\n$/);
  const checked = await millrace([...local, '--check', script]);
  assert.equal([checked.status, checked.out, checked.err], [1, '', stopped.err]);
  file('mistyped.ts', "console.log('module ran')\nexport const wrong = 1\n");
  const right = await millrace([...local, '--check', script]);
  assert.equal([right.status, right.out, right.err], [0, '', '']);
});

test.run();
