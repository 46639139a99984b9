// The archive that `npm pack` makes: npm installs it into an empty folder, where a line runs, a program finds its API, and its documents are whole.
// time limit: 240 s
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { globSync } from 'tinyglobby';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const run = promisify(execFile);
const root = join(__dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'));
const installed = join(folder, 'node_modules', 'millrace');

interface Locked {
  readonly dev?: boolean;
  readonly [key: string]: unknown;
}

const readJson = (file: string) => JSON.parse(readFileSync(file, 'utf8'));

/** A lockfile for the folder with our versions, so that npm takes them from the cache that `npm ci` filled. */
function lockfile(archive: string): unknown {
  const { name, version, dependencies, bin, engines } = readJson(join(root, 'package.json'));
  const locked: [string, Locked][] = Object.entries(readJson(join(root, 'package-lock.json')).packages);
  const needed = locked.filter(([path, { dev }]) => path !== '' && !dev);
  return {
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': { dependencies: { [name]: `file:${archive}` } },
      [`node_modules/${name}`]: { version, resolved: `file:${archive}`, dependencies, bin, engines },
      ...Object.fromEntries(needed),
    },
  };
}

const test = suite('pack');

test.before(async () => {
  // The build is there: what npm runs before packing would make it again.
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: root });
  const archive = stdout.trim().split('\n').at(-1)!;
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ dependencies: { millrace: `file:${archive}` } }));
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lockfile(archive)));
  await run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund', '--silent'], { cwd: folder });
});

test.after(() => rmSync(folder, { recursive: true, force: true }));

test('nothing that comes with it runs a script at its installation', () => {
  const locked: [string, Locked][] = Object.entries(readJson(join(root, 'package-lock.json')).packages);
  assert.equal(
    locked.filter(([path, { dev, hasInstallScript }]) => path !== '' && !dev && hasInstallScript).map(([path]) => path),
    [],
  );
  assert.is(existsSync(join(folder, 'node_modules', 'esbuild')), false);
});

test('a line runs on executors', async () => {
  const millrace = join(folder, 'node_modules', '.bin', 'millrace');
  const { stdout } = await run(millrace, ['--master', 'local[1]', '-e', 'console.log(await sc.range(10).sum())'], {
    cwd: folder,
  });
  assert.is(stdout.trim(), '45');
});

test('a program finds the API and the models', async () => {
  const program = `
    const { connect } = require('millrace');
    const { from } = require('millrace/models');
    connect('local[1]').then(async (sc) => {
      console.log(await from(sc.parallelize([1, 2, 3])).where((x) => x > 1).count());
      await sc.stop();
    });`;
  const { stdout } = await run(process.execPath, ['-e', program], { cwd: folder });
  assert.is(stdout.trim(), '2');
});

/** The errors that the installed compiler finds in a folder, as an editor would show them. */
async function errorsIn(project: string): Promise<string> {
  const compiler = join(installed, '..', 'typescript', 'bin', 'tsc');
  const { stdout } = await run(process.execPath, [compiler, '--noEmit', '--pretty', 'false', '-p', project]).catch(
    (failed) => failed,
  );
  return stdout;
}

const script = `
const long = args[0] === 'long';
const words: RDD<string> = sc.textFile(__filename).flatMap((line) => line.split(' '));
const kinds = {};
console.log(await words.filter((word) => word.length > 3 === long).count(), import.meta.main, StorageLevel.MEMORY_ONLY, kinds);
stream('1s').queueStream([sc.parallelize([1])]).foreachRDD((rdd) => rdd.count().then(console.log));
`;

test('millrace init makes the names of scripts known to editors, and shows their mistakes', async () => {
  const project = join(folder, 'scripts');
  mkdirSync(project);
  const millrace = join(folder, 'node_modules', '.bin', 'millrace');
  const { stdout } = await run(millrace, ['init'], { cwd: project });
  assert.match(stdout, /millrace\.d\.ts written[\s\S]*tsconfig\.json written/);
  writeFileSync(join(project, 'first.ts'), script);
  writeFileSync(join(project, 'second.ts'), `import { from } from 'millrace/models';\n${script}from(words);`);
  assert.is(await errorsIn(project), '');
  writeFileSync(join(project, 'wrong.ts'), 'const n: string = await sc.range(10).count();\nsc.texFile("x");');
  const errors = await errorsIn(project);
  assert.match(errors, /wrong\.ts\(1,7\): error TS2322: Type 'number' is not assignable to type 'string'/);
  assert.match(
    errors,
    /wrong\.ts\(2,4\): error TS2551: Property 'texFile' does not exist on type 'Context'\. Did you mean 'textFile'/,
  );
});

test('every link and picture of its documents is in the archive', () => {
  const documents = globSync(['*.md', 'docs/*.md'], { cwd: installed });
  assert.ok(documents.length > 10, `${documents.length} documents`);
  // The map is of the sources, which only the repository has.
  const read = documents.filter((document) => document !== 'MAP.md');
  const broken = read.flatMap((document) => {
    const links = [...readFileSync(join(installed, document), 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)];
    return links
      .map(([, link]) => link)
      .filter((link) => !existsSync(join(installed, dirname(document), link)))
      .map((link) => `${document}: ${link}`);
  });
  assert.equal(broken, []);
});

test.run();
