// A real terminal for tests: a program on a pseudo-terminal, and the screen that it would show.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type IPty, spawn } from '@lydell/node-pty';
import { type IBufferCell, type IBufferLine, Terminal as Xterm } from '@xterm/headless';
import { buildSync } from 'esbuild';

export interface Size {
  readonly columns?: number;
  readonly rows?: number;
  /** What differs from the environment of the tests; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

export const root = path.resolve(__dirname, '../..');

/** Keys by name, as terminals send them. */
export const keys = {
  enter: '\r',
  altEnter: '\x1b\r',
  up: '\x1b[A',
  down: '\x1b[B',
  right: '\x1b[C',
  left: '\x1b[D',
  home: '\x1b[H',
  end: '\x1b[F',
  delete: '\x1b[3~',
  backspace: '\x7f',
  tab: '\t',
  shiftTab: '\x1b[Z',
  ctrl: (letter: string) => String.fromCharCode(letter.toUpperCase().charCodeAt(0) - 64),
  alt: (letter: string) => '\x1b' + letter,
  paste: (text: string) => `\x1b[200~${text.replaceAll('\n', '\r')}\x1b[201~`,
} as const;

const defaultWaitMs = 10_000;

export class Terminal {
  readonly #pty: IPty;
  readonly #screen: Xterm;
  readonly #watchers = new Set<() => void>();
  /** Everything the program wrote, for looking at what must never be sent. */
  raw = '';
  readonly exited: Promise<number>;
  #status: number | undefined;

  constructor(command: readonly string[], size: Size) {
    const { columns = 80, rows = 24 } = size;
    this.#screen = new Xterm({
      cols: columns,
      rows,
      scrollback: 5_000,
      allowProposedApi: true,
      reflowCursorLine: true,
    } as object);
    this.#pty = spawn(command[0], command.slice(1), {
      // Becomes TERM, whatever the environment says.
      name: size.env?.['TERM'] ?? 'xterm-256color',
      cols: columns,
      rows,
      cwd: size.cwd ?? root,
      env: environment(size),
    });
    this.#pty.onData((data) => {
      this.raw += data;
      this.#screen.write(data, () => this.#changed());
    });
    this.exited = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode, signal }) => {
        // The screen takes what it is given a little later, and the last of it counts.
        this.#screen.write('', () => {
          this.#status = signal ? 128 + signal : exitCode;
          resolve(this.#status);
          this.#changed();
        });
      });
    });
  }

  get pid(): number {
    return this.#pty.pid;
  }

  type(text: string | Buffer): void {
    // Bytes too, whatever its types say.
    this.#pty.write(text as string);
  }

  resize(columns: number, rows: number): void {
    this.#screen.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  /** The visible rows without what is blank at their ends and below: an empty prompt is `>`. */
  screen(): string {
    return this.#rows(this.#screen.buffer.active.baseY, this.#screen.buffer.active.length).trimEnd();
  }

  /** The rows that have scrolled away. */
  scrollback(): string {
    return this.#rows(0, this.#screen.buffer.active.baseY);
  }

  /** Scrollback and screen; rows that the terminal wrapped are joined. */
  everything(): string {
    return this.#rows(0, this.#screen.buffer.active.length).trimEnd();
  }

  /** The same as `everything`, with the escapes that colour it. */
  painted(): string {
    const { active } = this.#screen.buffer;
    let text = '';
    for (let row = 0; row < active.length; row++) {
      const line = active.getLine(row);
      if (row > 0 && !line?.isWrapped) text += '\n';
      if (line) text += paintedLine(line, !active.getLine(row + 1)?.isWrapped);
    }
    return text.trimEnd();
  }

  cursor(): { row: number; column: number } {
    const { cursorX, cursorY } = this.#screen.buffer.active;
    return { row: cursorY, column: cursorX };
  }

  /** Waits until the screen matches; fails with the screen as it is then. */
  async waitFor(wanted: RegExp, limitMs = defaultWaitMs): Promise<string> {
    await this.until(() => wanted.test(this.screen()), `${wanted} on the screen`, limitMs);
    return this.screen();
  }

  /** Waits until a condition holds, looked at whenever the screen changes. */
  until(condition: () => boolean, what: string, limitMs = defaultWaitMs): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        settle();
      };
      const look = () => {
        if (condition()) end(resolve);
        else if (this.#status !== undefined)
          end(() => reject(new Error(`ended with ${this.#status}; wanted ${what}:\n${this.screen()}`)));
      };
      const timer = setTimeout(() => end(() => reject(new Error(`after ${limitMs} ms no ${what}:\n${this.screen()}`))), limitMs);
      this.#watchers.add(look);
      look();
    });
  }

  /** Closes the terminal under the program, as a window that is closed or a connection that drops. */
  hangUp(): void {
    (this.#pty as unknown as { destroy(): void }).destroy();
  }

  /** Ends the program, whatever it does, and waits for its end. */
  async close(): Promise<void> {
    if (this.#status === undefined) this.#pty.kill('SIGKILL');
    await this.exited;
    this.#screen.dispose();
  }

  #changed(): void {
    for (const look of [...this.#watchers]) look();
  }

  #rows(from: number, to: number): string {
    const { active } = this.#screen.buffer;
    let text = '';
    for (let row = from; row < to; row++) {
      const line = active.getLine(row);
      if (row > from && !line?.isWrapped) text += '\n';
      const isWrapped = active.getLine(row + 1)?.isWrapped === true;
      // A wide character that did not fit left the last cell of its row empty.
      const end = isWrapped && line?.getCell(line.length - 1)?.getCode() === 0 ? line.length - 1 : undefined;
      text += line?.translateToString(!isWrapped, 0, end) ?? '';
    }
    return text;
  }
}

function environment({ env }: Size): Record<string, string> {
  const all = Object.entries({ ...process.env, NO_COLOR: '1', CI: '', ...env });
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** The escape codes of a cell's style, without those that turn it off. */
function styleOf(cell: IBufferCell): string {
  const codes = [cell.isBold() && 1, cell.isDim() && 2, cell.isUnderline() && 4, cell.isInverse() && 7];
  if (cell.isFgPalette()) codes.push(cell.getFgColor() < 8 ? 30 + cell.getFgColor() : 82 + cell.getFgColor());
  return codes.filter(Boolean).join(';');
}

function paintedLine(line: IBufferLine, isTrimmed: boolean): string {
  const width = isTrimmed ? line.translateToString(true).length : line.length;
  let text = '';
  let style = '';
  for (let column = 0; column < width; column++) {
    const cell = line.getCell(column)!;
    if (cell.getWidth() === 0) continue;
    const next = styleOf(cell);
    if (next !== style) text += (style === '' ? '' : '\x1b[0m') + (next === '' ? '' : `\x1b[${next}m`);
    style = next;
    text += cell.getChars() || ' ';
  }
  return text + (style === '' ? '' : '\x1b[0m');
}

/** Starts a program on a terminal. */
export function open(command: readonly string[], size: Size = {}): Terminal {
  return new Terminal(command, size);
}

/** The command that runs one of our sources: bundled first, so that each start is quick. */
export function bundled(file: string, ...args: string[]): string[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'millrace-test-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const outfile = path.join(folder, path.basename(file, '.ts') + '.js');
  buildSync({
    entryPoints: [path.join(root, file)],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    logLevel: 'error',
  });
  return [process.execPath, outfile, ...args];
}

/** The command that starts the built shell. */
export function shellCommand(...args: string[]): string[] {
  const built = path.join(root, 'dist/millrace.js');
  if (!existsSync(built)) throw new Error('Build first: npm run build');
  return [process.execPath, built, ...args];
}

/** The processes that a process started, and those that they started. */
export function descendants(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

/** Waits until none of the processes is left. */
export async function allGone(pids: readonly number[], limitMs: number): Promise<void> {
  const end = performance.now() + limitMs;
  while (pids.some(isAlive)) {
    if (performance.now() > end) throw new Error(`after ${limitMs} ms still alive: ${pids.filter(isAlive)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
