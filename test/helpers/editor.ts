// The line editor alone on a pseudo-terminal, run by editor-echo.ts, which answers each entry with what it got.
import { bundled, open, type Size, type Terminal } from './terminal';

export const editorCommand = bundled('test/helpers/editor-echo.ts');

/** `args` are for editor-echo.ts: a file of earlier entries. */
export async function withEditor(size: Size, body: (terminal: Terminal) => Promise<void>, args: string[] = []): Promise<void> {
  const terminal = open([...editorCommand, ...args], size);
  try {
    await terminal.until(() => terminal.raw.includes('\x1b[?2004h'), 'the editor', 20_000);
    await body(terminal);
  } finally {
    await terminal.close();
  }
}
