// Maps paths to views and back. Paths hold words of ours and numbers only: the user's text is never part of an address.
import type { Wanted } from './messages';

export const paths = { jobs: '/', datasets: '/datasets', executors: '/executors', streams: '/streams' } as const;

export const jobPath = (id: number): string => `/jobs/${Number(id)}`;
export const stagePath = (id: number): string => `/stages/${Number(id)}`;

export function wantedOf(path: string): Wanted {
  const numbered = /^\/(jobs|stages)\/(\d+)$/.exec(path);
  if (numbered) return { page: numbered[1] === 'jobs' ? 'job' : 'stage', id: Number(numbered[2]) };
  const page = (['datasets', 'executors', 'streams'] as const).find((each) => paths[each] === path);
  return { page: page ?? 'jobs' };
}

export function titleOf(wanted: Wanted): string {
  if ('id' in wanted) return `${wanted.page === 'job' ? 'Job' : 'Stage'} ${wanted.id}`;
  return wanted.page[0].toUpperCase() + wanted.page.slice(1);
}
