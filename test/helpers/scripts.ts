// The shell without a terminal, for tests: started with arguments and an input, and what came of it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { shellCommand } from './terminal';
import { within } from './within';

/** The folder that scripts start in. */
export const folder = mkdtempSync(path.join(tmpdir(), 'millrace-test-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const limitMs = 30_000;

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

type Step = readonly [printed: string, act: (pid: number) => void];

interface Given {
  /** Standard input; `null` is none at all, undefined a pipe that stays open and silent. */
  readonly input?: string | null;
  /** Called at once. */
  readonly started?: (pid: number) => void;
  /** Called when this has been printed, to stdout or stderr. */
  readonly when?: Step;
  /** The same one after the other: each is looked for in what came after the one before. */
  readonly steps?: readonly Step[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export function millrace(args: readonly string[], given: Given = { input: null }): Promise<Ended> {
  const [command, ...rest] = shellCommand(...args);
  const child = spawn(command, rest, {
    cwd: given.cwd ?? folder,
    env: { ...process.env, ...given.env },
    stdio: [given.input === null ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  if (typeof given.input === 'string') child.stdin?.end(given.input);
  given.started?.(child.pid as number);
  let out = '';
  let err = '';
  const steps = given.when ? [given.when] : [...(given.steps ?? [])];
  let fresh = '';
  const look = (text: string) => {
    fresh += text;
    if (steps.length === 0 || !fresh.includes(steps[0][0])) return;
    fresh = '';
    steps.shift()![1](child.pid as number);
  };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    look(text);
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text;
    look(text);
  });
  const ended = new Promise<Ended>((resolve) => child.once('close', (status) => resolve({ status, out, err })));
  return within(limitMs, ended, `millrace ${args.join(' ')}`).finally(() => child.kill('SIGKILL'));
}

export function file(name: string, text: string): string {
  writeFileSync(path.join(folder, name), text);
  return name;
}
