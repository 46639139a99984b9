// What the events of a server's engine are for its log and its figures.
import type { ListenerEvents } from '../../../runtime/scheduler/listener-bus';
import type { EventName } from '../events';
import type { ServerObserver } from './server-event';

/** When each job of the engine began. */
const began = new WeakMap<object, { readonly time: number; readonly title: string }>();

/** Whose job an event belongs to. */
interface Owner {
  readonly session: { readonly number: number };
  readonly job: number;
}

export function observeEngine<K extends EventName>(
  name: K,
  event: ListenerEvents[K],
  owner: Owner | undefined,
  observe: ServerObserver,
): void {
  const one = event as Partial<
    ListenerEvents['onJobStart'] & ListenerEvents['onJobEnd'] & ListenerEvents['onTaskEnd'] & ListenerEvents['onExecutorRemoved']
  >;
  const { executorId: executor = '', time = 0 } = one;
  if (name === 'onExecutorAdded') observe({ event: 'executorAdded', executor });
  else if (name === 'onExecutorRemoved') observe({ event: 'executorRemoved', executor, reason: one.reason ?? '' });
  else if (name === 'onTaskEnd') observe({ event: 'taskEnded', end: one.end ?? '' });
  if (!owner) return;
  const { session, job } = owner;
  if (name === 'onJobStart') {
    began.set(owner, { time, title: one.title ?? '' });
    observe({ event: 'jobStarted', session: session.number, job, title: one.title ?? '' });
  } else if (name === 'onJobEnd') {
    const ms = time - (began.get(owner)?.time ?? time);
    observe({ event: 'jobEnded', session: session.number, job, status: one.status ?? '', ms });
  }
}
