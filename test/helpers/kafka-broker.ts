// A real Kafka broker on loopback (KRaft, one node): its jars come from the Maven registry once, and the test ends it.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findJava } from '../../cluster/spark/installed-spark';
import { freePort } from './free-port';
import { libraryFolder, missingLibrary } from './maven-library';
import { until } from './within';

const startMs = 120_000;
const libraryName = 'kafka-4.3.1';
const storePassword = 'storepass';

/** Who may connect to the ports with a password; no text may show it. */
export const account = { username: 'alice', password: 'kfk-SECRET-7f3a' };

/** Why it cannot be started on this machine; undefined where it can. */
export function missingForKafka(): string | undefined {
  try {
    findJava();
  } catch (error) {
    return `No Kafka: ${(error as Error).message}`;
  }
  const missing = missingLibrary(libraryName, join(__dirname, 'kafka', 'pom.xml'));
  return missing === undefined ? undefined : `No Kafka: ${missing}`;
}

const java = (name: string) => join(findJava().home, 'bin', name);

function run(command: string, words: readonly string[]): void {
  const { status, stderr, stdout } = spawnSync(command, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}${stdout}`);
}

interface Ports {
  readonly plain: number;
  readonly sasl: number;
  readonly tls: number;
  readonly controller: number;
}

export class KafkaBroker {
  readonly #folder: string;
  readonly #ports: Ports;
  #process: ChildProcess | undefined;

  private constructor(folder: string, ports: Ports) {
    this.#folder = folder;
    this.#ports = ports;
  }

  /** Starts one in a folder of its own. Throws where it cannot be installed. */
  static async start(): Promise<KafkaBroker> {
    const missing = missingForKafka();
    if (missing !== undefined) throw new Error(missing);
    const folder = mkdtempSync(join(tmpdir(), 'kafka-'));
    const [plain, sasl, tls, controller] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
    const broker = new KafkaBroker(folder, { plain, sasl, tls, controller });
    try {
      broker.#format();
      await broker.resume();
    } catch (error) {
      await broker.stop();
      throw error;
    }
    return broker;
  }

  /** The address that takes everybody. */
  get address(): string {
    return `127.0.0.1:${this.#ports.plain}`;
  }

  /** The address that wants a password, by SASL PLAIN or SCRAM. */
  get saslAddress(): string {
    return `127.0.0.1:${this.#ports.sasl}`;
  }

  /** The address that speaks TLS; its certificate is for `localhost`. */
  get tlsAddress(): string {
    return `localhost:${this.#ports.tls}`;
  }

  /** The certificate of that address, as a file. */
  get certificate(): string {
    return join(this.#folder, 'broker.pem');
  }

  get #configuration(): string {
    return join(this.#folder, 'server.properties');
  }

  #format(): void {
    const { plain, sasl, tls, controller } = this.#ports;
    const store = join(this.#folder, 'broker.p12');
    const names = ['-alias', 'broker', '-keystore', store, '-storepass', storePassword];
    const made = ['-genkeypair', '-keyalg', 'RSA', '-dname', 'CN=localhost', '-ext', 'san=dns:localhost', '-validity', '30'];
    run(java('keytool'), [...made, '-storetype', 'PKCS12', ...names]);
    run(java('keytool'), ['-exportcert', '-rfc', '-file', this.certificate, ...names]);
    const { username, password } = account;
    const login = (module: string, rest = '') => `org.apache.kafka.common.security.${module} required${rest};`;
    const settings = {
      'process.roles': 'broker,controller',
      'node.id': 1,
      'controller.quorum.voters': `1@127.0.0.1:${controller}`,
      listeners: `PLAIN://127.0.0.1:${plain},LOGIN://127.0.0.1:${sasl},TLS://localhost:${tls},CONTROLLER://127.0.0.1:${controller}`,
      'advertised.listeners': `PLAIN://127.0.0.1:${plain},LOGIN://127.0.0.1:${sasl},TLS://localhost:${tls}`,
      'controller.listener.names': 'CONTROLLER',
      'inter.broker.listener.name': 'PLAIN',
      'listener.security.protocol.map': 'PLAIN:PLAINTEXT,LOGIN:SASL_PLAINTEXT,TLS:SSL,CONTROLLER:PLAINTEXT',
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      'listener.name.login.plain.sasl.jaas.config': login('plain.PlainLoginModule', ` user_${username}="${password}"`),
      'listener.name.login.scram-sha-256.sasl.jaas.config': login('scram.ScramLoginModule'),
      'listener.name.login.scram-sha-512.sasl.jaas.config': login('scram.ScramLoginModule'),
      'listener.name.tls.ssl.keystore.location': store,
      'listener.name.tls.ssl.keystore.password': storePassword,
      'listener.name.tls.ssl.keystore.type': 'PKCS12',
      'log.dirs': join(this.#folder, 'data'),
      'num.partitions': 4,
      'offsets.topic.replication.factor': 1,
      'offsets.topic.num.partitions': 4,
      'transaction.state.log.replication.factor': 1,
      'transaction.state.log.min.isr': 1,
      'transaction.state.log.num.partitions': 4,
      'share.coordinator.state.topic.replication.factor': 1,
      'share.coordinator.state.topic.min.isr': 1,
      'group.initial.rebalance.delay.ms': 0,
      'auto.create.topics.enable': false,
      'log.cleaner.backoff.ms': 200,
      'num.network.threads': 2,
      'num.io.threads': 2,
    };
    writeFileSync(
      this.#configuration,
      Object.entries(settings)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
    const scram = ['256', '512'].flatMap((bits) => ['-S', `SCRAM-SHA-${bits}=[name=${username},password=${password}]`]);
    const words = ['format', '-t', 'MkU3OEVBNTcwNTJENDM2Qk', '-c', this.#configuration, ...scram];
    run(java('java'), [
      '-XX:TieredStopAtLevel=1',
      '-cp',
      join(libraryFolder(libraryName), '*'),
      'kafka.tools.StorageTool',
      ...words,
    ]);
  }

  /** Starts its process, on the ports and with the data of before. */
  async resume(): Promise<void> {
    const flags = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', join(libraryFolder(libraryName), '*')];
    const child = spawn(java('java'), [...flags, 'kafka.Kafka', this.#configuration], { stdio: 'ignore' });
    this.#process = child;
    const ports = [this.#ports.plain, this.#ports.sasl, this.#ports.tls];
    await until(
      startMs,
      async () => {
        if (child.exitCode !== null) throw new Error(`Kafka ended with ${child.exitCode}`);
        return (await Promise.all(ports.map(listens))).every(Boolean);
      },
      'the start of Kafka',
    );
  }

  /** The values of a topic that Kafka's own consumer of committed records sees. */
  async committed(topic: string): Promise<string[]> {
    const words = ['--bootstrap-server', this.address, '--topic', topic, '--from-beginning', '--timeout-ms', '10000'];
    const consumer = ['org.apache.kafka.tools.consumer.ConsoleConsumer', ...words, '--isolation-level', 'read_committed'];
    const flags = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', join(libraryFolder(libraryName), '*')];
    const child = spawn(java('java'), [...flags, ...consumer], { stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
    await new Promise((resolve) => child.once('close', resolve));
    return text.split('\n').slice(0, -1);
  }

  /** Ends its process at once, as a machine that fails; `resume` starts it again. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exit = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await exit;
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: 'localhost', timeout: 1_000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}
