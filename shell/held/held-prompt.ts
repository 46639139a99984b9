// A prompt that outlives its terminal: it has a terminal by way of the process in front of it, or none for a while.
import net, { Socket } from 'node:net';
import { Readable, Writable } from 'node:stream';
import tty from 'node:tty';
import { parseMaster } from '../../cluster/driver/master-url';
import { cardOfServer, placeOfMaster } from '../../cluster/serve/place';
import { type HeldTerminal, holdTerminal } from '../base/held-terminal';
import type { SystemEnd } from '../contract/commands';
import { frame, readFrames } from './frames';
import { frontDescriptor } from './front';
import { forgetPrompt, socketOfPrompt, writeCard } from './prompt-places';

/** Between two looks whether the server of a prompt without a terminal is still there. */
const serverCheckMs = 5_000;
const leaveLimitMs = 1_000;
const mostWaiting = 16 << 20;

class HeldPrompt implements HeldTerminal {
  readonly name: string;
  readonly #master: string;
  #front: Socket | undefined;
  #changed = () => {};
  #isRaw = false;
  #ended: ((end: SystemEnd) => void) | undefined;
  readonly input = new (class extends Readable {
    override _read(): void {}
  })();
  readonly output: Writable;
  readonly #door: net.Server;
  #hasName = true;
  #columns = 80;
  #rows = 24;

  constructor(name: string, master: string) {
    this.name = name;
    this.#master = master;
    // A terminal that reads nothing misses what it cannot hold.
    const show = (chunk: Buffer, done: () => void) =>
      this.#front && this.#front.writableLength < mostWaiting ? this.#front.write(frame('output', chunk), () => done()) : done();
    this.output = new (class extends Writable {
      override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
        show(chunk, done);
      }
    })();
    Object.assign(this.input, {
      isTTY: true,
      setRawMode: (isRaw: boolean) => {
        this.#isRaw = isRaw;
        this.#front?.write(frame('rawMode', isRaw ? 'on' : 'off'));
        return this.input;
      },
      ref: () => this.input,
      unref: () => this.input,
    });
    Object.assign(this.output, {
      isTTY: true,
      hasColors: tty.WriteStream.prototype.hasColors,
      getColorDepth: tty.WriteStream.prototype.getColorDepth,
    });
    Object.defineProperty(this.output, 'columns', { get: () => this.#columns });
    Object.defineProperty(this.output, 'rows', { get: () => this.#rows });
    this.#door = net.createServer((socket) => this.#take(socket));
    this.#door.listen(socketOfPrompt(name));
  }

  /** Another terminal takes the prompt from the one that has it. */
  #take(socket: Socket): void {
    const before = this.#front;
    this.#front = undefined;
    before?.end(frame('refused', `(another terminal has taken the prompt ${this.name})`));
    this.begin(socket);
    // As after a suspension: the prompt paints itself anew.
    process.emit('SIGCONT', 'SIGCONT');
  }

  get isDetached(): boolean {
    return this.#front === undefined;
  }

  watch(changed: () => void): void {
    this.#changed = changed;
  }

  begin(socket: Socket): void {
    this.#front = socket;
    this.#changed();
    writeCard(this.name, this.#master, true);
    readFrames(socket, (kind, body) => {
      if (socket !== this.#front) return;
      if (kind === 'keys') this.input.push(body);
      else if (kind === 'goOn') process.emit('SIGCONT', 'SIGCONT');
      else if (kind === 'ended') this.#programEnded(JSON.parse(body.toString()) as SystemEnd);
      else if (kind === 'size') this.#resize(JSON.parse(body.toString()) as [number, number]);
    });
    socket.on('error', () => this.#lose(socket));
    socket.on('close', () => this.#lose(socket));
    socket.write(frame('rawMode', this.#isRaw ? 'on' : 'off'));
  }

  #resize([columns, rows]: [number, number]): void {
    if (columns === this.#columns && rows === this.#rows) return;
    [this.#columns, this.#rows] = [columns, rows];
    this.output.emit('resize');
  }

  #programEnded(end: SystemEnd): void {
    this.#ended?.(end);
    this.#ended = undefined;
  }

  #lose(socket: Socket): void {
    if (socket !== this.#front) return;
    this.#front = undefined;
    this.#changed();
    this.#programEnded({ message: 'its terminal is gone' });
    if (this.#hasName) writeCard(this.name, this.#master, false);
  }

  detach(): void {
    const socket = this.#front;
    if (!socket) return;
    this.#lose(socket);
    socket.end(frame('detached', this.name));
  }

  suspend(): void {
    this.#front?.write(frame('suspend'));
  }

  run(program: string, args: readonly string[], folder: string): Promise<SystemEnd> {
    if (!this.#front) return Promise.resolve({ message: 'this prompt has no terminal now' });
    this.#front.write(frame('run', JSON.stringify({ program, args, folder })));
    return new Promise((resolve) => {
      this.#ended = resolve;
    });
  }

  async leave(status: number): Promise<void> {
    this.#door.close();
    this.forget();
    const { output } = this;
    const socket = this.#front;
    if (!socket) return;
    const sent = new Promise<void>((resolve) =>
      output.write('', () => socket.end(frame('left', String(status)), () => resolve())),
    );
    await Promise.race([sent, new Promise((resolve) => setTimeout(resolve, leaveLimitMs))]);
  }

  /** Gives the name free, once: after that it may be another prompt's. */
  forget(): void {
    if (this.#hasName) forgetPrompt(this.name);
    this.#hasName = false;
  }

  /** Without a terminal and without a server, nobody needs it: `end` is called. */
  watchServer(end: () => void): void {
    const parsed = parseMaster(this.#master);
    setInterval(() => {
      if (this.#front || parsed.kind !== 'served') return;
      try {
        cardOfServer(placeOfMaster(parsed));
      } catch {
        end();
      }
    }, serverCheckMs).unref();
  }
}

/** Runs the prompt of `millrace held NAME …`; `runTerminal` starts it. */
export function runHeld(name: string, master: string, runTerminal: () => void): void {
  const prompt = new HeldPrompt(name, master);
  process.env['MILLRACE_PROMPT'] = name;
  for (const [stream, own] of [
    ['stdin', prompt.input],
    ['stdout', prompt.output],
  ] as const)
    Object.defineProperty(process, stream, { value: own, configurable: true });
  holdTerminal(prompt);
  process.on('exit', () => prompt.forget());
  prompt.begin(new Socket({ fd: frontDescriptor }));
  prompt.watchServer(() => process.emit('SIGTERM', 'SIGTERM'));
  runTerminal();
}
