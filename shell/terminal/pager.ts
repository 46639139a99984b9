// The pager of `.page`: which program it is, and how the terminal is lent to it.
import { spawn } from 'node:child_process';
import { widthOf } from '../print/width';

export interface PagerSize {
  readonly columns: number;
  readonly rows: number;
}

/** The program with its arguments; undefined for none. Never run by a shell. */
export function pagerCommand(setting: string, environment: NodeJS.ProcessEnv = process.env): string[] | undefined {
  if (setting === 'off') return undefined;
  const wanted = setting === 'auto' ? environment['PAGER']?.trim() || 'less' : setting;
  return wanted.split(/\s+/);
}

/** Whether a text needs no pager. */
export function fitsScreen(text: string, { columns, rows }: PagerSize): boolean {
  const lines = text.split('\n', rows);
  // One row is for the prompt.
  return lines.length < rows && lines.every((line) => line.length <= columns * 4 && widthOf(line) <= columns);
}

/** Lets the pager read the text; settles when it is left. False where it could not be started. */
export function runPager([program, ...args]: readonly string[], text: string): Promise<boolean> {
  // Long lines are scrolled sideways, colours are shown, other controls are not obeyed.
  const env = { ...process.env, LESS: process.env['LESS'] ?? '-SR', LESSCHARSET: process.env['LESSCHARSET'] ?? 'utf-8' };
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['pipe', 'inherit', 'inherit'], env });
    child.on('error', () => resolve(false));
    child.on('close', () => resolve(true));
    // It may be left before it has read everything.
    child.stdin.on('error', () => {});
    child.stdin.end(text);
  });
}
