// The home folder: what an empty, relative or missing HOME must never do is run or write files of the current folder.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { homeFolder } from '../../../runtime/base/paths';
import { exportArgument, fileArgument } from '../../../shell/repl/commands/arguments';
import { History, stateFolder } from '../../../shell/terminal/history';
import { rcFile } from '../../../shell/terminal/rc';

const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'millrace-test-')));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
mkdirSync(path.join(folder, '.config/millrace'), { recursive: true });
for (const file of ['.config/millrace/rc.ts', '.millracerc.ts'])
  writeFileSync(path.join(folder, file), 'console.log("anybody’s")');

/** Runs with this HOME, in the folder. */
function withHome<T>(home: string | undefined, body: () => T): T {
  const [before, cwd] = [process.env.HOME, process.cwd()];
  const set = (value: string | undefined) => {
    if (value === undefined) delete process.env.HOME;
    else process.env.HOME = value;
  };
  set(home);
  process.chdir(folder);
  try {
    return body();
  } finally {
    process.chdir(cwd);
    set(before);
  }
}

for (const home of ['', '.', 'relative', undefined])
  test(`HOME ${home === undefined ? 'unset' : `"${home}"`} is that of the account, and nothing of the current folder runs`, () =>
    withHome(home, () => {
      assert.is(homeFolder(), userInfo().homedir);
      const found = [rcFile({}), rcFile({ XDG_CONFIG_HOME: '.config' }), stateFolder({}), fileArgument('.load', '~/a.ts')];
      for (const file of found) assert.ok(file === undefined || path.isAbsolute(file), file);
      assert.is(rcFile({})?.startsWith(folder) ?? false, false);
    }));

test('an absolute HOME counts, with the rc file in it', () =>
  withHome(folder, () => {
    assert.is(homeFolder(), homedir());
    assert.is(rcFile({}), path.join(folder, '.config/millrace/rc.ts'));
  }));

test('commands take file: URLs, and refuse those of other machines', () => {
  assert.is(fileArgument('.load', '"file:///a/b%20c.ts"'), '/a/b c.ts');
  assert.is(exportArgument('rows file:/out,1.csv --force').file, '/out,1.csv');
  assert.throws(() => fileArgument('.load', 'https://example.org/a.ts'), /a path of this machine/);
});

test('without any home folder the history lasts for the session, and says so once', () => {
  const said: string[] = [];
  const history = new History(undefined, (message) => said.push(message));
  for (const entry of ['1', '2']) history.add(entry);
  assert.equal(history.refreshed(), ['1', '2']);
  assert.equal(said, ['The history lasts for this session only: this user has no home folder.']);
});

test.run();
