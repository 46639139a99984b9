// Record batches without a broker: written and read, damaged, aborted; partitions of keys as Java chooses them; conditions as SQL.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BatchWriter, mostBytes } from '../../../cluster/connectors/kafka/batch-writer';
import { findClient, loadClient } from '../../../cluster/connectors/kafka/client-package';
import { partitionOfKey } from '../../../cluster/connectors/kafka/partition-of-key';
import { rangeBetween } from '../../../cluster/connectors/kafka/positions';
import { AbortedProducers, DamagedBatch, recordBatches } from '../../../cluster/connectors/kafka/record-batches';
import { RowMaker } from '../../../cluster/connectors/kafka/rows';
import { conditionSql, Parameters } from '../../../cluster/connectors/sql/condition-sql';
import type { Database, TableColumn } from '../../../cluster/connectors/sql/database';
import type { Condition } from '../../../runtime/index';

const client = loadClient(findClient());
const author = { producerId: 7n, producerEpoch: 0 };

function batch(values: readonly (string | null)[], compression: 'none' | 'gzip' | 'lz4' = 'none'): Buffer {
  const writer = new BatchWriter();
  for (const [i, value] of values.entries())
    writer.add({
      key: i % 2 === 0 ? Buffer.from(`k${i}`) : null,
      value: value === null ? null : Buffer.from(value),
      headers: [['h', Buffer.from(`${i}`)]],
      timestamp: 1_700_000_000_000 + 10 * (i % 3),
    });
  return writer.take(client, compression, author, 0);
}

const read = (data: Buffer, aborted = new AbortedProducers([])) => {
  const rows: { value?: unknown }[] = [];
  const maker = new RowMaker('t', 3, { key: 'text', value: 'text' }, undefined);
  for (const one of recordBatches(data, aborted, client)) maker.add(one, 0, Number.MAX_SAFE_INTEGER, rows, []);
  return rows;
};

test('what is written is read, whatever the codec and the size', () => {
  const values = ['', 'a', null, 'ü'.repeat(40), 'x'.repeat(100_000)];
  for (const compression of ['none', 'gzip', 'lz4'] as const) {
    const rows = read(batch(values, compression));
    assert.equal(
      rows.map(({ value }) => value),
      values,
    );
    const { timestamp, headers, key, offset } = rows[2] as Record<string, unknown>;
    assert.equal([timestamp, headers, key, offset], [1_700_000_000_020, { h: '2' }, 'k2', 2]);
  }
});

test('a changed byte anywhere behind the checksum is seen, and a batch that is cut off is left for the next fetch', () => {
  const data = batch(['one', 'two', 'three']);
  for (let at = 21; at < data.length; at++) {
    const damaged = Buffer.from(data);
    damaged[at] ^= 1;
    assert.throws(
      () => read(damaged),
      (error: unknown) => error instanceof DamagedBatch,
    );
  }
  assert.is(read(Buffer.concat([data, data.subarray(0, data.length - 1)])).length, 3);
});

test('batches of an aborted transaction are left out, those before it are not', () => {
  const data = batch(['x']);
  assert.is(read(data, new AbortedProducers([{ pid: 7n, first: 0n }])).length, 0);
  assert.is(read(data, new AbortedProducers([{ pid: 8n, first: 0n }])).length, 1);
  assert.is(read(data, new AbortedProducers([{ pid: 7n, first: 1n }])).length, 1);
});

test("keys have the hashes of Kafka's own tests", () => {
  const most = 0x7fffffff;
  for (const [key, hash] of [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ] as const)
    assert.is(partitionOfKey(Buffer.from(key), most), (hash & most) % most, key);
});

test('a batch of a stream reads at most its limits, the same for the same positions, and moves every partition on', () => {
  const from = { at: { t: [0, 90] } };
  const latest = { at: { t: [1000, 100, 5] }, begins: { t: { 2: 1 } } };
  const range = rangeBetween(from, latest, { perPartition: 400, total: 50 });
  assert.ok(range.partitions.every(({ data }) => data.to > data.from));
  assert.equal(
    range.partitions.map(({ data }) => [data.partition, data.from]),
    [
      [0, 0],
      [1, 90],
      [2, 1],
    ],
  );
  assert.is(range.records! + range.behind!, 1000 + 10 + 4);
  assert.ok(range.records! <= 53);
  const again = rangeBetween(from, range.to, { perPartition: 400, total: undefined });
  assert.equal(again.partitions, range.partitions);
  // A restart may have a lower limit: what a batch has read it reads again.
  const stored = JSON.parse(JSON.stringify(range.to)) as typeof range.to;
  assert.equal(rangeBetween(from, stored, { perPartition: 1, total: 1 }).partitions, range.partitions);
});

test('a topic that was made anew is read from where it begins, and a note says so', () => {
  const from = { at: { t: [100] } };
  const range = rangeBetween(from, { at: { t: [50] }, begins: { t: { 0: 3 } } }, { perPartition: 20, total: undefined });
  assert.equal(range.partitions, [{ data: { topic: 't', partition: 0, from: 3, to: 23 } }]);
  assert.equal(range.notes, ['t, partition 0: it ends at 50, before offset 100: it is read anew, from 3']);
  assert.equal(rangeBetween(from, range.to, { perPartition: 20, total: undefined }).partitions, range.partitions);
});

test('a decoder of values sees the key, whatever the next steps read', () => {
  const rows: { value?: unknown }[] = [];
  const maker = new RowMaker('t', 3, { key: 'text', value: (_bytes, { key }) => key }, ['value']);
  for (const one of recordBatches(batch(['a', 'b']), new AbortedProducers([]), client)) maker.add(one, 0, 9, rows, []);
  assert.equal(
    rows.map(({ value }) => value),
    ['k0', null],
  );
});

test('how much a record adds to a batch is not guessed too low', () => {
  const record = { key: Buffer.alloc(3), value: Buffer.alloc(9000), headers: [['ü', Buffer.alloc(7)]], timestamp: 1 } as const;
  const writer = new BatchWriter();
  writer.add(record);
  assert.ok(writer.size <= mostBytes(record) && mostBytes(record) < writer.size + 200);
});

test('a condition in SQL drops no row that JavaScript would take', () => {
  const database = {
    quoted: (name: string) => name,
    parameter: () => '?',
    written: (value: unknown) => value,
    isTrue: (name: string, value: boolean) => `${name} ${value ? '<>' : '='} 0`,
  } as unknown as Database;
  const columns = [
    { name: 'n', type: { kind: 'int' }, nullable: true, isComparable: true },
    { name: 'f', type: { kind: 'double' }, nullable: true, isComparable: false },
    { name: 'b', type: { kind: 'boolean' }, nullable: true, isComparable: true },
    { name: 'day', type: { kind: 'date' }, nullable: true, isComparable: true },
    { name: 's', type: { kind: 'text' }, nullable: true, isComparable: true },
    { name: 'at', type: { kind: 'timestamp', zone: true, unit: 'us' }, nullable: true, isComparable: true },
  ] as const satisfies readonly TableColumn[];
  const sql = (condition: Condition) => {
    const parameters = new Parameters(database);
    return [conditionSql(condition, columns, database, parameters), ...parameters.values];
  };
  const compare = (field: string, by: '<' | '<=' | '===' | '!==', value: never) =>
    ({ kind: 'compare', field, by, value }) as const;
  const low = compare('n', '<', 5 as never);
  assert.equal(sql(low), ['(n < ? or n is null)', 5]);
  assert.equal(sql(compare('s', '===', 'x' as never)), ['s = ?', 'x']);
  assert.equal(sql(compare('f', '===', 0.1 as never)), [undefined]);
  assert.equal(sql(compare('b', '===', true as never)), ['b <> 0']);
  assert.equal(sql(compare('day', '===', 'no day' as never)), [undefined]);
  assert.equal(sql(compare('s', '<', 'x' as never)), [undefined]);
  assert.equal(sql(compare('n', '===', '5' as never)), [undefined]);
  assert.equal(sql(compare('s', '!==', null as never)), ['s is not null']);
  assert.equal(sql(compare('at', '<=', new Date(1000) as never)), ['(at < ? or at is null)', new Date(1001)]);
  const order = compare('s', '<', 'x' as never);
  assert.equal(sql({ kind: 'all', of: [low, order] }), ['((n < ? or n is null))', 5]);
  assert.equal(sql({ kind: 'any', of: [low, order] }), [undefined]);
});

test.run();
