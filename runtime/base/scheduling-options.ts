// How jobs share the slots, and what is done about tasks that are slow or keep failing: options, defaults, ranges.

import { MillraceError } from './errors';
import { nearest } from './nearest';

export interface ExclusionOptions {
  /** Gives no more tasks to executors on which they keep failing. */
  readonly excludeOnFailure: boolean;
  /** Failed partitions of one stage on one executor, after which it gets no more tasks of the stage. */
  readonly excludeStageFailures: number;
  /** Failed partitions on one executor in stages that ended well elsewhere, after which it gets no more tasks at all. */
  readonly excludeFailures: number;
  /** How long an executor stays without tasks, in milliseconds. */
  readonly excludeTimeoutMs: number;
}

export interface SpeculationOptions {
  /** Starts a copy of a task that is slow beside the others of its stage; the first end counts. */
  readonly speculation: boolean;
  /** The part of a stage's tasks that must be done before any is slow. */
  readonly speculationQuantile: number;
  /** How many times the median a task must run to be slow. */
  readonly speculationMultiplier: number;
  /** Tasks are never slow before so many milliseconds. */
  readonly speculationMinMs: number;
  /** Between two looks at the running tasks, in milliseconds. */
  readonly speculationIntervalMs: number;
}

/** First come, first served; or shares side by side. */
export type SchedulingMode = 'FIFO' | 'FAIR';

/** A pool of FAIR scheduling, as in Spark's fairscheduler.xml. */
export interface PoolOptions {
  /** How the jobs of the pool share what it gets. Default FIFO. */
  readonly schedulingMode?: SchedulingMode;
  /** Its share of the slots beside pools of weight 1. Default 1. */
  readonly weight?: number;
  /** Slots that it gets before others get more than theirs. Default 0. */
  readonly minShare?: number;
}

export interface SchedulingOptions extends SpeculationOptions, ExclusionOptions {
  /** Whether jobs get slots one after the other (FIFO, the default) or pools side by side (FAIR). */
  readonly schedulerMode: SchedulingMode;
  /** The pools of FAIR scheduling by name; one that is not listed has weight 1 and no minimum share. */
  readonly pools: Readonly<Record<string, PoolOptions>>;
}

export interface DagOptions extends SchedulingOptions {
  /** Tries of one task before its job fails. */
  readonly taskMaxFailures: number;
  /** Runs of one stage, by failed fetches, before its job fails. */
  readonly stageMaxAttempts: number;
  /** How long tasks wait for executors that hold their data, in milliseconds. */
  readonly localityWaitMs: number;
  /** Task slots of the master when all its executors are there. */
  readonly slots: number;
}

/** Spark's defaults, with times for jobs of seconds instead of minutes. */
export const schedulingDefaults: SchedulingOptions = {
  schedulerMode: 'FIFO',
  pools: {},
  speculation: false,
  speculationQuantile: 0.75,
  speculationMultiplier: 1.5,
  speculationMinMs: 100,
  speculationIntervalMs: 100,
  excludeOnFailure: false,
  excludeStageFailures: 2,
  excludeFailures: 2,
  excludeTimeoutMs: 3_600_000,
};

type NumberOption = {
  [K in keyof SchedulingOptions]: SchedulingOptions[K] extends number ? K : never;
}[keyof SchedulingOptions];

const ranges: Record<NumberOption, { least: number; most: number; whole: boolean }> = {
  speculationQuantile: { least: 0, most: 1, whole: false },
  speculationMultiplier: { least: 1, most: 1000, whole: false },
  speculationMinMs: { least: 0, most: 3_600_000, whole: true },
  speculationIntervalMs: { least: 10, most: 3_600_000, whole: true },
  excludeStageFailures: { least: 1, most: 1000, whole: true },
  excludeFailures: { least: 1, most: 1000, whole: true },
  excludeTimeoutMs: { least: 0, most: 86_400_000, whole: true },
};

function must(holds: boolean, option: string, value: unknown, rule: string): void {
  if (!holds) throw new MillraceError('BAD_OPTION', { option, value: String(value), rule });
}

/** Throws UNKNOWN_OPTION, with the name that was meant, unless all names of `given` are known. */
export function checkNames(given: object, known: readonly string[], prefix = ''): void {
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    const names = known.map((one) => prefix + one).join(', ');
    const remedy = `${meant === undefined ? '' : `Did you mean ${prefix}${meant}? `}There are ${names}.`;
    throw new MillraceError('UNKNOWN_OPTION', { option: prefix + name, remedy });
  }
}

const poolOptions = ['schedulingMode', 'weight', 'minShare'] satisfies (keyof PoolOptions)[];

const isMode = (mode: unknown): boolean => mode === 'FIFO' || mode === 'FAIR';

/** Throws BAD_OPTION that names the option, its value and its rule. */
export function checkScheduling(options: SchedulingOptions): void {
  must(isMode(options.schedulerMode), 'schedulerMode', options.schedulerMode, 'FIFO or FAIR');
  for (const option of ['speculation', 'excludeOnFailure'] as const)
    must(typeof options[option] === 'boolean', option, options[option], 'true or false');
  for (const [option, { least, most, whole }] of Object.entries(ranges)) {
    const value = options[option as NumberOption];
    const fits = typeof value === 'number' && value >= least && value <= most && (!whole || Number.isInteger(value));
    must(fits, option, value, `a ${whole ? 'whole ' : ''}number from ${least} to ${most}`);
  }
  checkPools(options.pools);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);

function checkPools(pools: SchedulingOptions['pools']): void {
  must(isObject(pools), 'pools', pools, `an object of pools by name, each with ${poolOptions.join(', ')} or some of them`);
  for (const [name, pool] of Object.entries(pools)) {
    must(isObject(pool), `pools.${name}`, pool, `an object with ${poolOptions.join(', ')} or some of them`);
    checkNames(pool, poolOptions, `pools.${name}.`);
    checkPool(name, pool);
  }
}

function checkPool(name: string, { schedulingMode = 'FIFO', weight = 1, minShare = 0 }: PoolOptions): void {
  must(isMode(schedulingMode), `pools.${name}.schedulingMode`, schedulingMode, 'FIFO or FAIR');
  must(Number.isFinite(weight) && weight > 0, `pools.${name}.weight`, weight, 'a number above 0');
  must(Number.isInteger(minShare) && minShare >= 0, `pools.${name}.minShare`, minShare, 'a whole number from 0 on');
}
