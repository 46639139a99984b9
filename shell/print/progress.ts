// The line that shows the progress of a running job; a narrow terminal gets only the most important parts.
import type { JobProgress } from '../../runtime';
import { compact } from '../../runtime/base/units';

/** What the line shows of a job. */
type Progress = Omit<JobProgress, 'jobId' | 'title'>;

const widestBar = 20;
const narrowestBar = 4;

/** An estimated time, in one unit: `12 s`, `3 min`, `2 h`. */
function estimate(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 5_400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}

function bar(done: number, total: number, width: number): string {
  const share = total > 0 ? Math.min(1, Math.max(0, done / total)) : 0;
  const full = Math.floor(share * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}

/** The details after the counts, most important first. */
function details({ done, total, running, records, seconds }: Progress): string[] {
  const parts = [`${running} running`];
  if (records > 0 && seconds > 0) parts.push(`${compact(records / seconds)} rows/s`);
  if (done > 0 && done < total) parts.push(`${estimate((seconds * (total - done)) / done)} left`);
  return parts;
}

/** `[stage 2/3 ████░░ 41/80 · 2 running · 1.2 M rows/s · 12 s left]` in at most `columns` columns; empty if even the counts do not fit. */
export function progressLine(job: Progress, columns: number): string {
  const counts = `${job.done}/${job.total}`;
  const stage = `stage ${Math.min(job.stage, job.stages)}/${job.stages}`;
  const parts = details(job);
  for (let count = parts.length; count >= 0; count--) {
    const tail = [counts, ...parts.slice(0, count)].join(' · ');
    const space = columns - `[${stage}  ${tail}]`.length;
    if (space >= narrowestBar) return `[${stage} ${bar(job.done, job.total, Math.min(widestBar, space))} ${tail}]`;
  }
  const shortened = [`[${stage} ${counts}]`, `[${counts}]`, counts];
  return shortened.find((text) => text.length <= columns) ?? '';
}
