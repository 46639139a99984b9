// What runs now besides jobs, queries and publications: Ctrl-C cancels what entries have begun, a job's cancel what it waits for.
import { propertyNames } from '../scheduler/job-record';
import type { Context } from './context';

interface Running {
  readonly controller: AbortController;
  /** Of a background entry or a stream: Ctrl-C leaves it alone. */
  readonly isApart: boolean;
}

const running = new WeakMap<Context, Set<Running>>();

/** Runs something so that `signal` and `cancelWork` can end it. */
export async function runningWork<T>(
  context: Context,
  signal: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const all = running.get(context) ?? new Set();
  running.set(context, all);
  const properties = context.control.snapshot();
  const isApart = propertyNames.background in properties || propertyNames.output in properties;
  const work: Running = { controller: new AbortController(), isApart };
  const cancel = () => work.controller.abort(signal?.reason);
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted) cancel();
  all.add(work);
  try {
    return await run(work.controller.signal);
  } finally {
    all.delete(work);
    signal?.removeEventListener('abort', cancel);
  }
}

/** Cancels what runs of a context in the foreground: Ctrl-C. */
export function cancelWork(context: Context): void {
  for (const { controller, isApart } of running.get(context) ?? []) if (!isApart) controller.abort(': Ctrl-C');
}
