// The elements of a partition as lines through a command: in by a file, out by a file, so that memory is bounded on both sides.

import { mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { MillraceError } from '../../base/errors';
import { closeQuietly, diskError, removeQuietly } from '../../base/files';
import { textChunkBytes } from '../../base/limits';
import { toText } from '../../base/text-form';
import type { Command } from '../../plan/program';

import { textLines } from './text';
/** Starts a command with these descriptors as its input and output, and waits for its end; answers why it failed, if it did. */
export type RunCommand = (command: Command, input: number, output: number) => string | undefined;

interface PipeHost {
  readonly folder: string;
  readonly runCommand: RunCommand;
}

let pipings = 0;

/** One partition on its way through a command. */
export class Piping {
  readonly #command: Command;
  readonly #host: PipeHost;
  readonly #base: string;
  readonly #open: number[] = [];

  constructor(command: Command, host: PipeHost, taskId: number) {
    this.#command = command;
    this.#host = host;
    this.#base = join(host.folder, 'piped', `${taskId}.${pipings++}`);
  }

  /** The lines of the command's output. Throws COMMAND_FAILED unless it ends with status 0. */
  *run(chunks: Iterable<unknown[]>): Generator<string[]> {
    const input = `${this.#base}.in`;
    const output = `${this.#base}.out`;
    this.#write(input, chunks);
    const failure = this.#host.runCommand(this.#command, this.#openFile(input, 'r'), this.#openFile(output, 'wx'));
    this.#closeFiles();
    removeQuietly(input);
    if (failure !== undefined)
      throw new MillraceError('COMMAND_FAILED', { command: this.#command.args.join(' '), reason: failure });
    yield* textLines({ path: output, start: 0, end: Number.POSITIVE_INFINITY, form: 'plain' });
  }

  #openFile(path: string, flags: 'r' | 'wx'): number {
    try {
      mkdirSync(join(this.#host.folder, 'piped'), { recursive: true, mode: 0o700 });
      const fd = openSync(path, flags, 0o600);
      this.#open.push(fd);
      return fd;
    } catch (e) {
      return diskError(path, e);
    }
  }

  #write(path: string, chunks: Iterable<unknown[]>): void {
    const fd = this.#openFile(path, 'wx');
    let text = '';
    const flush = () => {
      const bytes = Buffer.from(text);
      text = '';
      try {
        for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
      } catch (e) {
        diskError(path, e);
      }
    };
    for (const chunk of chunks) {
      for (const x of chunk) text += `${toText(x)}\n`;
      if (text.length > textChunkBytes) flush();
    }
    flush();
  }

  #closeFiles(): void {
    for (const fd of this.#open.splice(0)) closeQuietly(fd);
  }

  /** Leaves nothing open and no file. */
  close(): void {
    this.#closeFiles();
    for (const end of ['in', 'out']) removeQuietly(`${this.#base}.${end}`);
  }
}
