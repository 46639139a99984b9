// The output of a script: lines of the shell begin on lines of their own, whatever the script wrote before them.

import { shownMarks } from '../base/ascii-marks';

type Stream = 'out' | 'err';

/** The last line is empty again: erased, and the cursor at its start. */
const erased = /^[\s\S]*(?:\x1b\[2K\r?|\r\x1b\[0?K)/;

export class ScriptOutput {
  // Taken before the session redirects what the user's code writes.
  readonly #write = {
    out: process.stdout.write.bind(process.stdout) as (text: string) => boolean,
    err: process.stderr.write.bind(process.stderr) as (text: string) => boolean,
  };
  /** Whether the last line lacks its newline. */
  readonly #unended = { out: false, err: false };

  /** Lines of the shell. */
  print(text: string, stream: Stream): void {
    if (this.#isUnended(stream)) this.#write[stream]('\n');
    this.output(shownMarks(text), stream);
  }

  /** What the user's code wrote. */
  output(text: string, stream: Stream): void {
    this.#write[stream](text);
    const last = text.slice(text.lastIndexOf('\n') + 1);
    const shown = last.replace(erased, '').replace(/\x1b\[[?0-9;]*[A-Za-z]|\r/g, '') !== '';
    const goesOn = last.length === text.length && !erased.test(last) && this.#unended[stream];
    this.#unended[stream] = shown || goesOn;
  }

  /** On a terminal both streams write on the same line. */
  #isUnended(stream: Stream): boolean {
    const both = process.stdout.isTTY && process.stderr.isTTY;
    const open = both ? this.#unended.out || this.#unended.err : this.#unended[stream];
    if (both) this.#unended.out = this.#unended.err = false;
    return open;
  }
}
