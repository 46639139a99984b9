// When an executor that says nothing counts as lost.
import { starvedMs } from '../base/limits';

/**
 * Why an executor that has been silent for `ms` is lost; undefined while it may still answer. A stopped process is lost at its first missed
 * heartbeat; one that is only starved of processor time gets longer.
 */
export function lostBySilence(process: { isStopped(): boolean }, ms: number): string | undefined {
  return process.isStopped() || ms >= starvedMs ? `it has not answered for ${Math.round(ms)} ms` : undefined;
}
