// One receiver process as the driver sees it: how it is spawned, told what to do, and how its end is put into words.
import { type ChildProcess, spawn } from 'node:child_process';
import { asError } from '../../runtime/base/errors';
import { drainMs } from '../limits';
import { environment, killGroup } from '../process/child-process';
import { exitReason } from '../process/exit-codes';
import { LineReader, type OutputListener } from '../process/output-lines';
import { checkFromReceiver, type FromReceiver, type ToReceiver } from './protocol';

export interface ReceiverProcessOptions {
  /** The bundled program of a receiver. */
  readonly program: string;
  readonly onOutput: OutputListener;
  readonly onMessage: (message: FromReceiver) => void;
  /** Told once, when the process is gone and all that it said was heard. */
  readonly onExit: (reason: string) => void;
}

export class ReceiverProcess {
  readonly #child: ChildProcess;
  readonly #options: ReceiverProcessOptions;
  #told = false;
  #broken: string | undefined;

  constructor(options: ReceiverProcessOptions) {
    this.#options = options;
    // Functions of the user's that import modules make Node warn of its own means.
    this.#child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', options.program], {
      // Its stdin stays open as long as this process lives: so it sees the end of a driver that had no time to say so.
      stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
      // Bytes travel as bytes; the messages themselves are checked field by field.
      serialization: 'advanced',
      env: environment(),
      detached: true,
    });
    this.#watch();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  send(message: ToReceiver): void {
    // One that is gone is told by its exit.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  kill(): void {
    if (this.#child.pid !== undefined) killGroup(this.#child.pid);
  }

  #watch(): void {
    const child = this.#child;
    const { onOutput, onMessage } = this.#options;
    const [stdout, stderr] = [new LineReader('stdout', onOutput), new LineReader('stderr', onOutput)];
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin?.on('error', () => {});
    child.on('message', (message) => {
      if (this.#told) return;
      try {
        onMessage(checkFromReceiver(message));
      } catch (error) {
        this.#broken = asError(error).message;
        this.kill();
      }
    });
    const gone = (reason: string) => {
      if (this.#told) return;
      this.#told = true;
      stdout.end();
      stderr.end();
      this.#options.onExit(reason);
    };
    child.once('error', (error) => gone(`it could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      this.kill();
      const tell = () => gone(this.#broken ?? exitReason(code, signal, stderr.lastLines));
      // Its last messages are still on their way; a process that it left behind may hold the pipes open for ever.
      child.once('close', tell);
      setTimeout(tell, drainMs);
    });
  }
}
