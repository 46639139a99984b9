// Programs run with the code that V8 compiled of them earlier: the same answers, whatever became of that code.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runCompiled } from '../../../shell/build/run-compiled';

const compiled = suite('compiled code');
const loader = path.join(__dirname, '../../../dist/run-compiled.js');

let folder: string;
let program: string;
let code: string;

compiled.before.each(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'millrace-compiled-'));
  code = path.join(folder, 'code');
  mkdirSync(code);
  copyFileSync(loader, path.join(folder, 'run-compiled.js'));
  program = path.join(folder, 'program.js');
  writeFileSync(program, `require('./run-compiled.js').${runCompiled.name}(module, 'program.js');\n`);
  writeText(`const add = (a, b) => a + b;
console.log(add(1, 2), require.main === module, __filename, __dirname, typeof require('./beside.js'));
if (process.argv[2] === 'fail') throw new Error('there');`);
  writeFileSync(path.join(code, 'beside.js'), 'module.exports = () => {};');
});
compiled.after.each(() => rmSync(folder, { recursive: true, force: true }));

const writeText = (text: string) => writeFileSync(path.join(code, 'program.js'), text);
const run = (...flags: string[]) => execFileSync(process.execPath, [...flags, program], { encoding: 'utf8' });
const caches = () =>
  readdirSync(code)
    .filter((name) => name.endsWith('.cache'))
    .sort();
const answer = () => `3 true ${path.join(code, 'program.js')} ${folder} function\n`;

compiled('the first run keeps the code, the next ones take it and write nothing', () => {
  assert.is(run(), answer());
  assert.is(caches().length, 1);
  const cache = path.join(code, caches()[0]);
  const { mtimeMs, ino } = statSync(cache);
  assert.is(run(), answer());
  assert.equal(caches(), [path.basename(cache)]);
  assert.equal([statSync(cache).mtimeMs, statSync(cache).ino], [mtimeMs, ino]);
});

compiled('another text and other flags have code of their own', () => {
  run();
  // Of the same length: V8 itself compares no more than that.
  writeText(readFileSync(path.join(code, 'program.js'), 'utf8').replace('a + b', 'a * b'));
  assert.is(run(), answer().replace('3', '2'));
  assert.is(run('--max-old-space-size=300'), answer().replace('3', '2'));
  assert.is(run('--max-old-space-size=300'), answer().replace('3', '2'));
  assert.is(caches().length, 3);
});

compiled('code that is cut, empty or of something else is written anew', () => {
  run();
  const cache = path.join(code, caches()[0]);
  const whole = readFileSync(cache);
  for (const damaged of [whole.subarray(0, 100), Buffer.alloc(0), Buffer.alloc(whole.length), Buffer.from('something else')]) {
    writeFileSync(cache, damaged);
    assert.is(run(), answer());
    assert.is(readFileSync(cache).length > 100, true, `${damaged.length} bytes stayed`);
  }
});

compiled('a folder that cannot be written costs nothing but the time', () => {
  chmodSync(code, 0o555);
  if (process.getuid?.() === 0) {
    const asOther = { encoding: 'utf8' as const, uid: 65_534, gid: 65_534 };
    chmodSync(folder, 0o755);
    assert.is(execFileSync(process.execPath, [program], asOther), answer());
  } else assert.is(run(), answer());
  assert.equal(caches(), []);
  chmodSync(code, 0o755);
});

compiled('an error names the file and its line', () => {
  run();
  try {
    execFileSync(process.execPath, [program, 'fail'], { encoding: 'utf8', stdio: 'pipe' });
    assert.unreachable();
  } catch (error) {
    assert.match((error as { stderr: string }).stderr, /code\/program\.js:3\n/);
  }
});

compiled.run();
