// `npm run bench:cassandra -- [--rows N]`: rows a second into and out of a table of Cassandra, beside one loop of the bare driver in the same run.
import { parseArgs } from 'node:util';
import { connect } from '../../cluster/connect';
import { type Client, openCluster } from '../../cluster/connectors/cassandra/client';
import { checkedCluster } from '../../cluster/connectors/cassandra/options';
import { CassandraNode } from '../helpers/cassandra-node';

const rounds = 3;
const perUser = 50;
const rowsAtOnce = 5_000;
const insert = 'insert into bench.events (user, at, kind, n) values (?, ?, ?, ?)';

const best = async (f: () => Promise<unknown>): Promise<number> => {
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const begun = performance.now();
    await f();
    times.push((performance.now() - begun) / 1000);
  }
  return Math.min(...times);
};

const print = (entry: object) => console.log(JSON.stringify(entry));

const rowOf = (i: number) => ({ user: `user ${Math.floor(i / perUser)}`, at: i, kind: i % 5 === 0 ? 'buy' : 'view', n: i });

/** One statement after the other, as a program without a thought writes it. */
async function bareWrite(client: Client, rows: number): Promise<void> {
  for (let i = 0; i < rows; i++) await client.execute(insert, Object.values(rowOf(i)), { prepare: true, isIdempotent: true });
}

/** One page of the whole table after the other. */
async function bareScan(client: Client): Promise<number> {
  let count = 0;
  for (let pageState: string | undefined, isOver = false; !isOver; ) {
    const options = { prepare: true, fetchSize: rowsAtOnce, pageState };
    const answer = await client.execute('select user, at, kind, n from bench.events', [], options);
    count += answer.rows.length;
    pageState = answer.pageState ?? undefined;
    isOver = answer.pageState === null || answer.pageState === undefined;
  }
  return count;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { rows: { type: 'string', default: '100000' } } });
  const rows = Math.ceil(Number(values.rows) / perUser) * perUser;
  const node = await CassandraNode.start();
  const sc = await connect('local[2]');
  const { cluster, login } = checkedCluster('bench', node.options);
  try {
    await node.run(
      "create keyspace bench with replication = { 'class': 'SimpleStrategy', 'replication_factor': 1 }",
      'create table bench.events (user text, at int, kind text, n int, primary key (user, at))',
    );
    const client = await openCluster(cluster, login);
    try {
      const data = sc.range(0, rows, 1, 4).map(rowOf);
      const write = () => data.saveToCassandra('bench', 'events', node.options);
      const scan = async () => {
        const sum = await sc.cassandra<{ n: number }>('bench', 'events', node.options).aggregate(
          0,
          (n) => n + 1,
          (a, b) => a + b,
        );
        if (sum !== rows) throw new Error(`${sum} of ${rows} rows came`);
      };
      // A tenth of it first, untimed.
      await bareWrite(client, rows / 10);
      await write();
      const bareWriteTime = await best(() => bareWrite(client, rows));
      const writeTime = await best(write);
      await bareScan(client);
      await scan();
      const bareScanTime = await best(() => bareScan(client));
      const scanTime = await best(scan);
      const perSecond = (s: number) => Math.round(rows / s);
      print({ work: 'bare driver, one loop: write', rowsPerSecond: perSecond(bareWriteTime) });
      print({ work: 'saveToCassandra', rowsPerSecond: perSecond(writeTime), ofBare: bareWriteTime / writeTime });
      print({ work: 'bare driver, one loop: scan', rowsPerSecond: perSecond(bareScanTime) });
      print({ work: 'scan', rowsPerSecond: perSecond(scanTime), ofBare: bareScanTime / scanTime });
    } finally {
      await client.shutdown();
    }
  } finally {
    await sc.stop();
    await node.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
