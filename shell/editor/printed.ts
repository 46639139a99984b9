// What is to be printed above the block with its next paint, and the line that still waits for its newline.
import { continuationText, promptText } from './editor';
import { cell, clusters, safeText } from './width';

export class Printed {
  #lines = '';
  #unended = '';

  /** Text without a newline at its end is gone on with by the next. */
  add(text: string): void {
    const all = this.#unended + text;
    const end = all.lastIndexOf('\n') + 1;
    this.#lines += safeText(all.slice(0, end));
    this.#unended = all.slice(end);
  }

  /** An entry as it was typed, with its prompts. */
  addEntry(entry: string): void {
    this.endLine();
    entry.split('\n').forEach((line, index) => {
      this.#lines += (index === 0 ? promptText : continuationText) + clusters(line).map(cell).join('') + '\n';
    });
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
