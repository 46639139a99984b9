// Every option of a context: default, unit, range.
import { MillraceError } from './errors';
import { checkNames, checkScheduling, type SchedulingOptions, schedulingDefaults } from './scheduling-options';

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
}

const rules: Record<Exclude<keyof Config, keyof SchedulingOptions>, { least: number; most: number; unit: string }> = {
  defaultParallelism: { least: 1, most: 1_000_000, unit: 'partitions' },
  maxResultBytes: { least: 1024, most: 2 ** 33, unit: 'bytes' },
  taskMaxFailures: { least: 1, most: 100, unit: 'tries' },
  stageMaxAttempts: { least: 1, most: 100, unit: 'runs' },
  autoBroadcastBytes: { least: 1024, most: 2 ** 31, unit: 'bytes' },
  localityWaitMs: { least: 0, most: 600_000, unit: 'milliseconds' },
};

const defaults: Omit<Config, 'defaultParallelism'> = {
  maxResultBytes: 2 ** 30,
  taskMaxFailures: 4,
  stageMaxAttempts: 4,
  autoBroadcastBytes: 64 << 10,
  localityWaitMs: 1000,
  ...schedulingDefaults,
};

/**
 * The options with their defaults, checked. Throws BAD_OPTION that names the option, its value and its rule, and UNKNOWN_OPTION with the
 * name that was meant.
 */
export function makeConfig(slots: number, options: Partial<Config> = {}): Config {
  const standard: Config = { defaultParallelism: Math.max(2, slots), ...defaults };
  checkNames(options, Object.keys(standard));
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
  return config;
}
