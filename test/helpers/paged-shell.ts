// A shell at a prompt with its pages: entries typed, links taken from the screen, and all of its processes gone at the end.
import type { Page } from 'playwright-core';
import { Shell } from './prompt';
import { allGone, descendants, keys, type Terminal } from './terminal';
import { within } from './within';

export class PagedShell {
  readonly terminal: Terminal;
  readonly #shell: Shell;

  private constructor(shell: Shell) {
    this.#shell = shell;
    this.terminal = shell.terminal;
  }

  static async start(): Promise<PagedShell> {
    // Wide, so that an address stays in one row; without a desktop, so that no browser of the machine's is opened.
    const shell = new Shell({ columns: 160, env: { DISPLAY: '', WAYLAND_DISPLAY: '' } });
    await shell.terminal.waitFor(/^>$/m);
    return new PagedShell(shell);
  }

  entry(text: string, wanted: RegExp): Promise<void> {
    return this.#shell.entry(text.includes('\n') ? keys.paste(text) : text, wanted, 20_000);
  }

  /** The shell's own process, and all that it started. */
  processes(): number[] {
    return [this.terminal.pid, ...descendants(this.terminal.pid)];
  }

  /** The link that `.ui` prints. */
  async link(): Promise<string> {
    const links = () => this.terminal.everything().match(/http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}/g) ?? [];
    const before = links().length;
    await this.entry('.ui', /works once/);
    const link = links().at(before);
    if (link === undefined) throw new Error(`.ui printed no link:\n${this.terminal.screen()}`);
    return link;
  }

  /** Leaves as a user does. */
  async leave(): Promise<void> {
    const processes = this.processes();
    this.terminal.type('.exit\r');
    await within(10_000, this.terminal.exited, 'the end of the shell');
    await this.terminal.close();
    await allGone(processes, 4_000);
  }
}

/** Opens the pages by a fresh link, which ends at an address without the token. */
export async function openPages(page: Page, shell: PagedShell): Promise<void> {
  const link = await shell.link();
  await page.goto(link);
  await page.locator('.link.live').waitFor();
  if (page.url() !== `${new URL(link).origin}/`) throw new Error(`the token stays in the address: ${page.url()}`);
}
