// What belongs to a context beside datasets: local properties of jobs, listeners, added files, and notices to the user.

import { currentProperties, withProperties } from '../base/flow';
import { ListenerBus } from '../scheduler/listener-bus';
import type { AddedFiles } from '../shared/added-files';

/** A dataset with something to report. */
interface Reporting {
  news(): string | undefined;
}

export class JobControl {
  readonly bus: ListenerBus;
  readonly notice: (text: string) => void;
  readonly #session = new Map<string, string>();
  readonly files: AddedFiles;
  /** Datasets whose steps may have something to report when jobs end. */
  readonly #reporting = new Set<WeakRef<Reporting>>();

  constructor(files: AddedFiles, notice: (text: string) => void) {
    this.files = files;
    this.notice = notice;
    this.bus = new ListenerBus(notice);
  }

  /** The properties of this flow of control: those of the innermost `withLocalProperties` around it, or the session's. */
  get #properties(): Map<string, string> {
    return currentProperties() ?? this.#session;
  }

  get(key: string): string | undefined {
    return this.#properties.get(key);
  }

  set(key: string, value: string | undefined): void {
    if (value === undefined) this.#properties.delete(key);
    else this.#properties.set(key, value);
  }

  /** A copy, as a job takes it along. */
  snapshot(): Record<string, string> {
    return Object.fromEntries(this.#properties);
  }

  /** Runs `f` with a copy of the properties, which it and all that it awaits change for themselves. */
  scoped<T>(f: () => T): T {
    return withProperties(new Map(this.#properties), f);
  }

  /** Has a dataset asked for its news when a job has ended, as long as it lives. */
  reportAfterJobs(dataset: Reporting): void {
    this.#reporting.add(new WeakRef(dataset));
  }

  /** A job has ended: notifies the user of what its datasets have to report. */
  jobEnded(): void {
    for (const ref of this.#reporting) {
      const dataset = ref.deref();
      const news = dataset?.news();
      if (!dataset) this.#reporting.delete(ref);
      else if (news !== undefined) this.notice(news);
    }
  }
}
