// Avro and Protobuf through a schema registry, as docs/kafka.md has it: the client of the registry runs on executors.
// time limit: 300 s
import { mkdirSync, symlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { KafkaBroker, missingForKafka } from '../helpers/kafka-broker';
import { Topics } from '../helpers/kafka-topics';
import { file, folder, millrace } from '../helpers/scripts';

const test = suite('schema registries');
const missing = missingForKafka();

/** What a registry must answer: schemas by their numbers, and a number for a new schema. */
function startRegistry(): Promise<Server> {
  const schemas: object[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (bytes: Buffer) => {
      body += bytes;
    });
    request.on('end', () => {
      const answer = (status: number, value: object) => {
        response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
        response.end(JSON.stringify(value));
      };
      const known = /^\/schemas\/ids\/(\d+)/.exec(request.url ?? '');
      if (known) return answer(200, schemas[Number(known[1]) - 1]);
      if (request.method === 'PUT') return answer(200, { compatibility: 'BACKWARD' });
      if (request.method !== 'POST') return answer(404, { error_code: 40401, message: 'there is none' });
      return answer(200, { id: schemas.push(JSON.parse(body)) });
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

const avro = JSON.stringify({
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [
    { name: 'id', type: 'int' },
    { name: 'sum', type: 'double' },
  ],
});

const protobuf = 'syntax = "proto3"; package shop; message Order { int32 id = 1; double sum = 2; }';

if (missing !== undefined) {
  test('are left out', () => console.log(missing));
} else {
  test('values are decoded on executors by the schema that each names', async () => {
    const broker = await KafkaBroker.start();
    const topics = new Topics(broker);
    const server = await startRegistry();
    const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const registry = new SchemaRegistry({ host });
      const schemas = [
        await registry.register({ type: SchemaType.AVRO, schema: avro }, { subject: 'avro' }),
        await registry.register({ type: SchemaType.PROTOBUF, schema: protobuf }, { subject: 'protobuf' }),
      ];
      const topic = await topics.make(2);
      for (const { id } of schemas) {
        const values = [1, 2, 3].map((n) => registry.encode(id, { id: n, sum: n / 2 }));
        await topics.send(
          topic,
          (await Promise.all(values)).map((value, i) => ({ partition: i % 2, value })),
        );
      }
      mkdirSync(join(folder, 'node_modules'), { recursive: true });
      symlinkSync(join(__dirname, '../../node_modules/@kafkajs'), join(folder, 'node_modules/@kafkajs'));
      file(
        'registry.ts',
        `import { SchemaRegistry } from '@kafkajs/confluent-schema-registry'
const registry = new SchemaRegistry({ host: '${host}' })
export const decode = (bytes: Buffer) => registry.decode(bytes)
`,
      );
      const script = file(
        'orders.ts',
        `import { decode } from './registry'
const orders = sc.kafka({ brokers: '${broker.address}', topic: '${topic}', value: decode })
console.log(await orders.map(r => r.value.id * 10 + r.value.sum).sum(), await orders.count())
`,
      );
      const { out, err, status } = await millrace(['--master', 'local[2]', script]);
      assert.equal([status, out, err], [0, '126 6\n', '']);
    } finally {
      server.close();
      await topics.close();
      await broker.stop();
    }
  });
}

test.run();
