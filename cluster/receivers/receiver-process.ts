// One receiver process, seen from the driver: spawns it, sends it messages, and reports why it ended.
import { type ChildProcess, spawn } from 'node:child_process';
import { asError } from '../../runtime/base/errors';
import { environment, killGroup } from '../base/child-process';
import { exitReason } from '../base/exit-codes';
import { drainMs } from '../base/limits';
import { LineReader, type OutputListener } from '../base/output-lines';
import { checkFromReceiver, type FromReceiver, type ToReceiver } from './protocol';

export interface ReceiverProcessOptions {
  /** The bundled program of a receiver. */
  readonly program: string;
  readonly onOutput: OutputListener;
  readonly onMessage: (message: FromReceiver) => void;
  /** Called once, when the process has ended and its last messages have been read. */
  readonly onExit: (reason: string) => void;
}

export class ReceiverProcess {
  #child: ChildProcess | undefined;
  readonly #options: ReceiverProcessOptions;
  #isGone = false;
  #broken: string | undefined;

  constructor(options: ReceiverProcessOptions) {
    this.#options = options;
    try {
      // Node would warn of its experimental features when the user's functions import modules.
      this.#child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', options.program], {
        // Its stdin stays open while this process lives, so it notices even when the driver is killed.
        stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
        // Sends bytes as bytes. The messages are checked field by field.
        serialization: 'advanced',
        env: environment(),
        detached: true,
      });
      this.#watch(this.#child);
    } catch (error) {
      // Some failures of a spawn are thrown, others are events.
      setImmediate(() => options.onExit(notStarted(error)));
    }
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  send(message: ToReceiver): void {
    // If it has ended, `onExit` reports that.
    if (this.#child?.connected) this.#child.send(message, () => {});
  }

  kill(): void {
    if (this.pid !== undefined) killGroup(this.pid);
  }

  #watch(child: ChildProcess): void {
    const { onOutput, onMessage } = this.#options;
    const [stdout, stderr] = [new LineReader('receiver', 'stdout', onOutput), new LineReader('receiver', 'stderr', onOutput)];
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin?.on('error', () => {});
    child.on('message', (message) => {
      if (this.#isGone) return;
      try {
        onMessage(checkFromReceiver(message));
      } catch (error) {
        this.#broken = asError(error).message;
        this.kill();
      }
    });
    const gone = (reason: string) => {
      if (this.#isGone) return;
      this.#isGone = true;
      stdout.end();
      stderr.end();
      this.#options.onExit(reason);
    };
    child.once('error', (error) => gone(notStarted(error)));
    child.once('exit', (code, signal) => {
      this.kill();
      const report = () => gone(this.#broken ?? exitReason('receiver', code, signal, stderr.lastLines));
      // Its last messages may still be in the pipes. Do not wait for `close` alone: a child that it left behind may hold the pipes open.
      child.once('close', report);
      setTimeout(report, drainMs);
    });
  }
}

const notStarted = (error: unknown): string => `it could not be started: ${asError(error).message}`;
