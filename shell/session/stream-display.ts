// Shows the outputs of streams in the shell: tables above the prompt, live panes, and notices without repetition.
import type { PaneUpdate, PrintedBatch, StreamDisplay } from '../../runtime';
import { timeText } from '../../runtime/base/duration';
import { type PaneFailure, plainDisplay } from '../../runtime/streaming/graph/display';
import type { PaneModel } from '../contract/pane';
import type { Screen } from '../contract/screen';
import type { SessionEvents } from '../contract/session';
import { inspectLine } from '../print/inspect-value';
import { emptyPane, failingText, nextTrend, paneModel } from '../print/pane-model';
import { reportError } from '../print/report-error';
import { counted, escapeControls, escapeLines, paint } from '../print/safe-text';
import { areRecords, renderTable } from '../print/table';

/** Panes are redrawn at most this often, however short the batches are. */
const paneEveryMs = 100;
/** A trouble with a new message is shown again only after this time. */
const noticeAgainMs = 10_000;
/** A notice not heard for this long counts as new: failures, and messages of receivers, which limit themselves. */
const quietMs = { trouble: 60_000, word: 10_000 };
/** Distinct troubles that are remembered. */
const mostNotices = 1_000;
/** Without a live screen, rows are cut at this width. */
const plainRow = 400;

interface OpenPane {
  trend: readonly number[];
  /** Not shown yet. */
  next: PaneUpdate | undefined;
  /** What it shows. */
  shown: PaneModel | undefined;
  failing: PaneFailure | undefined;
}

interface Noticed {
  times: number;
  detail: string;
  shownAt: number;
  heardAt: number;
}

export class ShellDisplay implements StreamDisplay {
  readonly #events: SessionEvents;
  readonly #screen: () => Screen;
  readonly #now: () => number;
  readonly #plain: StreamDisplay;
  readonly #panes = new Map<number, OpenPane>();
  readonly #notices = new Map<string, Noticed>();
  #timer: NodeJS.Timeout | undefined;
  #flushedAt = Number.NEGATIVE_INFINITY;

  constructor(events: SessionEvents, screen: () => Screen, now = () => performance.now()) {
    this.#events = events;
    this.#screen = screen;
    this.#now = now;
    this.#plain = plainDisplay(
      (line) => this.#say(escapeControls(line)),
      (row) => inspectLine(row, plainRow),
    );
  }

  printed(batch: PrintedBatch): void {
    const screen = this.#screen();
    if (!screen.live) {
      this.#plain.printed(batch);
      return;
    }
    const { stream, time, rows, more } = batch;
    const colors = paint(screen.color);
    const size = rows.length === 0 ? 'no rows' : more ? `first ${counted(rows.length, 'row')}` : counted(rows.length, 'row');
    const head = `${colors.bold(timeText(time))}  ${escapeControls(stream)} · ${colors.dim(size)}`;
    const body = areRecords(rows) ? [renderTable(rows, screen)] : rows.map((row) => ` ${inspectLine(row, screen.columns - 1)}`);
    // One print, so that other output never gets between head and rows.
    this.#say([head, ...body].join('\n'));
  }

  pane(id: number, update: PaneUpdate): void {
    if (!this.#screen().live) {
      this.#plain.pane(id, update);
      return;
    }
    const before = this.#panes.get(id);
    const trend = nextTrend(before?.trend ?? [], update);
    this.#panes.set(id, { trend, next: update, shown: before?.shown, failing: undefined });
    this.#flushSoon();
  }

  paneFailed(id: number, failing: PaneFailure): void {
    if (!this.#screen().live) return;
    const pane = this.#panes.get(id) ?? { trend: [], next: undefined, shown: undefined };
    this.#panes.set(id, { ...pane, failing });
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#timer) return;
    const wait = Math.max(0, this.#flushedAt + paneEveryMs - performance.now());
    this.#timer = setTimeout(() => this.#flush(), wait);
    this.#timer.unref();
  }

  paneClosed(id: number): void {
    const pane = this.#panes.get(id);
    if (!pane) return;
    this.#show(id, pane);
    this.#panes.delete(id);
    this.#events.pane(id, undefined);
  }

  notice(message: string, error?: Error): void {
    const detail = error?.message ?? '';
    const now = this.#now();
    const before = this.#heard(message, now - (error ? quietMs.trouble : quietMs.word));
    if (!before && this.#notices.size >= mostNotices) this.#notices.clear();
    const times = (before?.times ?? 0) + 1;
    const isNew = !before || (before.detail !== detail && now - before.shownAt > noticeAgainMs);
    this.#notices.set(message, { times, detail, shownAt: isNew ? now : before.shownAt, heardAt: now });
    const shown = escapeLines(message);
    if (isNew)
      this.#say(error ? `(${shown}${timesText(times)})\n${reportError(error, {}, this.#screen())}` : `(${shown})`, 'err');
    // Shown once, then counted: a failure in every batch must not fill the screen.
    else if (Number.isInteger(Math.log10(times))) this.#say(`(${shown}${timesText(times)})`, 'err');
  }

  /** The record of a notice, if it was heard since then. */
  #heard(message: string, since: number): Noticed | undefined {
    const known = this.#notices.get(message);
    return known && known.heardAt >= since ? known : undefined;
  }

  /** New streams start: their notices are new, even if earlier streams gave the same ones. */
  begin(): void {
    this.#notices.clear();
  }

  #flush(): void {
    this.#timer = undefined;
    this.#flushedAt = performance.now();
    for (const [id, pane] of this.#panes) this.#show(id, pane);
  }

  #show(id: number, pane: OpenPane): void {
    const { next, trend, failing } = pane;
    if (!next && !failing) return;
    if (next) pane.shown = paneModel(next, timeText(next.time), trend);
    pane.next = undefined;
    pane.failing = undefined;
    const late = failing && failingText(failing);
    const shown =
      late === undefined ? pane.shown : pane.shown ? { ...pane.shown, late } : emptyPane(failing as PaneFailure, late);
    if (shown) this.#events.pane(id, shown);
  }

  #say(text: string, stream: 'out' | 'err' = 'out'): void {
    this.#events.print(`${text}\n`, stream);
  }
}

const timesText = (times: number): string => (times > 1 ? `, ${times} times so far` : '');
