// Other programs on the terminal: the pager of `.page`, and commands of the system. Each has the terminal and its keys until it ends.
import { shownMarks } from '../base/ascii-marks';
import { startSystem } from '../base/system-command';
import type { SystemEnd } from '../contract/commands';
import type { Editor } from '../editor/editor';
import { fitsScreen, pagerCommand, runPager } from './pager';

export class OtherPrograms {
  readonly #editor: Editor;
  /** Whether the terminal has a cursor. */
  readonly #paints: boolean;
  #running = 0;

  constructor(editor: Editor, { paints }: { readonly paints: boolean }) {
    this.#editor = editor;
    this.#paints = paints;
  }

  /** Whether Ctrl-C is meant for another program. */
  get haveTerminal(): boolean {
    return this.#running > 0;
  }

  /** Shows a long text in the pager. */
  async page(text: string, setting: string): Promise<void> {
    const { columns = 80, rows = 24 } = process.stdout;
    const command = this.#paints ? pagerCommand(setting) : undefined;
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
      const end = await startSystem(command, { folder }).ended;
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
