// What listeners hear, on its way from the server to a session: numbered as the session numbers its jobs and stages, and checked there.
import type { ListenerEvents } from '../../runtime/scheduler/listener-bus';
import { Fields, refuse } from '../link/fields';

export type EventName = keyof ListenerEvents;

/** The fields of an event: their kinds, with `?` where they may be missing. */
type Shape = Readonly<Record<string, 'number' | 'string' | 'boolean' | 'object' | 'list' | 'number?' | 'string?' | 'object?'>>;

const task: Shape = {
  taskId: 'number',
  jobId: 'number',
  stageId: 'number',
  stageAttempt: 'number',
  partition: 'number',
  attempt: 'number',
  executorId: 'string',
  speculative: 'boolean',
  time: 'number',
};

const shapes: Readonly<Record<EventName, Shape>> = {
  onJobStart: {
    jobId: 'number',
    title: 'string',
    stageIds: 'list',
    stages: 'list',
    callSite: 'object?',
    properties: 'object',
    time: 'number',
  },
  onJobEnd: { jobId: 'number', status: 'string', failure: 'object?', time: 'number' },
  onStageSubmitted: {
    jobId: 'number',
    stageId: 'number',
    attempt: 'number',
    title: 'string',
    numTasks: 'number',
    time: 'number',
  },
  onStageCompleted: { jobId: 'number', stageId: 'number', attempt: 'number', failure: 'string?', time: 'number' },
  onTaskStart: task,
  onTaskEnd: { ...task, end: 'string', metrics: 'object?', reason: 'string?', place: 'object?' },
  onExecutorAdded: {
    executorId: 'string',
    host: 'string',
    slots: 'number',
    pid: 'number?',
    storageBytes: 'number?',
    time: 'number',
  },
  onExecutorRemoved: { executorId: 'string', reason: 'string', time: 'number' },
  onBlockUpdated: { executorId: 'string', rddId: 'number', partition: 'number', bytes: 'number', diskBytes: 'number' },
  onUnpersist: { rddId: 'number' },
};

export const eventNames = Object.keys(shapes) as readonly EventName[];

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value);

/** An event as it arrived. Throws PROTOCOL unless it has the fields of its name. */
export function readEvent<K extends EventName>(name: K, value: unknown): ListenerEvents[K] {
  const fields = new Fields(name, value);
  const read: Record<string, unknown> = {};
  for (const [field, kind] of Object.entries(shapes[name])) {
    const given = fields.take(field);
    if (given === undefined && kind.endsWith('?')) continue;
    if (kindOf(given) !== kind.replace('?', '')) refuse(`${name}.${field} is no ${kind}`);
    read[field] = given;
  }
  fields.end();
  return read as unknown as ListenerEvents[K];
}

/** How a session numbers jobs and stages of the server. */
export interface Numbering {
  job(engineJob: number): number;
  stage(engineStage: number): number;
}

/** An event with the numbers of its session. */
export function numbered<K extends EventName>(event: ListenerEvents[K], numbers: Numbering): ListenerEvents[K] {
  const { jobId, stageId, stageIds, stages, failure } = event as {
    jobId?: number;
    stageId?: number;
    stageIds?: readonly number[];
    stages?: ListenerEvents['onJobStart']['stages'];
    failure?: ListenerEvents['onJobEnd']['failure'] | string;
  };
  const stage = (id: number) => numbers.stage(id);
  return {
    ...event,
    ...(jobId !== undefined && { jobId: numbers.job(jobId) }),
    ...(stageId !== undefined && { stageId: stage(stageId) }),
    ...(stageIds && { stageIds: stageIds.map(stage) }),
    ...(stages && {
      stages: stages.map((one) => ({
        ...one,
        stageId: stage(one.stageId),
        parents: one.parents.map(stage),
        datasets: one.datasets.map((dataset) => ({ ...dataset, reads: dataset.reads.map(stage) })),
      })),
    }),
    ...(typeof failure === 'object' &&
      failure.stageId !== undefined && { failure: { ...failure, stageId: stage(failure.stageId) } }),
  };
}
