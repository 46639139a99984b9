// Other programs on the terminal: the pager of `.page`, and commands of the system. Each has the terminal and its keys until it ends.
import { shownMarks } from '../base/ascii-marks';
import { heldTerminal } from '../base/held-terminal';
import { endedByCtrlC, startSystem } from '../base/system-command';
import type { SystemEnd } from '../contract/commands';
import type { Editor } from '../editor/editor';
import { fitsScreen, pagerCommand, runPager } from './pager';

/** How long a Ctrl-C may take to be heard. */
const lateMs = 1000;

export class OtherPrograms {
  readonly #editor: Editor;
  /** Whether the terminal has a cursor. */
  readonly #paints: boolean;
  #running = 0;
  /** This process heard of a Ctrl-C while the program ran. */
  #heard = false;
  /** Until when one more may be heard that ended the program. */
  #lateUntil = 0;

  constructor(editor: Editor, { paints }: { readonly paints: boolean }) {
    this.#editor = editor;
    this.#paints = paints;
  }

  /** Whether a Ctrl-C that this process hears of is meant for another program. */
  takeInterrupt(): boolean {
    const isLate = performance.now() < this.#lateUntil;
    this.#lateUntil = 0;
    if (this.#running > 0) this.#heard = true;
    return this.#running > 0 || isLate;
  }

  /** Shows a long text in the pager. */
  async page(text: string, setting: string): Promise<void> {
    const { columns = 80, rows = 24 } = process.stdout;
    // A pager reads the text from its input, which a terminal elsewhere cannot give it.
    const command = this.#paints && !heldTerminal() ? pagerCommand(setting) : undefined;
    if (!command || fitsScreen(text, { columns, rows })) {
      this.#editor.print(`${text}\n`);
      return;
    }
    if (await this.#lend(() => runPager(command, `${shownMarks(text)}\n`))) return;
    this.#editor.print(`(The pager ${command[0]} cannot be started; .set pager chooses another.)\n`);
    this.#editor.print(`${text}\n`);
  }

  /** Runs a command of the system. */
  system(command: string, folder: string): Promise<SystemEnd> {
    return this.#lend(async () => {
      this.#heard = false;
      const end = await startSystem(command, { folder }).ended;
      // Both got the signal; on a busy machine this process may hear of it only after the end of the other.
      if (endedByCtrlC(end) && !this.#heard) this.#lateUntil = performance.now() + lateMs;
      if (this.#paints) process.stdout.write(onNewLine(process.stdout.columns || 80));
      return end;
    });
  }

  async #lend<T>(run: () => Promise<T>): Promise<T> {
    const takeBack = this.#editor.lend();
    this.#running++;
    try {
      return await run();
    } finally {
      this.#running--;
      takeBack();
    }
  }
}

/** Puts the cursor at the start of a line: blanks fill the rest of one that was not ended, and wrap. Colours end, the cursor is seen. */
const onNewLine = (columns: number) => `\x1b[0m\x1b[?25h${' '.repeat(columns)}\r\x1b[K`;
