// Every option of a context: default, unit, range, and its check.
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

/** Options of a context: `connect(master, { config: { … } })`. */
export interface Config extends SchedulingOptions {
  /** Partitions of parallelize, range and shuffles where the call gives none. Default: the slots of the master, at least 2. */
  readonly defaultParallelism: number;
  /** Largest encoded result of one job, in bytes. Default 1 GiB, as Spark's. */
  readonly maxResultBytes: number;
  /** Tries of one task. Default 4, as Spark's. */
  readonly taskMaxFailures: number;
  /** Runs of one stage by failed fetches. Default 4, as Spark's. */
  readonly stageMaxAttempts: number;
  /** Captured values from this size on are sent once to each executor instead of with each stage, in bytes. Default 64 KiB. */
  readonly autoBroadcastBytes: number;
  /** How long a task waits for the executor that holds its cached partition, in milliseconds. Default 1000. */
  readonly localityWaitMs: number;
  /** Memory of the engine of SQL in MiB; what needs more is spilled to the session's folder. Default 1024. */
  readonly sqlMemoryMb: number;
  /** The zone of times without one in readers and queries, of printed dates, and of `getHours` in functions. Default: the machine's, and dates are printed as UTC. */
  readonly timeZone: string;
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

function isZone(zone: unknown): boolean {
  if (zone === 'local') return true;
  try {
    return typeof zone === 'string' && zone !== '' && new Intl.DateTimeFormat('en', { timeZone: zone }) !== undefined;
  } catch {
    return false;
  }
}

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
function checkNames(given: object, known: readonly string[], prefix = ''): void {
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
function checkScheduling(options: SchedulingOptions): void {
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

const rules: Record<
  Exclude<keyof Config, keyof SchedulingOptions | 'timeZone'>,
  { least: number; most: number; unit: string }
> = {
  defaultParallelism: { least: 1, most: 1_000_000, unit: 'partitions' },
  maxResultBytes: { least: 1024, most: 2 ** 33, unit: 'bytes' },
  taskMaxFailures: { least: 1, most: 100, unit: 'tries' },
  stageMaxAttempts: { least: 1, most: 100, unit: 'runs' },
  autoBroadcastBytes: { least: 1024, most: 2 ** 31, unit: 'bytes' },
  localityWaitMs: { least: 0, most: 600_000, unit: 'milliseconds' },
  sqlMemoryMb: { least: 64, most: 1_000_000, unit: 'MiB' },
};

const defaults: Omit<Config, 'defaultParallelism'> = {
  maxResultBytes: 2 ** 30,
  taskMaxFailures: 4,
  stageMaxAttempts: 4,
  autoBroadcastBytes: 64 << 10,
  localityWaitMs: 1000,
  sqlMemoryMb: 1024,
  timeZone: 'local',
  ...schedulingDefaults,
};

/** The names of all options. */
export const configNames = ['defaultParallelism', ...Object.keys(defaults)] as readonly (keyof Config)[];

/**
 * The options with their defaults, checked. Throws BAD_OPTION that names the option, its value and its rule, and UNKNOWN_OPTION with the
 * name that was meant.
 */
export function makeConfig(slots: number, options: Partial<Config> = {}): Config {
  const standard: Config = { defaultParallelism: Math.max(2, slots), ...defaults };
  checkNames(options, configNames);
  const config: Config = { ...standard, ...options };
  for (const [option, { least, most, unit }] of Object.entries(rules) as [
    keyof typeof rules,
    (typeof rules)[keyof typeof rules],
  ][]) {
    const value = config[option];
    if (!Number.isInteger(value) || value < least || value > most)
      throw new MillraceError('BAD_OPTION', {
        option,
        value: String(value),
        rule: `a whole number of ${unit} from ${least} to ${most}`,
      });
  }
  checkScheduling(config);
  must(isZone(config.timeZone), 'timeZone', config.timeZone, "'local', 'UTC', or the name of a zone such as 'Europe/Berlin'");
  return config;
}
