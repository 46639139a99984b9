// Sessions at the prompt as documents show them: typed again in a real terminal, and compared where figures do not vary.
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Shell } from './prompt';
import { allGone, descendants, isAlive, keys, root, type Size } from './terminal';

/** An entry with its output, as lines. */
interface Step {
  readonly entry: readonly string[];
  readonly output: readonly string[];
}

export interface Scene {
  /** Lines for whoever connects to the port that the text calls 9999. */
  readonly sent?: readonly string[];
}

/** What documents write; another port is taken when the text is typed. */
const shownPort = '9999';
const columns = 100;
const stepLimitMs = 30_000;
const betweenLinesMs = 4;

function stepsOf(transcript: string): Step[] {
  const steps: { entry: string[]; output: string[] }[] = [];
  for (const line of transcript.trimEnd().split('\n')) {
    const step = steps.at(-1);
    if (/^>( |$)/.test(line)) steps.push({ entry: [line.slice(2)], output: [] });
    else if (step?.output.length === 0 && line.startsWith('… ')) step.entry.push(line.slice(2));
    else if (step) step.output.push(line);
    else throw new Error(`a session begins with an entry, not with: ${line}`);
  }
  return steps;
}

/** A text without the escapes that colour it. */
export const plainText = (painted: string): string => painted.replace(/\x1b\[[\d;]*m/g, '');

const echoOf = ({ entry }: Step): string[] => entry.map((line, at) => `${at === 0 ? '>' : '…'} ${line}`);

/** Times, rates, bars, and the figures of a live pane are other ones each time; `…` alone stands for any lines. */
function patternOf(lines: readonly string[]): string {
  const pane = lines.findIndex((line) => line.startsWith('── '));
  return lines.map((line, at) => linePattern(line, pane >= 0 && at >= pane)).join('');
}

/** Matches an output as it is written, and no other. */
export const outputPattern = (lines: readonly string[]): RegExp => new RegExp(`^${patternOf(lines)}$`);

function linePattern(line: string, isLive: boolean): string {
  if (line.trim() === '…') return '[^]*?';
  const masked = line
    .trimEnd()
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replace(/ ?[▁-▏]+/g, '[▁-▏ ]*')
    .replace(/\b\d\d:\d\d:\d\d\b/g, '\\d\\d:\\d\\d:\\d\\d')
    .replace(/\b\d+(\\\.\d+)? m?s\b/g, '[\\d.]+ m?s')
    .replace(/\b\d+(\\\.\d+)?( k)?(?= ?(KiB|MiB|\/s)\b)/g, '[\\d.]+( k)?')
    .replace(/─{2,}/g, '─+')
    .replace(/ {2,}/g, ' +');
  const counted = isLive ? masked.replace(/(?<![\\[.])\b\d+( \d{3})*\b/g, '[\\d ]+') : masked;
  return counted + ' *(\n|$)';
}

/** Sends the lines again and again. */
async function lineServer(lines: readonly string[]): Promise<Server> {
  let at = 0;
  const server = createServer((socket) => {
    const timer = setInterval(() => socket.write(`${lines[at++ % lines.length]}\n`), betweenLinesMs);
    socket.on('error', () => {}).on('close', () => clearInterval(timer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** A shell in a folder in which `samples` is what it is in the project. */
class Player {
  readonly shell: Shell;
  readonly #folder: string;
  readonly #server: Server | undefined;
  #from = 0;

  private constructor(folder: string, server: Server | undefined, env: Size['env']) {
    this.#folder = folder;
    this.#server = server;
    this.shell = new Shell({ columns, rows: 60, cwd: folder, env });
  }

  static async open({ sent }: Scene, env: Size['env'] = {}): Promise<Player> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'));
    symlinkSync(join(root, 'samples'), join(folder, 'samples'));
    const player = new Player(folder, sent && (await lineServer(sent)), env);
    await player.shell.terminal.waitFor(/^>$/m);
    player.#from = player.shell.terminal.everything().length - '>'.length;
    return player;
  }

  get #port(): string {
    return this.#server ? String((this.#server.address() as AddressInfo).port) : shownPort;
  }

  /** All that is shown from the first entry on. */
  shown(): string {
    return this.shell.terminal.everything().slice(this.#from).replaceAll(this.#port, shownPort);
  }

  /** The same without a live pane and the prompt below it. */
  above(): string {
    return this.shown().split(/^── /m)[0].replace(/\n>$/, '');
  }

  /** All that is shown with its colours, from the first line that begins with the prompt. */
  painted(): string {
    const painted = this.shell.terminal.painted();
    const lines = painted.split('\n');
    const first = lines.findIndex((line) => plainText(line).startsWith('> '));
    return lines.slice(first).join('\n').replaceAll(this.#port, shownPort);
  }

  type({ entry }: Step): void {
    const text = entry.join('\n').replaceAll(shownPort, this.#port);
    this.shell.terminal.type((entry.length > 1 ? keys.paste(text) : text) + keys.enter);
  }

  until(holds: () => boolean, what: string, limitMs = stepLimitMs): Promise<void> {
    return this.shell.terminal.until(holds, what, limitMs);
  }

  async close(): Promise<void> {
    const { terminal } = this.shell;
    const processes = isAlive(terminal.pid) ? descendants(terminal.pid) : [];
    await terminal.close();
    await allGone(processes, 4_000);
    this.#server?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function firstDifference(steps: readonly Step[], shown: string): string {
  let pattern = '^';
  for (const step of steps) {
    const lines = [...echoOf(step), ...step.output];
    const at = lines.findIndex((_, last) => {
      const echo = patternOf(lines.slice(0, Math.min(last + 1, step.entry.length)));
      const output = patternOf(lines.slice(step.entry.length, last + 1));
      return !new RegExp(pattern + echo + output).test(shown);
    });
    if (at >= 0) return `what is printed differs from: ${lines[at]}`;
    pattern += patternOf(echoOf(step)) + patternOf(step.output);
  }
  return 'the prompt did not come back';
}

/** Types the entries of a session and waits until each is answered as it is written. */
export async function checkSession(transcript: string, scene: Scene = {}): Promise<void> {
  const steps = stepsOf(transcript);
  const player = await Player.open(scene);
  try {
    let wanted = '^';
    const done: Step[] = [];
    for (const step of steps) {
      player.type(step);
      wanted += patternOf(echoOf(step)) + patternOf(step.output);
      const pattern = new RegExp(wanted);
      const isAnswered = () => pattern.test(player.shown()) && player.shown().endsWith('\n>');
      await player.until(isAnswered, 'answer as it is written').catch((error: Error) => {
        throw new Error(`${firstDifference([...done, step], player.shown())}\n${error.message}`);
      });
      done.push(step);
    }
  } finally {
    await player.close();
  }
}

/** Only to record, never to test: nothing new for so long means that an entry is answered, and a pane shows something by then. */
const quietMs = 700;
const paneMs = 8_000;

/** Types the entries one by one, each when the one before is answered. */
async function* played(player: Player, steps: readonly Step[], scene: Scene): AsyncGenerator<Step> {
  for (const [at, step] of steps.entries()) {
    player.type(step);
    for (let seen = ''; seen !== player.above() || !player.shown().endsWith('\n>'); ) {
      seen = player.above();
      await new Promise((resolve) => setTimeout(resolve, quietMs));
    }
    if (at === steps.length - 1 && scene.sent) await new Promise((resolve) => setTimeout(resolve, paneMs));
    yield step;
  }
}

/** Types the entries again and answers the session with what is printed now; where that fits what was written, what was written stays. */
export async function recordSession(transcript: string, scene: Scene = {}): Promise<string> {
  const player = await Player.open(scene);
  try {
    const lines: string[] = [];
    const steps = stepsOf(transcript);
    let from = 0;
    for await (const step of played(player, steps, scene)) {
      const shown = step === steps.at(-1) ? player.shown().replace(/\n>$/, '') : player.above();
      const output = shown
        .slice(from)
        .trimEnd()
        .replace(/^\n/, '')
        .split('\n')
        .slice(step.entry.length)
        .map((line) => line.trimEnd());
      const isAsWritten = outputPattern(step.output).test(output.map((line) => `${line}\n`).join(''));
      lines.push(...echoOf(step), ...(isAsWritten ? step.output : output));
      from = player.above().length;
    }
    return `${lines.join('\n').trimEnd()}\n`;
  } finally {
    await player.close();
  }
}

/** The session typed again in a terminal with colours: what its last screen shows, with the escapes that colour it. */
export async function recordPainted(transcript: string, scene: Scene = {}): Promise<string> {
  const player = await Player.open(scene, { NO_COLOR: undefined, FORCE_COLOR: undefined });
  try {
    for await (const _ of played(player, stepsOf(transcript), scene));
    return `${player
      .painted()
      .replace(/\n[^\n]*$/, '')
      .trimEnd()}\n`;
  } finally {
    await player.close();
  }
}
