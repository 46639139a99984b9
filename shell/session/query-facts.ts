// What the session tells the checker of types: the columns of the answers of queries, or what is wrong with them; published datasets.
import { type Context, RDD } from '../../runtime';
import { rowType } from '../../runtime/schema/schema-text';
import { describeQuery } from '../../runtime/sql/describe-query';
import type { AskedFact, AskedQuery, Fact } from '../contract/facts';

/** A value of each kind, to bind where only types are known. */
const samples: Readonly<Record<string, unknown>> = { int: 1, text: '', boolean: true, bigint: 1n, timestamp: new Date(0) };

const sampleOf = (kind: string): unknown => (kind.endsWith('[]') ? [samples[kind.slice(0, -2)]] : samples[kind]);

/** Answers facts about queries and published datasets; `valueOf` gives the values of the user's names. */
export const queryFacts =
  (sc: Context) =>
  (asked: readonly AskedFact[], valueOf: (name: string) => unknown): Promise<readonly Fact[]> =>
    Promise.all(asked.map((one) => ('published' in one ? publishedFact(sc, one.key) : factOf(sc, one, valueOf))));

const publishedFact = async (sc: Context, key: string): Promise<Fact> => ({
  key,
  types: Object.fromEntries(sc.published().map(({ name, type }) => [name, type])),
  streams: Object.fromEntries(sc.publishedStreams().map(({ name, type }) => [name, type])),
});

async function factOf(
  sc: Context,
  { key, text, tables, values, int64 }: AskedQuery,
  valueOf: (name: string) => unknown,
): Promise<Fact> {
  try {
    const found = await describeQuery(sc, {
      text,
      int64,
      values: values.map(sampleOf),
      tables: tables.map(({ name, schema, variable }) => {
        const value = variable === undefined ? undefined : valueOf(variable);
        return { name, schema, value: value instanceof RDD ? value : undefined };
      }),
    });
    if (!found) return { key };
    if ('columns' in found) return { key, row: rowType(found) };
    const near = found.near.length > 0 ? ` There ${found.near.length > 1 ? 'are' : 'is'} ${found.near.join(', ')}.` : '';
    return { key, fault: { message: `SQL: ${found.message}.${near}`, position: found.position } };
  } catch {
    // Without the engine, the query tells when it runs.
    return { key };
  }
}
