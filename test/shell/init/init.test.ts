// `millrace init` in folders of projects: what it writes, what it says a tsconfig lacks, and that a script then has no false error.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { folder, millrace } from '../../helpers/scripts';

const run = promisify(execFile);
const compiler = path.join(__dirname, '../../../node_modules/typescript/bin/tsc');

let made = 0;

/** A folder with these files. */
function project(files: Readonly<Record<string, unknown>> = {}): string {
  const name = path.join(folder, `project-${++made}`);
  mkdirSync(name);
  for (const [file, content] of Object.entries(files))
    writeFileSync(path.join(name, file), typeof content === 'string' ? content : JSON.stringify(content));
  return name;
}

const init = (cwd: string, ...more: string[]) => millrace(['init', ...more], { input: null, cwd });

async function errorsIn(cwd: string): Promise<string> {
  const { stdout } = await run(process.execPath, [compiler, '--noEmit', '-p', cwd]).catch((failed) => failed);
  return stdout;
}

const script = "const words = sc.textFile(args[0]).flatMap((line) => line.split(' '));\nconsole.log(await words.count(), RDD);\n";

test('an empty folder gets both files, which a second time leaves alone', async () => {
  const cwd = project({ 'script.ts': script });
  const first = await init(cwd);
  assert.is(first.status, 0);
  assert.match(first.out, /^millrace\.d\.ts written: .*\ntsconfig\.json written: /);
  assert.is(await errorsIn(cwd), '');
  const written = readFileSync(path.join(cwd, 'tsconfig.json'), 'utf8');
  const second = await init(cwd);
  assert.match(
    second.out,
    /^millrace\.d\.ts is there already, .*\ntsconfig\.json is there already, and its options fit scripts\./,
  );
  assert.is(readFileSync(path.join(cwd, 'tsconfig.json'), 'utf8'), written);
});

test('a tsconfig stays, and what it lacks for scripts is named; with that, no error is left', async () => {
  const own = { compilerOptions: { target: 'ES2020', module: 'CommonJS', moduleResolution: 'Bundler', skipLibCheck: true } };
  const cwd = project({ 'tsconfig.json': own, 'script.ts': script });
  const { out } = await init(cwd);
  assert.match(out, /tsconfig\.json is there already\. For scripts, "compilerOptions" in it needs:/);
  const lines = out.split('\n').filter((line) => line.startsWith('    '));
  assert.equal(
    lines.map((line) => /"(\w+)"/.exec(line)![1]),
    ['target', 'module', 'moduleDetection', 'paths'],
  );
  assert.is.not(await errorsIn(cwd), '');
  const added = JSON.parse(`{${lines.join('').replace(/,$/, '')}}`);
  writeFileSync(
    path.join(cwd, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...own.compilerOptions, ...added, module: 'ESNext' } }),
  );
  assert.is(await errorsIn(cwd), '');
  assert.match((await init(cwd)).out, /its options fit scripts/);
});

test('what includes only other files is named; modules of Node count by the package.json', async () => {
  const nodes = { module: 'NodeNext', target: 'ES2022', moduleDetection: 'force' };
  const files = { 'tsconfig.json': { compilerOptions: nodes, include: ['src'] }, 'a.ts': '' };
  assert.match((await init(project({ ...files, 'package.json': { type: 'module' } }))).out, /leaves millrace\.d\.ts out/);
  assert.not.match((await init(project({ ...files, 'package.json': { type: 'module' } }))).out, /"module":/);
  assert.match((await init(project(files))).out, /"module": "ESNext"/);
});

test('the names of scripts are no names of modules', async () => {
  const cwd = project({
    'module.ts': 'export const n = () => sc.range(3).count();\n',
    'main.ts': "import { n } from './module';\nn();\n",
  });
  await init(cwd);
  const { status, err } = await millrace(['--check', 'main.ts'], { input: null, cwd });
  assert.is(status, 1);
  assert.match(err, /module\.ts.*[\s\S]*Cannot find name 'sc'/);
});

test('a word too many is a wrong command line', async () => {
  const { status, err } = await init(folder, 'here');
  assert.is(status, 2);
  assert.match(err, /too many arguments for 'init'/);
});

test.run();
