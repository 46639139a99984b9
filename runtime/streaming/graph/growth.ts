// Reports of what a stream leaves out: at most one now and then, and the rest when the streams stop.
import type { StreamHost } from './host';

/** Between two reports of one stream. */
const restMs = 10_000;

/** After batches, and at the end, notifies the user of what `news` has to say. */
export function reportNowAndThen(host: StreamHost, news: () => string | undefined): void {
  let reportedAt = Number.NEGATIVE_INFINITY;
  const report = (rest: number) => {
    const now = host.clock.now();
    if (now - reportedAt < rest) return;
    const text = news();
    if (text === undefined) return;
    reportedAt = now;
    host.display.notice(text);
  };
  host.addStreamingListener({ onBatchCompleted: () => report(restMs) });
  host.onStop(() => report(0));
}
