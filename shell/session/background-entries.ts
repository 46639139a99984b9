// Background entries: `.bg` starts one, a notice reports its end, `.jobs` lists them, and only `.cancel` stops one.
import type { Context } from '../../runtime';
import { msText } from '../../runtime/base/units';
import { propertyNames } from '../../runtime/scheduler/job-record';
import type { Choice, Screen } from '../contract/screen';
import type { SessionEvents } from '../contract/session';
import type { CompiledCell } from '../contract/type-service';
import { isInterruption } from '../evaluate/breakable';
import { Waits } from '../evaluate/interruptible-waits';
import { printValue } from '../print/print-value';
import { cut, escapeControls } from '../print/safe-text';
import { shownOf } from './dataset-of';
import type { LocalSession } from './session-local';

interface BackgroundEntry {
  readonly id: string;
  readonly text: string;
  readonly result: string | undefined;
  readonly started: number;
  readonly waits: Waits;
  readonly end: Promise<void>;
}

/** Characters of an entry shown in a notice or a list. */
const longestText = 200;

export const shortEntry = (text: string): string => cut(escapeControls(text.replace(/\s+/g, ' ')), longestText);

export class Backgrounds {
  readonly #sc: Context;
  readonly #session: () => LocalSession;
  readonly #events: SessionEvents;
  readonly #running = new Map<string, BackgroundEntry>();
  #count = 0;

  constructor(sc: Context, session: () => LocalSession, events: SessionEvents) {
    this.#sc = sc;
    this.#session = session;
    this.#events = events;
  }

  /** Starts an entry; returns the notice. */
  start(cell: CompiledCell): string {
    const id = `b${++this.#count}`;
    const waits = new Waits();
    const started = this.#sc.clock.now();
    const properties = { [propertyNames.background]: id };
    const end = this.#sc.withLocalProperties(properties, () => this.#run(id, cell, waits, started));
    this.#running.set(id, { id, text: cell.text, result: cell.result?.name, started, waits, end });
    return `${id} runs in the background${cell.result ? `; its value will be ${cell.result.name}` : ''}`;
  }

  /** Stops an entry and its jobs; false if no entry of that name runs. */
  cancel(id: string): boolean {
    const entry = this.#running.get(id);
    if (!entry) return false;
    for (const { jobId, status, background } of this.#sc.jobs())
      if (status === 'running' && background === id) this.#sc.cancelJob(jobId);
    entry.waits.interrupt();
    return true;
  }

  get ids(): string[] {
    return [...this.#running.keys()];
  }

  /** Completions for `.cancel`. */
  choices(): Choice[] {
    return [...this.#running.values()].map(({ id, text }) => ({ name: id, brief: shortEntry(text) }));
  }

  /** The running entries, one line each. */
  lines(): string[][] {
    const now = this.#sc.clock.now();
    return [...this.#running.values()].map(({ id, text, result, started }) => {
      const head = `${id.padStart(4)}  ${'background'.padEnd(9)}  ${msText(now - started).padStart(8)}`;
      return [head, shortEntry(text), ...(result ? [`→ ${result}`] : [])];
    });
  }

  /** Resolves once no background entry runs; a script waits for this at its end. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all([...this.#running.values()].map(({ end }) => end));
  }

  async #run(id: string, cell: CompiledCell, waits: Waits, started: number): Promise<void> {
    const evaluation = await this.#session().evaluateInBackground(cell, waits);
    const { screen } = this.#session();
    const took = msText(this.#sc.clock.now() - started);
    const tell = (how: string, text: string, stream: 'out' | 'err' = 'out') => {
      this.#running.delete(id);
      // One print, so that other output never gets between.
      const head = `(${id} ${how} after ${took}: ${shortEntry(cell.text)})`;
      this.#events.print(`${head}\n${text === '' ? '' : `${text}\n`}`, stream);
    };
    if (evaluation.status === 'interrupted' || (evaluation.status === 'threw' && isCancel(evaluation.error)))
      tell('was cancelled', '');
    else if (evaluation.status === 'threw')
      tell('failed', this.#session().lastError.report(evaluation.error, cell, screen), 'err');
    else tell('is done', await this.#shown(cell, evaluation.value, screen));
  }

  async #shown(cell: CompiledCell, value: unknown, screen: Screen): Promise<string> {
    return cell.result ? printValue(cell.result.name, cell.result.type, shownOf(value), screen) : '';
  }
}

function isCancel(error: unknown): boolean {
  return isInterruption(error) || (error as { code?: unknown } | null)?.code === 'JOB_CANCELLED';
}
