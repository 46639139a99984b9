// The figures of a server in the text form of Prometheus: what has happened so far, and how it is now.
import type { MillraceServer } from '../server';
import type { ServerEvent } from './server-event';

type Labels = Readonly<Record<string, string>>;

export class ServerMetrics {
  readonly #counts = new Map<string, number>();

  take(event: ServerEvent): void {
    switch (event.event) {
      case 'sessionAttached':
        return this.#add('sessions_total');
      case 'sessionResumed':
        return this.#add('resumptions_total');
      case 'jobEnded':
        return this.#add('jobs_total', { status: event.status });
      case 'taskEnded':
        return this.#add('tasks_total', { end: event.end });
      case 'executorRemoved':
        return this.#add('executors_lost_total');
      case 'residentEnded':
        return this.#add('resident_ends_total');
    }
  }

  #add(name: string, labels: Labels = {}): void {
    const key = `${name}${labelText(labels)}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** The text of /metrics. */
  text(server: MillraceServer, now: number): string {
    const { since, executors, sessions } = server.info();
    const uses = server.published.uses();
    const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
    const gauges: [name: string, labels: Labels, value: number][] = [
      ['up_seconds', {}, Math.max(0, now - since) / 1000],
      ['executors', {}, executors],
      ['sessions', {}, sessions.length],
      ['jobs_running', {}, sum(sessions.map(({ running }) => running))],
      ['blobs', {}, server.blobs.size],
      ['blob_bytes', {}, sum(sessions.map(({ bytes }) => bytes))],
      ['published_datasets', {}, uses.length],
      ...uses.flatMap(({ name, bytes, diskBytes, users }): typeof gauges => [
        ['published_bytes', { name, where: 'memory' }, bytes],
        ['published_bytes', { name, where: 'disk' }, diskBytes],
        ['published_users', { name }, users.length],
      ]),
      ...server.windows.list().flatMap(({ id, name, hasEnded }): typeof gauges => {
        const times = [...server.windows.batches()].flatMap(([window, { time }]) => (window === id ? [time] : []));
        return [
          ['stream_ended', { name }, hasEnded ? 1 : 0],
          ['stream_batches', { name }, times.length],
          ['stream_last_batch_seconds', { name }, (times.at(-1) ?? 0) / 1000],
        ];
      }),
    ];
    const lines = [
      ...[...this.#counts].map(([key, value]) => ({ key, value, type: 'counter' })),
      ...gauges.map(([name, labels, value]) => ({ key: `${name}${labelText(labels)}`, value, type: 'gauge' })),
    ];
    const told = new Set<string>();
    return lines
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .flatMap(({ key, value, type }) => {
        const name = `millrace_${key.replace(/\{.*/s, '')}`;
        const head = told.has(name) ? [] : [`# TYPE ${name} ${type}`];
        told.add(name);
        return [...head, `millrace_${key} ${value}`];
      })
      .concat('')
      .join('\n');
  }
}

function labelText(labels: Labels): string {
  const escaped = (text: string) => text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
  const all = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return all.length === 0 ? '' : `{${all.join(',')}}`;
}
