// What a cell shows, for the front end: streams gathered into few messages, values and pictures, panes and progress that are updated in place.
import { randomUUID } from 'node:crypto';
import type { PaneModel } from '../contract/pane';
import type { Rich } from '../contract/rich';
import { plainOutput } from '../editor/rewritable-lines';
import { htmlPane } from '../print/html-pane';
import { paneLines } from '../terminal/live-panes';

/** A cell of a notebook is about as wide. */
export const notebookColumns = 100;
const paneRows = 60;
/** Text of a stream that waits for the end of the turn; more goes at once. */
const mostGathered = 256 * 1024;

/** Forms of one output, by MIME type. */
type Forms = Readonly<Record<string, string>>;

export type Send = (type: string, content: object) => void;

/** The outputs of one kernel. `send` gives each to the front end, as output of the cell that runs or ran last. */
export class Outputs {
  readonly #send: Send;
  readonly #prefix = randomUUID();
  #gathered: { readonly name: 'stdout' | 'stderr'; text: string } | undefined;
  /** Panes that the front end has. */
  readonly #panes = new Set<number>();
  #progress = 0;
  #showsProgress = false;
  /** The number of the cell that runs. */
  count = 0;

  constructor(send: Send) {
    this.#send = send;
  }

  /** Lines of the shell. */
  print(text: string, stream: 'out' | 'err'): void {
    const name = stream === 'out' ? 'stdout' : 'stderr';
    if (this.#gathered && this.#gathered.name !== name) this.flush();
    if (!this.#gathered) setImmediate(() => this.flush());
    this.#gathered ??= { name, text: '' };
    this.#gathered.text += text;
    if (this.#gathered.text.length > mostGathered) this.flush();
  }

  /** What the user's code wrote: of what a terminal would obey, only colours and carriage returns stay. */
  output(text: string, stream: 'out' | 'err'): void {
    this.print(plainOutput(text), stream);
  }

  flush(): void {
    const gathered = this.#gathered;
    this.#gathered = undefined;
    if (gathered && gathered.text !== '') this.#send('stream', gathered);
  }

  /** A value or what a command shows. */
  show({ kind, text, html, svg }: Exclude<Rich, { kind: 'error' }>): void {
    this.flush();
    const data: Forms = {
      'text/plain': text,
      ...(html !== undefined && { 'text/html': html }),
      ...(svg !== undefined && { 'image/svg+xml': svg }),
    };
    if (kind === 'value') this.#send('execute_result', { execution_count: this.count, data, metadata: {} });
    else this.#send('display_data', { data, metadata: {}, transient: {} });
  }

  error(name: string, message: string, report: string): void {
    this.flush();
    this.#send('error', { ename: name, evalue: message, traceback: report.trimEnd().split('\n') });
  }

  clear(): void {
    this.flush();
    this.#send('clear_output', { wait: false });
  }

  /** The state of a pane, in the place where it was first shown; it keeps its last state. */
  pane(id: number, pane: PaneModel | undefined): void {
    if (!pane) return void this.#panes.delete(id);
    const text = paneLines(pane, notebookColumns, paneRows, false).join('\n');
    this.#inPlace(`pane-${id}`, this.#panes.has(id), { 'text/plain': text, 'text/html': htmlPane(pane) });
    this.#panes.add(id);
  }

  /** The progress of a job; undefined removes it. */
  progress(line: string | undefined): void {
    if (line === undefined && !this.#showsProgress) return;
    if (!this.#showsProgress) this.#progress++;
    this.#inPlace(`progress-${this.#progress}`, this.#showsProgress, { 'text/plain': line ?? '' });
    this.#showsProgress = line !== undefined;
  }

  /** Panes of a session that is gone show their last state for good. */
  forget(): void {
    this.#panes.clear();
    this.progress(undefined);
  }

  #inPlace(name: string, isThere: boolean, data: Forms): void {
    this.flush();
    const transient = { display_id: `${this.#prefix}-${name}` };
    this.#send(isThere ? 'update_display_data' : 'display_data', { data, metadata: {}, transient });
  }
}
