// Streams on Spark whose checkpoint lies on a real HDFS: windows and state go on after the end of a session and after the death of its driver.
// time limit: 600 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { type Context, type DStream, ManualClock, StreamingContext } from '../../runtime/index';
import { errorOf } from '../helpers/errors';
import { freePort } from '../helpers/free-port';
import { killDrivers } from '../helpers/killed-drivers';
import { type MiniHadoop, missingForHadoop, startHadoop } from '../helpers/mini-hadoop';
import { size } from '../helpers/sizes';
import { type Standalone, startStandalone } from '../helpers/standalone';
import { quietDisplay } from '../helpers/streams';
import { checkSaves } from '../helpers/watched-folder';

const add = (a: number, b: number) => a + b;
const subtract = (a: number, b: number) => a - b;

const test = suite('stream checkpoints on HDFS');
const missing = missingForHadoop();
if (missing !== undefined) console.log(`Not run on HDFS: ${missing}`);
const onHdfs = missing === undefined ? test : test.skip;
let hadoop: MiniHadoop;
let cluster: Standalone;
let sc: Context;
const userBefore = process.env.HADOOP_USER_NAME;

test.before(async () => {
  if (missing !== undefined) return;
  hadoop = await startHadoop(false);
  // Not the user who started HDFS, whom it refuses nothing.
  process.env.HADOOP_USER_NAME = 'alice';
  cluster = await startStandalone(1, 2);
  sc = await connect(cluster.master, { spark: { conf: { 'spark.executor.memory': '512m' } } });
});

test.after(async () => {
  if (userBefore === undefined) delete process.env.HADOOP_USER_NAME;
  else process.env.HADOOP_USER_NAME = userBefore;
  await sc?.stop();
  await cluster?.stop();
  await hadoop?.stop();
});

type Pairs = DStream<[string, number]>;

/** Runs batches of one key from a checkpoint until the clock stands there, and answers what the last batch gave. */
async function run(
  folder: string,
  from: number,
  until: number,
): Promise<{ windows: unknown; totals: unknown; notices: string[] }> {
  const clock = new ManualClock(from);
  const notices: string[] = [];
  const last = new Map<string, unknown>();
  const keep = (name: string, stream: Pairs) =>
    stream.setName(name).foreachRDD(async (rdd) => void last.set(name, (await rdd.collect()).sort()));
  const create = (streaming: StreamingContext) => {
    const pairs = streaming.generatorStream(2, (i): [string, number] => [i % 2 ? 'odd' : 'even', 1]).setName('numbers');
    keep('windows', pairs.reduceByKeyAndWindow(add, subtract, '3s'));
    keep(
      'totals',
      pairs.updateStateByKey<string, number, number>((values, state) => values.reduce(add, state ?? 0)),
    );
  };
  const options = { sc, interval: '1s', clock, display: quietDisplay((text) => notices.push(text)) } as const;
  const streaming = StreamingContext.getOrCreate(folder, create, options);
  streaming.start();
  for (await streaming.idle(); clock.now() < until; await streaming.idle()) clock.advance('1s');
  await streaming.stop();
  return { windows: last.get('windows'), totals: last.get('totals'), notices };
}

onHdfs('windows and state go on in the next run, where executors share no disk with the session', async () => {
  const folder = `${hadoop.hdfs}/open/checkpoint/`;
  const each = (n: number) => [
    ['even', n],
    ['odd', n],
  ];
  const first = await run(folder, 0, 5_000);
  assert.equal(first.windows, each(3), first.notices.join('\n'));
  assert.equal(first.totals, each(5));
  const second = await run(folder, 5_000, 9_000);
  assert.match(second.notices.join('\n'), /resumes after the batch of/);
  assert.equal(second.windows, each(3));
  assert.equal(second.totals, each(9));
  const anew = new StreamingContext(sc, '1s', { clock: new ManualClock(0), display: quietDisplay() });
  anew.checkpoint(folder);
  anew.queueStream([[1]]).foreachRDD(() => {});
  await errorOf('CHECKPOINT_EXISTS', () => anew.start());
});

onHdfs('one program at a time writes there, nobody without the right, and no logs of receivers', async () => {
  const folder = `${hadoop.hdfs}/open/held`;
  const begin = (at: string, options = {}) => {
    const streaming = new StreamingContext(sc, '1s', { clock: new ManualClock(0), display: quietDisplay(), ...options });
    streaming.checkpoint(at);
    streaming.queueStream([[1]]).foreachRDD(() => {});
    streaming.start();
    return streaming;
  };
  const holder = begin(folder);
  await errorOf('CHECKPOINT_IN_USE', () => begin(folder));
  await holder.stop();
  const denied = await errorOf('DISK', () => begin(`${hadoop.hdfs}/closed/mine`));
  assert.match(denied.message, /Permission denied: user=alice/);
  const full = await errorOf('DISK', () => begin(`${hadoop.hdfs}/full/mine`));
  assert.match(full.message, /quota/i);
  assert.match(full.remedy, /Make room there/);
  // Nothing is left that would pass for the file of a program that runs.
  assert.equal(sc.engineFiles!.folders.entries(`${hadoop.hdfs}/full/mine/owner`), []);
  const port = await freePort();
  const unreachable = await errorOf('DISK', () => begin(`hdfs://127.0.0.1:${port}/mine`));
  assert.match(unreachable.remedy, /Check host and port/);
  const logged = await errorOf('BAD_ARGUMENT', () => begin(`${hadoop.hdfs}/open/logged`, { writeAheadLog: true }));
  assert.match(logged.remedy, /Leave writeAheadLog out/);
});

onHdfs('files that arrive in a folder there are read once, also by the next run; old ones are replayed', async () => {
  const incoming = `${hadoop.hdfs}/open/incoming`;
  const { folders } = sc.engineFiles!;
  const put = (name: string, text: string) => folders.writeWhole(`${incoming}/${name}`, Buffer.from(text));
  const notices: string[] = [];
  const nowhere = new StreamingContext(sc, '1s', { display: quietDisplay((text) => notices.push(text)) });
  nowhere.textFileStream(incoming).foreachRDD(() => {});
  nowhere.start();
  await nowhere.stop();
  assert.match(notices.join(), /There is nothing at hdfs:.*incoming/);
  put('before.txt', 'left out\n');
  const lines: string[] = [];
  const names: string[] = [];
  const batches = async (from: number, until: number, then: (now: number) => void) => {
    const clock = new ManualClock(from);
    const create = (streaming: StreamingContext) => {
      streaming.textFileStream(incoming, { settle: '1s' }).foreachRDD(async (rdd) => void lines.push(...(await rdd.collect())));
      const whole = streaming.fileStream(incoming, { settle: '1s', filter: (name) => name.endsWith('.csv') });
      whole.foreachRDD(async (rdd) => void names.push(...(await rdd.keys().collect())));
    };
    const options = { sc, interval: '1s', clock, display: quietDisplay() } as const;
    const streaming = StreamingContext.getOrCreate(`${hadoop.hdfs}/open/watched`, create, options);
    streaming.start();
    for (await streaming.idle(); clock.now() < until; await streaming.idle()) {
      then(clock.now());
      clock.advance('1s');
    }
    await streaming.stop();
  };
  await batches(0, 6_000, (now) => {
    if (now === 1_000) put('one.txt', 'a\nb\n');
    if (now === 2_000) put('two.csv', 'c\n');
  });
  assert.equal(lines.sort(), ['a', 'b', 'c']);
  assert.equal(names, [`${incoming}/two.csv`]);
  await batches(6_000, 10_000, (now) => now === 7_000 && put('three.txt', 'd\n'));
  assert.equal(lines.sort(), ['a', 'b', 'c', 'd']);
  const replayed: string[] = [];
  const old = new StreamingContext(sc, '1s', { display: quietDisplay() });
  old.replay(`${incoming}/*.txt`).foreachRDD(async (rdd) => void replayed.push(...(await rdd.collect())));
  old.start();
  await old.awaitTermination();
  assert.equal(replayed.sort(), ['a', 'b', 'd', 'left out']);
});

onHdfs('a folder that a save makes after the stream began is read whole, and what takes its place', () =>
  checkSaves(sc, `${hadoop.hdfs}/open/made-later`),
);

onHdfs('the driver is killed, Spark with it: the next one goes on exactly', () => {
  const master = () => 'spark-local[2]';
  const checkpoint = `${hadoop.hdfs}/open/killed`;
  return killDrivers({ seed: 7, kills: size(1, 5), batches: size(12, 60), master, checkpoint });
});

test.run();
