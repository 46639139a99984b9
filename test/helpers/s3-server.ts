// An S3 server of its own for a test file: moto, on a port of this machine, in a process that the test ends.
import { type ChildProcess, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { send } from '../../cluster/files/request';
import { encoded, signedHeaders } from '../../cluster/files/s3-signature';
import { freePort } from './free-port';
import { pythonWith } from './python';
import { until } from './within';

/** What the tests sign with; the server takes any, and no text may show the second. */
export const keys = { id: 'AKIATESTTESTTEST', secret: 'wJalrXUtnFEMISECRET' };

export class S3Server {
  readonly endpoint: string;
  readonly #process: ChildProcess;

  private constructor(endpoint: string, process: ChildProcess) {
    this.endpoint = endpoint;
    this.#process = process;
  }

  /** Starts one with a bucket `data`. Throws where it cannot be installed. */
  static async start(): Promise<S3Server> {
    const found = pythonWith('moto');
    if ('missing' in found) throw new Error(found.missing);
    const port = await freePort();
    const child = spawn(join(dirname(found.python), 'moto_server'), ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
    const server = new S3Server(`http://127.0.0.1:${port}`, child);
    await until(
      60_000,
      () =>
        server.put('', '').then(
          () => true,
          () => false,
        ),
      'the S3 server',
    );
    return server;
  }

  /** The environment of a program that uses it. */
  get environment(): Record<string, string> {
    const { id, secret } = keys;
    return {
      AWS_ACCESS_KEY_ID: id,
      AWS_SECRET_ACCESS_KEY: secret,
      AWS_ENDPOINT_URL_S3: this.endpoint,
      AWS_REGION: 'eu-central-1',
    };
  }

  /** Writes an object of the bucket, or makes the bucket itself for ''. */
  async put(key: string, text: string | Uint8Array): Promise<void> {
    const url = new URL(`${this.endpoint}/data${key && '/'}${key.split('/').map(encoded).join('/')}`);
    const body = Buffer.from(text);
    const region = 'us-east-1';
    const headers = (to: URL) => signedHeaders({ method: 'PUT', url: to, headers: {}, body, region, keys, at: new Date() });
    const { status } = await send({ method: 'PUT', url, headers, body, mostBytes: 1 << 20 });
    if (status !== 200) throw new Error(`PUT ${key}: ${status}`);
  }

  stop(): void {
    this.#process.kill('SIGKILL');
  }
}
