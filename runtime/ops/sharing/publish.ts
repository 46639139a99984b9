// Datasets that several sessions of one server share by name.
import { checkOptions, refuseArgument } from '../../base/arguments';
import { CallStack } from '../../base/call';
import { MillraceError } from '../../base/errors';
import { currentSignal } from '../../base/flow';
import { nearest } from '../../base/nearest';
import { Context } from '../../context/context';
import { runningWork } from '../../context/running-work';
import type { JobPromise } from '../../plan/job-promise';
import type { PublishedDataset, PublishedUse, SharedDatasets } from '../../plan/sharing/shared-datasets';
import { PublishedRDD } from '../../rdd/inputs/published';
import { RDD } from '../../rdd/rdd';
import { rowType } from '../../schema/schema-text';

/** How a dataset is published. */
export interface PublishOptions {
  /** A sentence for those who find it. */
  readonly description?: string;
  /** Takes the place of the dataset of that name. Whoever reads that one goes on reading it. */
  readonly replace?: boolean;
}

declare global {
  /** The types of the elements of published datasets by name: the prompt and scripts fill it in. */
  interface MillracePublished {}
}

declare module '../../rdd/rdd' {
  interface RDD<T> {
    /**
     * Names this persisted dataset, so that all sessions of the server read it by `sc.dataset(name)`. It stays when this session ends:
     * the server has its lineage, and computes lost partitions again. `type` is the type of its elements as text; the prompt and scripts
     * write it by themselves. A server with `--keep` computes it and writes its files first. Throws NOT_SHARED,
     * NOT_PUBLISHABLE where it is not persisted, NOT_KEPT, NAME_IN_USE, NOT_THE_PUBLISHER and BAD_ARGUMENT.
     * @example const publish = async (pages) => { await pages.cache().publish('pages', { description: 'Visits by page' }); }
     */
    publish(name: string, options?: PublishOptions, type?: string): JobPromise<void>;
  }
}

declare module '../../context/context' {
  interface Context {
    /**
     * A dataset that a session of this server has published: a dataset like all others, but what would change it is refused. It stays as
     * it is while it is used, also once its name is taken back or means another one. Throws NOT_SHARED or NOT_PUBLISHED.
     * The prompt and scripts know the names and the types of the elements.
     * @example const visits = () => sc.dataset<[string, number]>('pages').take(3)
     */
    dataset<N extends keyof MillracePublished & string>(name: N): RDD<MillracePublished[N]>;
    dataset<T = any>(name: string): RDD<T>;
    /**
     * Takes back the name of a published dataset or stream, which its publisher may, and anybody once that has ended. Whoever reads it goes on.
     * Throws NOT_SHARED, NOT_PUBLISHED or NOT_THE_PUBLISHER.
     * @example const takeBack = async () => { await sc.unpublish('pages'); }
     */
    unpublish(name: string): JobPromise<void>;
    /**
     * The published datasets of the server, by name. Empty where the session is not attached to one.
     * @example sc.published().map(({ name, owner }) => `${name} by ${owner}`)
     */
    published(): readonly PublishedDataset[];
    /** How they are used now. Throws NOT_SHARED. @internal */
    publishedUses(): JobPromise<readonly PublishedUse[]>;
  }
}

function sharedOf(context: Context, operation: string): SharedDatasets {
  context.checkAlive();
  const { shared } = context.engine;
  if (!shared) throw new MillraceError('NOT_SHARED', { operation });
  return shared;
}

const longestName = 128;
const longestText = 10_000;

/** Throws BAD_ARGUMENT. */
export function checkPublishedName(operation: string, name: unknown): string {
  const fits = typeof name === 'string' && name.trim() !== '' && name.length <= longestName && !/[\p{Cc}]/u.test(name);
  const rule = `a text of 1 to ${longestName} characters, without control characters`;
  return fits
    ? name
    : refuseArgument({ operation, argument: 'the name', value: name, rule, remedy: `Write ${operation}('pages').` });
}

/** Throws BAD_ARGUMENT. */
export function checkPublishedText(argument: string, value: unknown): string {
  if (typeof value === 'string' && value.length <= longestText) return value;
  const rule = `a text of at most ${longestText} characters`;
  return refuseArgument({
    operation: 'publish',
    argument,
    value,
    rule,
    remedy: "Write publish('pages', { description: 'Visits' }).",
  });
}

RDD.prototype.publish = async function (name, options = {}, type) {
  const context = this.context as Context;
  const callSite = new CallStack().site; // Before the first await: it has the frames of who asked.
  const shared = sharedOf(context, 'publish');
  checkPublishedName('publish', name);
  checkOptions('publish', options, "Write publish('pages', { replace: true }).");
  const { description = '', replace = false } = options;
  if (typeof replace !== 'boolean')
    refuseArgument({ operation: 'publish', argument: 'replace', value: replace, rule: 'true or false', remedy: 'Leave it out.' });
  if (this instanceof PublishedRDD || !this.storageLevel.isKept) {
    const isOthers = this instanceof PublishedRDD;
    const reason = isOthers ? 'it is a published dataset itself' : 'it is not persisted';
    const remedy = isOthers
      ? 'Publish a dataset that you make of it, such as .map(x => x).cache().'
      : 'Call cache() or persist() first.';
    throw new MillraceError('NOT_PUBLISHABLE', { name, reason, remedy });
  }
  await context.makeKnown(this);
  const told = type ?? (this.schema ? rowType(this.schema) : '');
  const what = {
    name,
    dataset: this.id,
    type: told.length > longestText ? '' : checkPublishedText('the type', told),
    description: checkPublishedText('the description', description),
    replace,
  };
  await runningWork(context, currentSignal(), (signal) =>
    shared.publish(what, { signal, properties: context.control.snapshot(), callSite }),
  );
};

/** What a session uses of others goes when nobody refers to it any more. */
const opened = new FinalizationRegistry<() => void>((release) => release());

Context.prototype.dataset = function <T>(this: Context, name: string): RDD<T> {
  const shared = sharedOf(this, 'dataset');
  return openPublished<T>(this, shared, find(shared, checkPublishedName('dataset', name)));
};

/** A dataset of others that stays as long as somebody refers to it. */
export function openPublished<T>(context: Context, shared: SharedDatasets, published: PublishedDataset): RDD<T> {
  shared.open(published);
  const rdd = new PublishedRDD<T>(context, published);
  const id = published.dataset;
  opened.register(rdd, () => context.letGo(id));
  return rdd;
}

function find(shared: SharedDatasets, name: string): PublishedDataset {
  const all = shared.list();
  const found = all.find((one) => one.name === name);
  if (found) return found;
  const meant = nearest(
    name,
    all.map((one) => one.name),
  );
  const known = all.map((one) => one.name).join(', ');
  const hint = meant === undefined ? '' : `Did you mean ${meant}? `;
  throw new MillraceError('NOT_PUBLISHED', {
    name,
    remedy: `${hint}${known === '' ? 'Nothing is published.' : `There are ${known}.`}`,
  });
}

Context.prototype.unpublish = async function (name) {
  const shared = sharedOf(this, 'unpublish');
  checkPublishedName('unpublish', name);
  const isStream = shared.streams.list().some((one) => one.name === name);
  await shared.unpublish(isStream ? name : find(shared, name).name);
};

Context.prototype.published = function () {
  return this.engine.shared?.list() ?? [];
};

Context.prototype.publishedUses = async function () {
  return sharedOf(this, 'published').uses();
};
