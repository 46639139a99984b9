// A real Chromium for the tests of the pages: the system's, driven by playwright-core; it collects what the console says against a page.
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The path of the system's Chromium. Throws where there is none: a test that did not run must not look like one that passed. */
function chromiumPath(): string {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  const found = [process.env['CHROMIUM'] ?? '', ...names.flatMap((name) => folders.map((folder) => path.join(folder, name)))];
  const program = found.find((file) => file !== '' && isProgram(file));
  if (program) return program;
  throw new Error(
    'The pages are tested in a real Chromium, and none is here: run test/install-chromium.sh, or set CHROMIUM to its path.',
  );
}

export class TestBrowser {
  readonly #browser: Browser;
  /** Errors and warnings of all pages: there must be none. */
  readonly complaints: string[] = [];

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async launch(): Promise<TestBrowser> {
    // Chromium's own sandbox does not work for root; the pages are ours.
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    return new TestBrowser(await chromium.launch({ executablePath: chromiumPath(), args }));
  }

  /** A page in a profile of its own. */
  async page(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) this.complaints.push(`${page.url()}: ${message.text()}`);
    });
    page.on('pageerror', (error) => this.complaints.push(`${page.url()}: ${error.message}`));
    return page;
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}
