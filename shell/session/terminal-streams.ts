// Makes stdout and stderr of the session process what they are for the user: the terminal, with its size and colours.
import { syncBuiltinESMExports } from 'node:module';
import tty from 'node:tty';
import type { Screen } from '../contract/screen';

const terminalMethods = ['clearLine', 'clearScreenDown', 'cursorTo', 'moveCursor'] as const;
const defaultRows = 24;

/** The streams are pipes to the terminal process, which obeys colours and moves within the output of an entry. */
export class TerminalStreams {
  #screen: Screen = { columns: 80, color: false, live: false };

  /** A notebook shows what is live, but has no cursor. */
  get #isTerminal(): boolean {
    return this.#screen.live && !this.#screen.rich;
  }

  install(): void {
    const { isatty } = tty;
    for (const stream of [process.stdout, process.stderr]) this.#give(stream);
    // Libraries that colour their output ask for the descriptor.
    tty.isatty = (descriptor) => (descriptor === 1 || descriptor === 2 ? this.#isTerminal : isatty(descriptor));
    syncBuiltinESMExports();
  }

  /** The screen as it is from now on. */
  show(screen: Screen): void {
    const before = this.#screen;
    this.#screen = screen;
    const isSame = before.columns === screen.columns && before.rows === screen.rows;
    if (isSame || !before.live || !this.#isTerminal) return;
    for (const stream of [process.stdout, process.stderr]) stream.emit('resize');
    process.emit('SIGWINCH');
  }

  #give(stream: NodeJS.WriteStream): void {
    const shown = (value: () => unknown) => ({
      configurable: true,
      enumerable: true,
      get: () => (this.#isTerminal ? value() : undefined),
      // A test of a library may set it.
      set: (given: unknown) => {
        value = () => given;
      },
    });
    const { prototype } = tty.WriteStream;
    Object.defineProperties(stream, {
      isTTY: shown(() => true),
      columns: shown(() => this.#screen.columns),
      rows: shown(() => this.#screen.rows ?? defaultRows),
    });
    for (const name of terminalMethods)
      Object.defineProperty(stream, name, { value: prototype[name], configurable: true, writable: true });
    const getColorDepth = (env?: object) => (this.#screen.color ? prototype.getColorDepth.call(stream, env) : 1);
    Object.assign(stream, {
      getWindowSize: () => [this.#screen.columns, this.#screen.rows ?? defaultRows],
      getColorDepth,
      hasColors: (count: number | object = 16, env?: object) =>
        typeof count === 'number' ? count <= 2 ** getColorDepth(env) : 16 <= 2 ** getColorDepth(count),
    });
  }
}
