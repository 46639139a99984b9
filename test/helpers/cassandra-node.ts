// A real Cassandra of one node on loopback: its jars come from the Maven registry once, and the test ends it.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCluster } from '../../cluster/connectors/cassandra/client';
import { checkedCluster } from '../../cluster/connectors/cassandra/options';
import { findJava } from '../../cluster/spark/installed-spark';
import { freePort } from './free-port';
import { libraryFolder, missingLibrary } from './maven-library';
import { until } from './within';

const startMs = 180_000;
const libraryName = 'cassandra-5.0.9';

/** Who may connect; no text may show the password. */
export const account = { user: 'cassandra', password: 'cassandra' };

/** Why it cannot be started on this machine; undefined where it can. */
export function missingForCassandra(): string | undefined {
  try {
    findJava();
  } catch (error) {
    return `No Cassandra: ${(error as Error).message}`;
  }
  const missing = missingLibrary(libraryName, join(__dirname, 'cassandra', 'pom.xml'));
  return missing === undefined ? undefined : `No Cassandra: ${missing}`;
}

/** What its code reaches of the JDK. */
const exported = [
  'java.base/jdk.internal.misc',
  'java.base/jdk.internal.ref',
  'java.base/sun.nio.ch',
  'java.management.rmi/com.sun.jmx.remote.internal.rmi',
  'java.rmi/sun.rmi.registry',
  'java.rmi/sun.rmi.server',
  'java.rmi/sun.rmi.transport',
  'java.rmi/sun.rmi.transport.tcp',
  'java.sql/java.sql',
  'jdk.unsupported/sun.misc',
];
const opened = [
  'java.base/java.io',
  'java.base/java.lang',
  'java.base/java.lang.module',
  'java.base/java.lang.reflect',
  'java.base/java.net',
  'java.base/java.nio',
  'java.base/java.util',
  'java.base/java.util.concurrent',
  'java.base/java.util.concurrent.atomic',
  'java.base/jdk.internal.loader',
  'java.base/jdk.internal.math',
  'java.base/jdk.internal.module',
  'java.base/jdk.internal.ref',
  'java.base/jdk.internal.reflect',
  'java.base/sun.nio.ch',
  'java.rmi/sun.rmi.transport.tcp',
  'jdk.management/com.sun.management.internal',
];

export class CassandraNode {
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly port: number;

  private constructor(folder: string, process: ChildProcess, port: number) {
    [this.#folder, this.#process, this.port] = [folder, process, port];
  }

  /** Starts one in a folder of its own, with a login. Throws where it cannot be installed. */
  static async start(): Promise<CassandraNode> {
    const missing = missingForCassandra();
    if (missing !== undefined) throw new Error(missing);
    const folder = mkdtempSync(join(tmpdir(), 'cassandra-'));
    const [storage, port] = await Promise.all([freePort(), freePort()]);
    const data = join(folder, 'data');
    const yaml = join(folder, 'cassandra.yaml');
    const logback = join(folder, 'logback.xml');
    writeFileSync(
      yaml,
      `cluster_name: millrace
num_tokens: 16
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: "127.0.0.1:${storage}"
listen_address: 127.0.0.1
storage_port: ${storage}
rpc_address: 127.0.0.1
native_transport_port: ${port}
start_native_transport: true
endpoint_snitch: SimpleSnitch
commitlog_sync: periodic
commitlog_sync_period: 10000ms
data_file_directories: [${join(data, 'data')}]
commitlog_directory: ${join(data, 'commitlog')}
saved_caches_directory: ${join(data, 'saved_caches')}
hints_directory: ${join(data, 'hints')}
cdc_enabled: false
authenticator: PasswordAuthenticator
authorizer: AllowAllAuthorizer
memtable_heap_space: 128MiB
memtable_offheap_space: 128MiB
memtable_allocation_type: heap_buffers
disk_optimization_strategy: ssd
concurrent_compactors: 1
auto_snapshot: false
key_cache_size: 8MiB
`,
    );
    writeFileSync(
      logback,
      '<configuration><appender name="C" class="ch.qos.logback.core.ConsoleAppender"><encoder><pattern>%d %p %c{1} %m%n</pattern></encoder></appender><root level="WARN"><appender-ref ref="C"/></root></configuration>',
    );
    const flags = [
      ...['-ea:none', '-Xms512m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Djdk.attach.allowAttachSelf=true'],
      ...exported.flatMap((name) => ['--add-exports', `${name}=ALL-UNNAMED`]),
      ...opened.flatMap((name) => ['--add-opens', `${name}=ALL-UNNAMED`]),
      `-Dcassandra.config=file://${yaml}`,
      `-Dcassandra.storagedir=${data}`,
      '-Dcassandra-foreground=yes',
      '-Dcassandra.superuser_setup_delay_ms=0',
      '-Dcassandra.skip_wait_for_gossip_to_settle=0',
      '-Dcassandra.ring_delay_ms=1000',
      '-Dcassandra.unsafesystem=true',
      `-Dio.netty.native.workdir=${folder}`,
      `-Dlogback.configurationFile=file://${logback}`,
      `-Djava.io.tmpdir=${folder}`,
    ];
    const log = join(folder, 'log');
    const out = openSync(log, 'w');
    const words = ['-cp', join(libraryFolder(libraryName), '*'), 'org.apache.cassandra.service.CassandraDaemon'];
    const child = spawn(join(findJava().home, 'bin', 'java'), [...flags, ...words], { cwd: folder, stdio: ['ignore', out, out] });
    const node = new CassandraNode(folder, child, port);
    try {
      await until(
        startMs,
        async () => {
          if (child.exitCode !== null) throw new Error(`Cassandra ended: ${readFileSync(log, 'utf8').slice(-2000)}`);
          return await node.run('select release_version from system.local').then(
            () => true,
            () => false,
          );
        },
        'Cassandra',
      );
    } catch (error) {
      await node.stop();
      throw error;
    }
    return node;
  }

  get options() {
    return { hosts: `127.0.0.1:${this.port}`, ...account };
  }

  /** Runs statements by the client itself; answers the rows of the last. */
  async run(...statements: readonly string[]): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const { cluster, login } = checkedCluster('test', this.options);
    const client = await openCluster(cluster, login);
    try {
      let rows: readonly Readonly<Record<string, unknown>>[] = [];
      for (const statement of statements) ({ rows } = await client.execute(statement, [], {}));
      return rows;
    } finally {
      await client.shutdown();
    }
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill('SIGKILL');
      await gone;
    }
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
