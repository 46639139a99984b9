// Streams of the session that listen on ports of this machine: their own senders are exact to the last line while a stranger floods them.
import net from 'node:net';
import WebSocket from 'ws';
import { type Context, StreamingContext } from '../../runtime/index';
import { quietDisplay } from '../helpers/streams';
import { until } from '../helpers/within';

const linesPerSecond = 200;
const stepMs = 50;
const settleMs = 60_000;

/** One listening source, its good sender, and what came out of the stream. */
interface Line {
  readonly name: string;
  port: number;
  sent: number;
  /** How often each number came. */
  readonly came: Map<number, number>;
  /** Lines of the stranger that look like the request of a page. */
  requests: number;
  strange: number;
  send(line: string): void;
  close(): void;
}

export class Sockets {
  readonly #streaming: StreamingContext;
  readonly #lines: Line[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly notices: string[] = [];
  batches = 0;
  failures = 0;

  constructor(sc: Context) {
    const display = quietDisplay((text) => {
      const opened = /^(tcp|ws): listening on .*:(\d+)$/.exec(text);
      const line = this.#lines.find(({ name }) => name === opened?.[1]);
      if (line && opened) line.port = Number(opened[2]);
      this.notices.push(text);
      if (this.notices.length > 200) this.notices.shift();
    });
    this.#streaming = new StreamingContext(sc, '500ms', { display });
    this.#streaming.addStreamingListener({
      onBatchCompleted: () => void this.batches++,
      onOutputOperationCompleted: (_, { failure }) => void (failure && this.failures++),
    });
    this.#add('tcp', this.#streaming.socketTextStream({ listen: 0 }));
    this.#add('ws', this.#streaming.webSocketStream({ listen: 0 }));
  }

  #add(name: string, stream: ReturnType<StreamingContext['socketTextStream']>): void {
    const line: Line = { name, port: 0, sent: 0, came: new Map(), requests: 0, strange: 0, send() {}, close() {} };
    this.#lines.push(line);
    // A batch may come again after an executor was lost: what counts is what each batch gives once it has succeeded.
    stream.setName(name).foreachRDD(async (rdd) => {
      const rows = await rdd.collect();
      for (const row of rows) {
        const number = /^good (\d+)$/.exec(row)?.[1];
        if (number !== undefined) line.came.set(Number(number), (line.came.get(Number(number)) ?? 0) + 1);
        else if (/HTTP\/1|^line \d/.test(row)) line.requests++;
        else line.strange++;
      }
    });
  }

  /** Starts the streams and their senders; answers the ports. */
  async start(): Promise<number[]> {
    this.#streaming.start();
    await until(settleMs, () => this.#lines.every(({ port }) => port > 0), `two listening ports (${this.notices})`);
    const [tcp, ws] = this.#lines;
    const socket = net.connect(tcp.port, '127.0.0.1');
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    tcp.send = (line) => void socket.write(`${line}\n`);
    tcp.close = () => void socket.end();
    const client = new WebSocket(`ws://127.0.0.1:${ws.port}`);
    await new Promise<void>((resolve, reject) => client.once('open', () => resolve()).once('error', reject));
    ws.send = (line) => client.send(line);
    ws.close = () => client.close();
    this.#timer = setInterval(() => this.#step(), stepMs);
    return this.#lines.map(({ port }) => port);
  }

  #step(): void {
    for (const line of this.#lines) for (let i = 0; i < (linesPerSecond * stepMs) / 1000; i++) line.send(`good ${line.sent++}`);
  }

  /** Lets everything come that was sent, ends the streams, and tells what is wrong. */
  async end(): Promise<string[]> {
    clearInterval(this.#timer);
    const missing = () => this.#lines.reduce((sum, { sent, came }) => sum + sent - came.size, 0);
    await until(settleMs, () => missing() === 0, 'the last lines').catch(() => {});
    for (const line of this.#lines) line.close();
    await this.#streaming.stop({ graceful: true });
    return this.#lines.flatMap(({ name, sent, came, requests }) => [
      ...(came.size === sent ? [] : [`${name}: ${sent - came.size} of ${sent} lines are missing`]),
      ...([...came.values()].some((times) => times !== 1) ? [`${name}: lines came more than once`] : []),
      ...(requests === 0 ? [] : [`${name}: ${requests} lines of requests passed for data`]),
    ]);
  }

  /** How the streams keep up, and what they said last where they do not. */
  get state(): string {
    const { waiting, behind } = this.#streaming;
    const late = waiting > 2 ? `, ${waiting} wait, ${Math.round(behind)} ms behind: ${this.notices.slice(-3).join(' | ')}` : '';
    return `${this.batches} batches${late}`;
  }

  get summary(): string {
    return this.#lines.map(({ name, sent, strange }) => `${name}: ${sent} lines, ${strange} of strangers`).join('; ');
  }
}
