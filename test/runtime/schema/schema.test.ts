// The schema of tables: inferred from values, as TypeScript text, compared, and sent with a dataset.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeDatasets, encodeDatasets } from '../../../runtime/plan/transfer';
import { schemaOfRows, typeOfValues } from '../../../runtime/schema/infer-values';
import { type Schema, sameType } from '../../../runtime/schema/schema';
import { kindText, rowInterface, rowType, valuesText } from '../../../runtime/schema/schema-text';
import { errorOf } from '../../helpers/errors';

const test = suite('schema');

test('rows of objects tell their columns, nulls, missing fields and unions', () => {
  const schema = schemaOfRows([
    { year: 2026, carrier: 'AA', delay: 1.5, id: 2n ** 60n, tags: ['a', null], at: new Date(0) },
    { year: 2027, carrier: null, delay: 2, id: 1n, tags: [], at: new Date(1), 'odd name': true, mixed: 1 },
    { year: 2028, carrier: 'B', delay: 3, id: 1n, tags: [], at: new Date(1), mixed: 'one', nested: { a: 1, b: [{ c: null }] } },
  ]);
  assert.is(
    rowType(schema),
    '{ year: number, carrier: string | null, delay: number, id: bigint, tags: (string | null)[], at: Date, "odd name"?: boolean, ' +
      'mixed?: number | string, nested?: { a: number, b: { c: null }[] } }',
  );
});

test('a map, bytes and any kind have their types', () => {
  assert.is(valuesText(typeOfValues([new Map([['a', 1.5]]), null])), 'Map<string, number> | null');
  assert.is(valuesText(typeOfValues([new Uint8Array(2)])), 'Uint8Array');
  assert.is(valuesText(typeOfValues([])), 'any');
});

test('an interface says what the types of TypeScript do not', () => {
  const schema: Schema = {
    columns: [
      { name: 'n', type: { kind: 'int' }, nullable: false },
      { name: 'day', type: { kind: 'date' }, nullable: true },
      { name: '__proto__', type: { kind: 'decimal', precision: 9, scale: 2 }, nullable: false },
      { name: 'at', type: { kind: 'timestamp', zone: false, unit: 'us' }, nullable: false },
    ],
  };
  assert.is(
    rowInterface('Flight', schema),
    `export interface Flight {
  /** A whole number. */
  n: number;
  /** A date as text: '2026-03-01'. */
  day: string | null;
  /** A decimal number of 9 digits as its exact text. */
  __proto__: string;
  /** An instant in milliseconds; the file has microseconds, which the type 'text' keeps. */
  at: Date;
}
`,
  );
  assert.equal(
    schema.columns.map(({ type }) => kindText(type)),
    ['int', 'date', 'decimal(9, 2)', 'timestamp (us, no zone)'],
  );
});

test('types are compared with their parameters and fields', () => {
  const list = (nullable: boolean) => ({ kind: 'list', of: { type: { kind: 'int' }, nullable } }) as const;
  assert.ok(sameType(list(true), list(true)));
  assert.not(sameType(list(true), list(false)));
  assert.not(sameType({ kind: 'time', unit: 'ms' }, { kind: 'time', unit: 'us' }));
});

test('a schema goes with its dataset, and is checked on the other side', async () => {
  const dataset = (schema: unknown) =>
    ({
      id: 1,
      operation: 'csv',
      dependencies: [],
      partitions: 0,
      splits: { kind: 'none' },
      fragment: { op: 'empty' },
      functions: [],
      schema,
    }) as never;
  const schema = schemaOfRows([{ a: 1, b: [{ c: 'x' }], d: new Map([[1, 'a']]) }]);
  assert.equal(decodeDatasets(encodeDatasets([dataset(schema)]))[0].schema, schema);
  const wrong = {
    columns: [{ name: 'a', nullable: false, type: { kind: 'list', of: { type: { kind: 'nothing' }, nullable: true } } }],
  };
  const error = await errorOf('BAD_NODE', () => decodeDatasets(encodeDatasets([dataset(wrong)])));
  assert.match(String(error), /dataset\[0\]\.schema\.columns\[0\]\.type\.of\.type\.kind is "nothing" instead of one of/);
});

test.run();
