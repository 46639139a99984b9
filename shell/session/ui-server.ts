// `.ui`: starts the session's pages on first use, and opens a browser if there is a desktop.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { SessionFolder } from '../../cluster/driver/session-folder';
import type { StatusPages } from '../../cluster/ui/pages';
import type { PageSource } from '../../cluster/ui/views/source';
import { MillraceError } from '../../runtime';
import type { Screen } from '../contract/screen';

export class ShellPages {
  readonly #source: PageSource;
  #pages: Promise<StatusPages> | undefined;
  #folder: SessionFolder | undefined;

  constructor(source: PageSource) {
    this.#source = source;
  }

  /** Runs `.ui` or `.ui stop`; returns the text to print. */
  async command(word: unknown, { live }: Screen): Promise<string> {
    if (word === 'stop') return (await this.close()) ? 'the pages have ended' : 'no pages are open';
    if (word !== undefined)
      throw new MillraceError('BAD_ARGUMENT', {
        operation: '.ui',
        argument: 'its word',
        value: String(word),
        rule: 'left out, or stop',
        remedy: 'Write .ui or .ui stop.',
      });
    const pages = await this.#open();
    const opener = live ? openerOf(process.env, process.platform) : undefined;
    if (opener) this.#show(pages.link(), opener);
    const { foreign } = this.#source.sc.engine.status;
    const others = foreign?.pages ? `\n${foreign.name} has pages of its own at ${foreign.pages}` : '';
    return `${pages.link()}\n(works once; .ui makes another link, .ui stop ends the pages)${others}`;
  }

  #open(): Promise<StatusPages> {
    if (this.#pages) return this.#pages;
    // Loaded on demand: most sessions never open a page.
    const { StatusPages: made }: typeof import('../../cluster/ui/pages') = require('../../cluster/ui/pages');
    const opened = made.open(this.#source);
    this.#pages = opened;
    opened.catch(() => {
      this.#pages = undefined;
    });
    return opened;
  }

  /** Opens the browser with a file that only this user can read, because every user can see a process's arguments. */
  #show(link: string, opener: string): void {
    const html = `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=${link}"><title>Millrace</title>`;
    let file: string;
    try {
      this.#folder ??= SessionFolder.make();
      file = path.join(this.#folder.path, 'open.html');
      writeFileSync(file, html, { mode: 0o600 });
    } catch {
      // On a full disk the user copies the address.
      return;
    }
    const browser = spawn(opener, [file], { stdio: 'ignore', detached: true });
    // Without that program the user copies the address.
    browser.on('error', () => {});
    browser.unref();
  }

  /** Ends the pages; returns whether there were any. */
  async close(): Promise<boolean> {
    const pages = this.#pages;
    this.#pages = undefined;
    await this.#folder?.remove();
    this.#folder = undefined;
    // A failed open was reported at that time.
    const opened = await pages?.catch(() => undefined);
    await opened?.close();
    return opened !== undefined;
  }
}

/** The program that opens a file in the user's browser, where there is a desktop to show it on. */
export function openerOf(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string | undefined {
  if (env.SSH_CONNECTION !== undefined) return undefined;
  if (platform === 'darwin') return 'open';
  return platform === 'linux' && (env.DISPLAY || env.WAYLAND_DISPLAY) ? 'xdg-open' : undefined;
}
