// The queries that run now: Ctrl-C cancels those of entries, a job's cancel those that it waits for.
import type { Context } from '../context/context';
import { propertyNames } from '../scheduler/job-record';

interface Running {
  readonly controller: AbortController;
  /** Of a background entry or a stream: Ctrl-C leaves it alone. */
  readonly isApart: boolean;
}

const running = new WeakMap<Context, Set<Running>>();

/** Runs a query so that `signal` and `cancelQueries` can end it. */
export async function runningQuery<T>(
  context: Context,
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const all = running.get(context) ?? new Set();
  running.set(context, all);
  const properties = context.control.snapshot();
  const isApart = propertyNames.background in properties || propertyNames.output in properties;
  const query: Running = { controller: new AbortController(), isApart };
  const cancel = () => query.controller.abort(signal?.reason);
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted) cancel();
  all.add(query);
  try {
    return await run(query.controller.signal);
  } finally {
    all.delete(query);
    signal?.removeEventListener('abort', cancel);
  }
}

/** Cancels the queries of a context that run in the foreground: Ctrl-C. */
export function cancelQueries(context: Context): void {
  for (const { controller, isApart } of running.get(context) ?? []) if (!isApart) controller.abort(': Ctrl-C');
}
