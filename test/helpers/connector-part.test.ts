// The part of connector tests that runs: the short size has a file of each server, and what lacks its server is left out with the reason.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connectorFiles } from './connector-part';

const test = suite('the connector tests that run');
const file = (name: string) => `test/connectors/${name}.test.ts`;
const all = ['cassandra', 'databases', 'hdfs', 'kafka', 'kafka-kills', 's3'].map(file);

test('the short size asks for no server but those of its files', () => {
  const asked: string[] = [];
  const there = (name: string) => () => void asked.push(name);
  const by = Object.fromEntries(['cassandra', 'databases', 'hdfs', 'kafka', 's3'].map((name) => [name, there(name)]));
  const { files, leftOut } = connectorFiles(all, false, by);
  assert.equal(files, ['databases', 'hdfs', 'kafka', 's3'].map(file));
  assert.equal([leftOut, asked], [[], ['databases', 'hdfs', 'kafka', 's3']]);
  assert.ok(files.every((path) => existsSync(join(__dirname, '../..', path))));
});

test('files whose server is missing are left out, with the reason', () => {
  const { files, leftOut } = connectorFiles(all, true, { kafka: () => 'No Kafka: no Java.' });
  assert.equal(files, ['cassandra', 'databases', 'hdfs', 's3'].map(file));
  assert.equal(leftOut, [`Not run: ${file('kafka')}, ${file('kafka-kills')}. No Kafka: no Java.`]);
});

test.run();
