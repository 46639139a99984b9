// How much one session of a server may have: settings of `millrace serve --conf`, each with its default, its range and what to do where it is full.
import { MillraceError } from '../../../runtime/base/errors';
import { nearest } from '../../../runtime/base/nearest';
import { bytesText } from '../../../runtime/base/units';
import {
  maxSessionBytes,
  maxSessionJobs,
  maxSessionPlanBytes,
  maxSessionPublishedBytes,
  maxUnreadBytes,
} from '../../base/limits';

/** What each session of a server may have. */
export interface Quotas {
  /** Jobs that run at the same time. */
  readonly sessionJobs: number;
  /** Plans of the datasets that it has defined and not released, in bytes as they are sent. */
  readonly sessionPlanBytes: number;
  /** Functions, values and files that it has sent, in bytes. */
  readonly sessionValueBytes: number;
  /** Answers in flight, in bytes: those that it has not read yet. */
  readonly sessionUnreadBytes: number;
  /** What it has published, in bytes: persisted rows in memory and on disk, and batches of streams. */
  readonly sessionPublishedBytes: number;
}

export type Quota = keyof Quotas;

export const defaultQuotas: Quotas = {
  sessionJobs: maxSessionJobs,
  sessionPlanBytes: maxSessionPlanBytes,
  sessionValueBytes: maxSessionBytes,
  sessionUnreadBytes: maxUnreadBytes,
  sessionPublishedBytes: maxSessionPublishedBytes,
};

export const quotaNames = Object.keys(defaultQuotas) as readonly Quota[];

const most = Number.MAX_SAFE_INTEGER;
const isBytes = (quota: Quota): boolean => quota.endsWith('Bytes');

/** What the session has, and what its user can do about it. */
const texts: Readonly<Record<Quota, readonly [what: string, remedy: string]>> = {
  sessionJobs: ['running jobs', 'Wait for some to end, or cancel them.'],
  sessionPlanBytes: [
    'plans of datasets',
    'Let go of datasets that you no longer need: release their names. Then run this again.',
  ],
  sessionValueBytes: [
    'values and functions',
    'Let go of datasets that you no longer need, or read the data from files. Then run this again.',
  ],
  sessionUnreadBytes: ['answers that it has not read', 'Take less at once: take(n), or toLocalIterator().'],
  sessionPublishedBytes: ['published rows', 'Take back what nobody needs: sc.unpublish(name).'],
};

/** The error of a session that would have more than its quota. */
export function overQuota(quota: Quota, amount: number, limit: number): MillraceError {
  const [what, advice] = texts[quota];
  const shown = (n: number) => (isBytes(quota) ? bytesText(n) : String(n));
  const told = `${shown(amount)}${isBytes(quota) ? ' of' : ''} ${what}`;
  return new MillraceError('QUOTA_FULL', { what: told, limit: shown(limit), quota, advice });
}

/** The quotas among texts of `--conf`, and the other texts. Throws BAD_OPTION or UNKNOWN_OPTION. */
export function readQuotas(conf: readonly string[]): { readonly quotas: Quotas; readonly rest: readonly string[] } {
  const found: Partial<Record<Quota, number>> = {};
  const rest = conf.filter((text) => {
    const [, name, value] = /^\s*(session[^=\s]*)\s*=\s*(.*?)\s*$/s.exec(text) ?? [];
    if (name === undefined) return true;
    const quota = quotaNames.find((one) => one === name) ?? unknown(name);
    const n = Number(value);
    if (value === '' || !Number.isSafeInteger(n) || n < 1) {
      const rule = `a whole number${isBytes(quota) ? ' of bytes' : ''} from 1 to ${most}`;
      throw new MillraceError('BAD_OPTION', { option: quota, value, rule });
    }
    found[quota] = n;
    return false;
  });
  return { quotas: { ...defaultQuotas, ...found }, rest };
}

function unknown(name: string): never {
  const meant = nearest(name, quotaNames);
  const remedy = `${meant === undefined ? '' : `Did you mean ${meant}? `}There are ${quotaNames.join(', ')}.`;
  throw new MillraceError('UNKNOWN_OPTION', { option: name, remedy });
}

/** The quotas with their defaults, for the help. */
export const quotasHelp = (): string =>
  [
    'Quotas of each session for --conf, with their defaults (docs/serve.md):',
    ...quotaNames.map((name) => `${name}=${defaultQuotas[name]}`),
  ].join('\n  ');
