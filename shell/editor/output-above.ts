// Output that the next paint prints above the block, and the last line that still lacks its newline.

import { cell, clusters, safeText } from '../print/width';
import { type Colouring, PaintedRow } from './colours';
import { continuationText, promptText } from './editor';

/** Of longer entries only beginning and end are echoed: nobody scrolls back over a megabyte of pasted text. */
const maxEcho = 64 * 1024;
const echoHead = 20;
const echoTail = 5;
/** In such an entry long lines are cut too. */
const maxEchoLine = 2000;

export class Printed {
  #lines = '';
  #unended = '';

  /** Adds text; the next call continues text without a newline at its end. */
  add(text: string): void {
    const all = this.#unended + text;
    const end = all.lastIndexOf('\n') + 1;
    this.#lines += safeText(all.slice(0, end));
    this.#unended = all.slice(end);
  }

  /** An entry as it was typed, with its prompts. */
  addEntry(entry: string, colouring?: Colouring): void {
    this.endLine();
    const lines = entry.split('\n');
    const isLong = entry.length > maxEcho;
    let start = 0;
    lines.forEach((line, index) => {
      const left = lines.length - echoTail - index;
      const shown = isLong && line.length > maxEchoLine ? `${line.slice(0, maxEchoLine)}…` : line;
      if (!isLong || left <= 0 || index < echoHead) {
        this.#addLine(index === 0 ? promptText : continuationText, shown, colouring?.subarray(start));
      } else if (index === echoHead) this.#lines += `${continuationText}(${left} lines more)\n`;
      start += line.length + 1;
    });
  }

  #addLine(prompt: string, line: string, colouring: Colouring): void {
    const row = new PaintedRow();
    row.add(prompt);
    let at = 0;
    for (const cluster of clusters(line)) {
      row.add(cell(cluster), colouring?.[at]);
      at += cluster.length;
    }
    this.#lines += `${row.end()}\n`;
  }

  /** The line without its newline, if there is one. */
  get unended(): string | undefined {
    return this.#unended === '' ? undefined : safeText(this.#unended);
  }

  endLine(): void {
    if (this.#unended !== '') this.add('\n');
  }

  /** The lines since the last call. */
  take(): string {
    const lines = this.#lines;
    this.#lines = '';
    return lines;
  }
}
