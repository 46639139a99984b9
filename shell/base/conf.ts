// `--conf KEY=VALUE`: options of the engine, with the names and rules of `connect`.
import { type Config, makeConfig } from '../../runtime/base/config';
import { MillraceError } from '../../runtime/base/errors';

/** One value of one pool: `pools.fast.weight`. */
const ofPool = /^pools\.(.+)\.(\w+)$/;

/** The checked options; of several texts with one name the last wins. Throws BAD_OPTION, UNKNOWN_OPTION or BAD_ARGUMENT. */
export function readConf(texts: readonly string[]): Partial<Config> {
  const options = new Map<string, unknown>();
  const pools = new Map<string, Map<string, unknown>>();
  for (const text of texts) {
    const [key, value] = keyAndValue(text);
    const [, pool, option] = ofPool.exec(key) ?? [];
    if (pool === undefined) options.set(key, value);
    else pools.set(pool, (pools.get(pool) ?? new Map()).set(option, value));
  }
  const inPools = Array.from(pools, ([name, of]) => [name, Object.fromEntries(of)] as const);
  if (inPools.length > 0) options.set('pools', Object.fromEntries(inPools));
  const config: Partial<Config> = Object.fromEntries(options);
  makeConfig(1, config);
  return config;
}

function keyAndValue(text: string): readonly [key: string, value: unknown] {
  const [, key, value] = /^\s*([^=]*[^=\s])\s*=\s*([\s\S]*?)\s*$/.exec(text) ?? [];
  if (key === undefined || value === '') refuse(text, 'KEY=VALUE', 'For example: --conf taskMaxFailures=2');
  // A pool is an object; its values are set one by one.
  if (/^pools(\.|$)/.test(key) && !ofPool.test(key))
    refuse(text, 'pools.NAME.KEY=VALUE', 'For example: --conf pools.fast.weight=2');
  return [key, meaning(value)];
}

/** A value that is neither true, false nor a number stays a text; the option's own rule then refuses it. */
function meaning(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  return Number.isNaN(number) ? text : number;
}

function refuse(value: string, rule: string, remedy: string): never {
  throw new MillraceError('BAD_ARGUMENT', { operation: '--conf', argument: 'its argument', value, rule, remedy });
}

/** The names of all options with their defaults, for the help. */
export function confHelp(): string {
  const { defaultParallelism, pools, ...fixed } = makeConfig(1);
  const lines = Object.entries(fixed).map(([name, value]) => `${name}=${value}`);
  const shown = ['defaultParallelism=(slots of the master, at least 2)', ...lines, 'pools.NAME.schedulingMode|weight|minShare'];
  return ['Options of the engine for --conf, with their defaults (docs/limits.md explains each):', ...shown].join('\n  ');
}
