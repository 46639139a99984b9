// Real servers of SQL databases on loopback: PostgreSQL and MariaDB of the system, each in a folder of its own, which the test ends.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { globSync } from 'tinyglobby';
import { freePort } from './free-port';
import { until } from './within';

const startMs = 60_000;
/** Mirrors of packages that do not answer are given up after this long. */
const installMs = 300_000;

/** Who connects; no text may show the password. */
export const databaseUser = { user: 'tester', password: 'sql-SECRET-91c4' };

/** A server that a test started. */
export interface SqlServer {
  /** With user and password, and a database `shop`. */
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** Debian's packages, where they may be installed; why not, where they may not. */
export function missingForSql(): string | undefined {
  if (postgresFolder() && existsSync('/usr/sbin/mariadbd')) return undefined;
  const script = join(__dirname, '../install-databases.sh');
  const { status, stderr } = spawnSync('sh', [script], { encoding: 'utf8', timeout: installMs });
  return status === 0 ? undefined : stderr.trim() || 'apt-get took too long';
}

const postgresFolder = (): string | undefined => globSync('/usr/lib/postgresql/*/bin/initdb')[0]?.replace(/\/initdb$/, '');

function run(command: string, words: readonly string[], options: object = {}): void {
  const { status, stderr, stdout, error } = spawnSync(command, words, { encoding: 'utf8', ...options });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${error?.message ?? ''}${stderr}${stdout}`);
}

/** Servers refuse to run as root: then as somebody who may do nothing. */
const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

function ownFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), name));
  chmodSync(folder, 0o755);
  if (nobody.uid !== undefined) chownSync(folder, nobody.uid, nobody.gid);
  return folder;
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });

/** Starts a server and waits until it takes connections. */
async function started(
  folder: string,
  port: number,
  command: string,
  words: readonly string[],
  isReady: () => boolean,
): Promise<() => Promise<void>> {
  const child: ChildProcess = spawn(command, words, { stdio: 'ignore', cwd: folder, ...nobody });
  const exit = new Promise((resolve) => child.once('exit', resolve));
  const stop = async () => {
    child.kill('SIGKILL');
    await exit;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await until(
      startMs,
      async () => {
        if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}`);
        return (await listens(port)) && isReady();
      },
      `the start of ${command}`,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

export async function startPostgres(): Promise<SqlServer> {
  const folder = ownFolder('postgres-');
  const programs = postgresFolder() ?? '';
  const { user, password } = databaseUser;
  const data = join(folder, 'data');
  const secret = join(folder, 'password');
  writeFileSync(secret, password);
  chmodSync(secret, 0o644);
  const words = ['-D', data, '-U', user, '--pwfile', secret, '-A', 'scram-sha-256', '-E', 'UTF8', '--no-sync'];
  run(join(programs, 'initdb'), words, { ...nobody, cwd: folder });
  const port = await freePort();
  const settings = ['-c', 'fsync=off', '-c', `unix_socket_directories=${folder}`];
  const client = join(programs, 'psql');
  const ask = (database: string, statement: string) =>
    spawnSync(client, ['-h', '127.0.0.1', '-p', String(port), '-U', user, '-d', database, '-c', statement], {
      env: { ...process.env, PGPASSWORD: password },
    }).status === 0;
  const server = ['-D', data, '-h', '127.0.0.1', '-p', String(port), ...settings];
  const stop = await started(folder, port, join(programs, 'postgres'), server, () => ask('postgres', 'select 1'));
  if (!ask('postgres', 'create database shop')) throw new Error('no database could be made');
  return { url: `postgres://${user}:${password}@127.0.0.1:${port}/shop`, port, stop };
}

export async function startMariadb(): Promise<SqlServer> {
  const folder = ownFolder('mariadb-');
  const { user, password } = databaseUser;
  const data = join(folder, 'data');
  run(
    'mariadb-install-db',
    ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db'],
    {
      ...nobody,
      cwd: folder,
    },
  );
  const port = await freePort();
  const socket = join(folder, 'socket');
  const settings = ['--no-defaults', `--datadir=${data}`, `--socket=${socket}`, `--port=${port}`, '--bind-address=127.0.0.1'];
  const statements = `create database shop; create user '${user}'@'%' identified by '${password}'; grant all on *.* to '${user}'@'%'`;
  const isReady = () =>
    spawnSync('mariadb', ['--no-defaults', `--socket=${socket}`, '-u', 'root', '-e', 'select 1']).status === 0;
  const stop = await started(folder, port, '/usr/sbin/mariadbd', [...settings, '--skip-name-resolve'], isReady);
  run('mariadb', ['--no-defaults', `--socket=${socket}`, '-u', 'root', '-e', statements]);
  return { url: `mysql://${user}:${password}@127.0.0.1:${port}/shop`, port, stop };
}
