// What random programs ask of the dataset that they made: every action of the API.
import type { Random } from '../../runtime/base/time';
import type { ModelDataset } from '../helpers/model-dataset';
import type { Action } from './program';

type Draw = (random: Random, model: ModelDataset) => Action;

const close = (name: string): Action => ({ code: `await d.map(size).${name}()`, compare: 'close', some: true });
const textOfAll = "await d.treeAggregate('', (a: string, x: any) => a + canonical(x), (a: string, b: string) => a + b, 2)";
const meanOf = (call: string) => `(await ${call}).initialValue.mean`;
const entriesOf = (call: string) => `[...(await ${call}).initialValue].map(([k, n]) => [k, n.mean])`;

export const always: readonly Action[] = [{ code: 'await d.collect()', compare: 'byOrder' }];

const fixed: readonly Action[] = [
  { code: 'await d.glom().collect()', compare: 'exact', order: 'partitions' },
  { code: 'await d.count()', compare: 'exact' },
  { code: 'await d.countAsync()', compare: 'exact' },
  { code: 'await d.collectAsync()', compare: 'byOrder' },
  { code: 'await d.takeAsync(3)', compare: 'exact', order: 'sequence' },
  { code: 'await d.isEmpty()', compare: 'exact' },
  { code: 'await d.first()', compare: 'exact', order: 'sequence', some: true },
  { code: 'await d.take(5)', compare: 'exact', order: 'sequence' },
  { code: 'await d.takeOrdered(3, byText)', compare: 'exact' },
  { code: 'await d.top(2, byText)', compare: 'exact' },
  { code: 'await d.min(byText)', compare: 'exact', some: true },
  { code: 'await d.max(byText)', compare: 'exact', some: true },
  { code: 'await d.reduce(least)', compare: 'exact', some: true },
  { code: 'await d.map(size).fold(0, (a: number, b: number) => a + b)', compare: 'exact' },
  { code: 'await d.aggregate(0, (a: number, x: any) => a + size(x), (a: number, b: number) => a + b)', compare: 'exact' },
  { code: 'await d.map(size).treeReduce((a: number, b: number) => a + b, 3)', compare: 'exact', some: true },
  { code: textOfAll, compare: 'exact', order: 'sequence' },
  { code: '[...(await d.countByValue())]', compare: 'unordered' },
  { code: 'await d.map(size).histogram([0, 2, 5, 9, 400])', compare: 'exact' },
  { code: '(await d.map(size).stats()).mean', compare: 'close', some: true },
  { code: meanOf('d.countApprox(60_000)'), compare: 'exact' },
  { code: meanOf('d.map(size).sumApprox(60_000)'), compare: 'close', some: true },
  { code: meanOf('d.map(size).meanApprox(60_000)'), compare: 'close', some: true },
  { code: entriesOf('d.countByValueApprox(60_000)'), compare: 'unordered' },
  { code: 'await d.countApproxDistinct(0.01)', compare: 'near' },
  { code: '(await d.takeSample(false, 4, 7)).length', compare: 'exact' },
  { code: '(await d.takeSample(true, 9, 7)).length', compare: 'exact' },
  {
    code: 'await (async () => { const all: any[] = []; for await (const x of d.toLocalIterator()) all.push(x); return all; })()',
    compare: 'byOrder',
  },
  {
    code: 'await (async (seen) => { await d.foreach((x: any) => seen.add(size(x))); return seen.value; })(sc.longAccumulator())',
    compare: 'exact',
  },
  {
    code: 'await (async (seen) => { await d.foreachPartitionAsync((rows: any) => { for (const x of rows) seen.add(x); }); return seen.value; })(sc.collectionAccumulator())',
    compare: 'unordered',
  },
  {
    code: 'await (async (seen) => { await d.foreachAsync((x: any) => seen.add(1)); await d.foreachPartition(() => seen.add(0)); return seen.value; })(sc.longAccumulator())',
    compare: 'exact',
  },
  ...['sum', 'mean', 'variance', 'popVariance', 'stdev', 'popStdev'].map(close),
  ...['sampleVariance', 'sampleStdev'].map((name): Action => ({ ...close(name), code: `await d.union(d).map(size).${name}()` })),
];

const ofPairs: readonly Draw[] = [
  (random, model) => {
    const [key] = model.collect()[random.below(model.count())];
    return { code: 'await d.lookup(v0)', values: [key], compare: 'unordered', some: true };
  },
  () => ({ code: '[...(await d.countByKey())]', compare: 'unordered' }),
  () => ({ code: entriesOf('d.countByKeyApprox(60_000)'), compare: 'unordered' }),
  () => ({ code: '[...(await d.collectAsMap())]', compare: 'unordered', order: 'sequence' }),
  () => ({ code: '[...(await d.reduceByKeyLocally(least))]', compare: 'unordered' }),
];

export const onAll: readonly Draw[] = fixed.map((action) => () => action);
export const onSomePairs: readonly Draw[] = ofPairs.map((draw) => (random, model) => ({ ...draw(random, model), pairs: true }));
