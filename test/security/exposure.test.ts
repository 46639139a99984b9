// What other users of the machine can see of a session: no socket, and never the token.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { watchLeaks } from '../helpers/leaks';
import { ToyPool, tellingExecutor, toyExecutor } from '../helpers/pool';
import { boundAddresses, visibleText } from '../helpers/processes';

const test = suite('security: exposure');
let leaks: ReturnType<typeof watchLeaks>;
let pool: ToyPool;
let pids: number[];
let told: string;

test.before(async () => {
  await toyExecutor();
  leaks = watchLeaks();
  told = mkdtempSync(path.join(tmpdir(), 'told-'));
  pool = await ToyPool.start('local[2]', { program: await tellingExecutor(told) });
  pids = await Promise.all(pool.alive.map((id) => pool.pid(id)));
});

test('driver and executors have no internet socket: they meet in a folder that only their user can enter', () => {
  assert.equal([process.pid, ...pids].flatMap(boundAddresses), []);
  const sockets = readdirSync(pool.started.folder).filter((name) => statSync(path.join(pool.started.folder, name)).isSocket());
  assert.equal(sockets, ['driver']);
  assert.is(statSync(pool.started.folder).mode & 0o777, 0o700);
});

test('the token is in no command line, no environment and no file', async () => {
  const { token } = JSON.parse(readFileSync(path.join(told, 'e1'), 'utf8'));
  assert.match(token, /^[0-9a-f]{64}$/);
  for (const pid of [process.pid, ...pids]) assert.not.ok(visibleText(pid).includes(token));
  for (const name of readdirSync(pool.started.folder, { recursive: true }) as string[]) {
    const file = path.join(pool.started.folder, name);
    if (!statSync(file).isFile()) continue;
    assert.not.ok(readFileSync(file, 'latin1').includes(token), name);
  }
});

test('an executor has no descriptor of the driver’s', async () => {
  const targets = (await pool.run(
    'e1',
    `const fs = require('node:fs');
     return fs.readdirSync('/proc/self/fd').map((fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd) } catch { return '' } })`,
  )) as string[];
  const own = targets.filter((target) => target.startsWith('socket:'));
  assert.ok(own.length <= 4, `stdin, stdout, stderr and its one connection, but: ${targets}`);
});

test('leaves nothing behind', async () => {
  await pool.stop();
  rmSync(told, { recursive: true });
  await leaks.check();
});

test.run();
