// The pager of `.page`: which program it is, and how the terminal is lent to it.
import { spawn } from 'node:child_process';
import { widthOf } from '../print/width';

export interface PagerSize {
  readonly columns: number;
  readonly rows: number;
}

/** The program with its arguments; undefined for none. No shell runs it. */
export function pagerCommand(setting: string, environment: NodeJS.ProcessEnv = process.env): string[] | undefined {
  if (setting === 'off') return undefined;
  const wanted = setting === 'auto' ? environment['PAGER']?.trim() || 'less' : setting;
  return wanted.split(/\s+/);
}

/** Whether a text fits the screen and needs no pager. */
export function fitsScreen(text: string, { columns, rows }: PagerSize): boolean {
  const lines = text.split('\n', rows);
  // One row is for the prompt.
  return lines.length < rows && lines.every((line) => line.length <= columns * 4 && widthOf(line) <= columns);
}

/** Runs the pager on the text; settles when the user leaves it. False if it could not be started. */
export function runPager([program, ...args]: readonly string[], text: string): Promise<boolean> {
  // less: long lines scroll sideways, colours are shown, other control characters are not obeyed.
  const env = { ...process.env, LESS: process.env['LESS'] ?? '-SR', LESSCHARSET: process.env['LESSCHARSET'] ?? 'utf-8' };
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['pipe', 'inherit', 'inherit'], env });
    child.on('error', () => resolve(false));
    child.on('close', () => resolve(true));
    // The user may leave it before it has read everything.
    child.stdin.on('error', () => {});
    child.stdin.end(text);
  });
}
