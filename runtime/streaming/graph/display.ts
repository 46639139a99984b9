// Where `print` and `watch` display rows: the shell shows tables and panes, a program prints plain lines.

import type { Time } from '../../base/duration';
import { timeText } from '../../base/duration';
import { asError } from '../../base/errors';
import { showElement } from '../../base/show-element';
import type { BatchInfo } from './listener';

/** The first rows of a batch, as `print` shows them. */
export interface PrintedBatch {
  readonly stream: string;
  readonly time: Time;
  readonly rows: readonly unknown[];
  /** There are more rows than these. */
  readonly more: boolean;
}

/** What a live pane shows after a batch. */
export interface PaneUpdate extends PrintedBatch {
  /** Rows of the whole batch. */
  readonly total: number;
  readonly batch: BatchInfo;
  /** Elements that the sources of this stream gave to the batch; undefined where none of them knows. */
  readonly records: number | undefined;
  /** Milliseconds between batches. */
  readonly interval: number;
  /** Milliseconds since the batch began, and since its time. */
  readonly tookMs: number;
  readonly delayMs: number;
  /** Batches that wait behind this one. */
  readonly waiting: number;
  readonly options: WatchOptions<never>;
  /** The time of the last batch of a published stream that has ended. */
  readonly endedAt?: Time;
  /** The first batch for which its window is full, if this one is before it. */
  readonly fullFrom?: Time;
}

/** Why a live pane shows old figures. */
export interface PaneFailure {
  readonly stream: string;
  readonly options: WatchOptions<never>;
  /** The first of the batches that failed, one after the other, and their number. */
  readonly since: Time;
  readonly batches: number;
  readonly error: Error;
}

/** What a live pane shows. */
export interface WatchOptions<T> {
  /** Rows of the pane. Default 10. */
  readonly rows?: number;
  /** Which rows come first: by this number, greatest first. Default: the value of pairs with numbers, else the order of the dataset. */
  readonly by?: (row: T) => number;
  /** Title of the pane. Default: the name of the stream. */
  readonly title?: string;
}

/** Displays the outputs of streams: the shell has its own, a program prints plain lines. */
export interface StreamDisplay {
  /** Shows the first rows of a batch that `print` asked for. */
  printed(batch: PrintedBatch): void;
  /** Updates a pane; the first update opens it. */
  pane(id: number, update: PaneUpdate): void;
  /** The batch of a pane has failed: its figures are those of an earlier one. */
  paneFailed?(id: number, failure: PaneFailure): void;
  /** Closes a pane; its last state stays visible. */
  paneClosed(id: number): void;
  /** Reports something that the user should know: a lost source, a failed output. */
  notice(message: string, error?: Error): void;
}

/** Gives a notice to a display that may throw: who reports a trouble must not get another one. */
export function notify(display: StreamDisplay, message: string, error?: unknown): void {
  try {
    display.notice(message, error === undefined ? undefined : asError(error));
  } catch {
    // There is nobody else to tell.
  }
}

/** Calls `f`; a failure is reported and stops nothing else. */
export type Attempt = (what: string, f: () => void | Promise<void>) => Promise<void>;

/** An `Attempt` that reports to a display. */
export async function attempt(display: StreamDisplay, ...[what, f]: Parameters<Attempt>): Promise<void> {
  try {
    await f();
  } catch (error) {
    notify(display, `${what} failed`, error);
  }
}

/** Notices may have parts of what strangers sent to a source: what a terminal would obey is shown as its escape. */
const escaped = (text: string): string =>
  text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);

/** Plain lines on standard output: scripts, and tests. */
export function plainDisplay(
  write: (line: string) => void = (line) => void process.stdout.write(`${line}\n`),
  show: (row: unknown) => string = showElement,
): StreamDisplay {
  const block = ({ stream, time, rows, more }: PrintedBatch) => {
    write(`-- ${timeText(time)} ${stream}${rows.length === 0 ? ': no rows' : ''}`);
    for (const row of rows) write(show(row));
    if (more) write('…');
  };
  return {
    printed: block,
    pane: (_, update) => block({ ...update, stream: update.options.title ?? update.stream }),
    paneClosed: () => {},
    notice: (message, error) => write(escaped(error ? `${message}: ${error.message}` : message)),
  };
}
