// Runs the commands of `pipe` beside the thread of the tasks: a thread of their own starts them, and passes on what they read and write.
import { readFileSync } from 'node:fs';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { CommandNews, RunningCommand, StartCommand } from '../../runtime/exec/files/pipe';
import { commandAheadBytes, commandErrorBytes, commandErrorShown } from '../base/limits';

type Heard = CommandNews | { readonly kind: 'started'; readonly pid: number } | { readonly kind: 'said'; readonly text: string };

/** Plain text, so that no file is needed for it: it loads as fast in a test as in the shell. */
const thread = `
const { parentPort } = require('node:worker_threads');
const { spawn } = require('node:child_process');
parentPort.on('message', ({ port, news, file, args, cwd, env, ahead, errorBytes, shown }) => {
  const tell = (message) => { port.postMessage(message); Atomics.add(news, 0, 1); Atomics.notify(news, 0); };
  const end = (failure) => { if (ended) return; ended = true; tell({ kind: 'ended', failure }); port.close(); };
  let ended = false, reason, said = '', errors = 0, untaken = 0, child;
  try {
    child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: 'pipe' });
  } catch (e) {
    return end(e.message);
  }
  if (child.pid !== undefined) tell({ kind: 'started', pid: child.pid });
  child.on('error', (e) => end(e.message));
  child.stdin.on('error', () => tell({ kind: 'deaf' }));
  child.stdout.on('data', (bytes) => {
    untaken += bytes.length;
    if (untaken > ahead) child.stdout.pause();
    tell({ kind: 'output', bytes });
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text.length;
    said = (said + text).slice(-errorBytes);
    if (errors > errorBytes && reason === undefined) { reason = 'it wrote too much to stderr'; child.kill('SIGKILL'); }
  });
  child.on('close', (status, signal) => {
    const text = said.trimEnd();
    if (status === 0) { if (text !== '') tell({ kind: 'said', text }); return end(undefined); }
    const how = reason ?? (signal === null ? 'it ended with status ' + status : 'it was killed by ' + signal);
    end(text === '' ? how : how + ': ' + text.slice(-shown));
  });
  port.on('message', (message) => {
    if (message.kind === 'input') child.stdin.write(message.bytes, (e) => { if (!e) tell({ kind: 'room' }); });
    else if (message.kind === 'inputEnd') child.stdin.end();
    else if (message.kind === 'taken') { untaken -= message.bytes; if (untaken <= ahead) child.stdout.resume(); }
    else { ended = true; for (const stream of child.stdio) stream.destroy(); child.kill('SIGKILL'); port.close(); }
  });
});`;

let commands: Worker | undefined;

/** The thread of the commands, which does not hold the process. */
function commandThread(): Worker {
  if (commands) return commands;
  const worker = new Worker(thread, { eval: true, execArgv: [], stdout: true, stderr: true });
  worker.unref();
  const gone = () => {
    if (commands === worker) commands = undefined;
  };
  worker.on('error', gone);
  worker.on('exit', gone);
  commands = worker;
  return worker;
}

class ThreadCommand implements RunningCommand {
  readonly #port: MessagePort;
  /** Counts the messages of the thread: what a wait wakes up for. */
  readonly #news = new Int32Array(new SharedArrayBuffer(4));
  #pid: number | undefined;

  constructor({ args: [file, ...args], cwd, env }: Parameters<StartCommand>[0]) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const limits = { ahead: commandAheadBytes, errorBytes: commandErrorBytes, shown: commandErrorShown };
    commandThread().postMessage({ port: port2, news: this.#news, file, args, cwd, env, ...limits }, [port2]);
  }

  next(ms: number): CommandNews | undefined {
    const seen = Atomics.load(this.#news, 0);
    const news = this.#heard();
    if (news || ms === 0) return news;
    Atomics.wait(this.#news, 0, seen, ms);
    return this.#heard();
  }

  #heard(): CommandNews | undefined {
    for (;;) {
      const heard: Heard | undefined = receiveMessageOnPort(this.#port)?.message;
      if (heard?.kind === 'started') this.#pid = heard.pid;
      else if (heard?.kind === 'said') process.stderr.write(`${heard.text}\n`);
      else return heard;
    }
  }

  write(bytes: Uint8Array): void {
    this.#port.postMessage({ kind: 'input', bytes });
  }

  endInput(): void {
    this.#port.postMessage({ kind: 'inputEnd' });
  }

  taken(bytes: number): void {
    this.#port.postMessage({ kind: 'taken', bytes });
  }

  stop(): void {
    this.#heard();
    // What it started goes too, where the system tells: a shell that is killed leaves its commands behind.
    for (const pid of this.#pid === undefined ? [] : descendants(this.#pid)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
    this.#port.postMessage({ kind: 'stop' });
  }
}

/** The processes below one, as Linux tells them; none elsewhere. */
function descendants(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    return children.flatMap((child) => [child, ...descendants(child)]);
  } catch {
    return [];
  }
}

export const startCommand: StartCommand = (command) => new ThreadCommand(command);
