// What paths of HDFS and S3 come to on each master is what docs/spark-support.md says; `npm run tables:spark` writes there what was seen.
// time limit: 900 s
import { writeFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { MillraceError } from '../../runtime/base/errors';
import type { Context, DStream } from '../../runtime/index';
import { ManualClock, StreamingContext } from '../../runtime/index';
import { hadoopAws, type MiniHadoop, missingForHadoop, startHadoop } from '../helpers/mini-hadoop';
import { keys, S3Server } from '../helpers/s3-server';
import { long } from '../helpers/sizes';
import { readDocument } from '../helpers/sources';
import { startSharedCluster } from '../helpers/spark-part';
import type { Standalone } from '../helpers/standalone';
import { quietDisplay } from '../helpers/streams';
import { columns, type Master, masters, type Outcome } from '../helpers/support-table';
import { until, within } from '../helpers/within';

const test = suite('support of paths');
const document = 'docs/spark-support.md';
const writes = process.argv.includes('--write');
const limitMs = 120_000;
const [begin, end] = ['<!-- paths: npm run tables:spark -->', '<!-- end of paths -->'];
const { jars, missing: noAws } = long || writes ? hadoopAws() : { jars: [], missing: undefined };
const missing = missingForHadoop() ?? noAws;
if (missing !== undefined) console.log(`Not run on HDFS and S3: ${missing}`);
const onPaths = (long || writes) && missing === undefined ? test : test.skip;

/** Asks something of paths: `given` has files, `out` is a folder that is not there yet. Answers what it got and should have got. */
type Probe = (sc: Context, given: string, out: string) => Promise<readonly [got: unknown, expected: unknown]>;

const rows = [
  { id: 1, name: 'a' },
  { id: 2, name: 'b' },
];

/** What a stream gives until it has given so many rows; files there have ages by a clock of their own. */
async function rowsOf<T>(sc: Context, n: number, make: (s: StreamingContext) => DStream<T>, then?: () => unknown): Promise<T[]> {
  const clock = new ManualClock(0);
  const streaming = new StreamingContext(sc, '1s', { clock, display: quietDisplay() });
  const seen: T[] = [];
  try {
    make(streaming).foreachRDD(async (rdd) => void seen.push(...(await rdd.collect())));
    streaming.start();
    await streaming.idle();
    await then?.();
    const batch = async () => {
      clock.advance('1s');
      await streaming.idle();
      return seen.length >= n;
    };
    await until(60_000, batch, `${n} rows`);
  } finally {
    await streaming.stop();
  }
  return seen;
}

const probes: Readonly<Record<string, Probe>> = {
  '`textFile`, a pattern': async (sc, given) => [(await sc.textFile(`${given}/text/part-*`).collect()).sort(), ['x', 'y']],
  '`wholeTextFiles`': async (sc, given) => [(await sc.wholeTextFiles(`${given}/text`).values().collect()).sort(), ['x\n', 'y\n']],
  '`objectFile`': async (sc, given) => [(await sc.objectFile<number>(`${given}/objects`).collect()).sort(), [0, 1, 2]],
  '`csv`': async (sc, given) => [await sc.csv(`${given}/csv`).collect(), rows],
  '`jsonLines`': async (sc, given) => [await sc.jsonLines(`${given}/json`).collect(), rows],
  '`parquet`': async (sc, given) => [await sc.parquet(`${given}/parquet`).collect(), rows],
  '`arrow`': async (sc, given) => [await sc.arrow(`${given}/arrow`).collect(), rows],
  '`saveAsTextFile`': async (sc, _, out) => {
    await sc.parallelize(['x', 'y'], 2).saveAsTextFile(out);
    return [(await sc.textFile(out).collect()).sort(), ['x', 'y']];
  },
  '`saveAsObjectFile`': async (sc, _, out) => {
    await sc.range(3).saveAsObjectFile(out);
    return [await sc.objectFile<number>(out).sum(), 3];
  },
  '`saveAsCsv` `saveAsJsonLines` `saveAsParquet` `saveAsArrow`': async (sc, _, out) => {
    const table = sc.parallelize(rows, 1);
    await table.saveAsCsv(`${out}/csv`);
    await table.saveAsJsonLines(`${out}/json`);
    await table.saveAsParquet(`${out}/parquet`);
    await table.saveAsArrow(`${out}/arrow`);
    const read = [sc.csv(`${out}/csv`), sc.jsonLines(`${out}/json`), sc.parquet(`${out}/parquet`), sc.arrow(`${out}/arrow`)];
    return [await Promise.all(read.map((one) => one.count())), [2, 2, 2, 2]];
  },
  '`setCheckpointDir` and `checkpoint` of a dataset': async (sc, _, out) => {
    sc.setCheckpointDir(out);
    const rdd = sc.range(0, 4, 1, 2).map((x) => x + 1);
    rdd.checkpoint();
    return [
      [await rdd.sum(), await rdd.sum(), rdd.isCheckpointed],
      [10, 10, true],
    ];
  },
  '`checkpoint` of streams': async (sc, _, out) => {
    const seen = await rowsOf(sc, 3, (s) => {
      s.checkpoint(out);
      const ones = s.generatorStream(1, (): [string, number] => ['a', 1]).setName('ones');
      return ones.runningReduce((a, b) => a + b).setName('sums');
    });
    return [seen[2], ['a', 3]];
  },
};

interface Place {
  readonly scheme: string;
  readonly base: string;
}

/** A refusal without what differs from run to run. */
function refusalOf({ message, remedy }: MillraceError, place: Place): Outcome {
  const text = `${message} ${remedy}`.replaceAll(place.base, `${place.scheme}…`).replace(/…\/out\d+/g, '…/out');
  return `refused: ${text.replaceAll('|', '\\|')}`;
}

/** Errors by which something is refused; others are failures. */
const refusals: ReadonlySet<string> = new Set([
  'BAD_ARGUMENT',
  'BAD_OPTION',
  'NOT_SHARED',
  'DISK',
  'UNREADABLE_FILE',
  'NO_FILES',
]);

let outs = 0;

async function outcomesOn(sc: Context, place: Place): Promise<Map<string, Outcome>> {
  const found = new Map<string, Outcome>();
  const failures: string[] = [];
  for (const [name, probe] of Object.entries(probes)) {
    try {
      const asked = probe(sc, `${place.base}/given`, `${place.base}/out${outs++}`);
      const [got, expected] = await within(limitMs, asked, name);
      assert.equal(got, expected, name);
      found.set(name, 'works');
    } catch (error) {
      if (error instanceof MillraceError && refusals.has(error.code)) found.set(name, refusalOf(error, place));
      else failures.push(`${name}: ${error}`);
    }
  }
  assert.ok(failures.length === 0, `${place.scheme} on ${sc.master}:\n  ${failures.join('\n  ')}`);
  return found;
}

/** Files that all masters read. */
async function give(sc: Context, { base }: Place): Promise<void> {
  const table = sc.parallelize(rows, 1);
  await sc.parallelize(['x', 'y'], 2).saveAsTextFile(`${base}/given/text`);
  await sc.range(3).saveAsObjectFile(`${base}/given/objects`);
  await table.saveAsCsv(`${base}/given/csv`);
  await table.saveAsJsonLines(`${base}/given/json`);
  await table.saveAsParquet(`${base}/given/parquet`);
  await table.saveAsArrow(`${base}/given/arrow`);
}

/** The servers, what each process finds them by, and the settings of Spark for them. */
class Servers {
  hadoop!: MiniHadoop;
  s3!: S3Server;
  cluster!: Standalone;
  readonly #before = { ...process.env };

  async start(): Promise<void> {
    this.hadoop = await startHadoop(false);
    this.s3 = await S3Server.start();
    this.cluster = await startSharedCluster();
    const port = this.hadoop.web.split(':')[1];
    Object.assign(process.env, this.s3.environment, { HADOOP_USER_NAME: 'alice', MILLRACE_WEBHDFS_PORT: port });
  }

  get places(): readonly Place[] {
    return [
      { scheme: 'hdfs://', base: `${this.hadoop.hdfs}/open` },
      { scheme: 's3://', base: 's3://data' },
    ];
  }

  get conf(): Record<string, string> {
    return {
      'spark.jars': jars.join(),
      'spark.hadoop.fs.s3a.endpoint': this.s3.endpoint,
      'spark.hadoop.fs.s3a.endpoint.region': 'us-east-1',
      'spark.hadoop.fs.s3a.path.style.access': 'true',
      'spark.hadoop.fs.s3a.access.key': keys.id,
      'spark.hadoop.fs.s3a.secret.key': keys.secret,
    };
  }

  async stop(): Promise<void> {
    for (const name of Object.keys(process.env)) if (!(name in this.#before)) delete process.env[name];
    Object.assign(process.env, this.#before);
    await this.cluster?.stop();
    this.s3?.stop();
    await this.hadoop?.stop();
  }
}

type Seen = Map<string, Map<Master, Outcome>>;

function tableOf(seen: Seen): string {
  const head = ['paths', 'operation', ...Object.keys(columns)];
  const lines = [...seen].map(([row, outcomes]) => [...row.split(' ', 1), row.slice(row.indexOf(' ') + 1), ...outcomes.values()]);
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

onPaths('every operation on paths of HDFS and S3 comes to what the table says', async () => {
  const servers = new Servers();
  const seen: Seen = new Map();
  try {
    await servers.start();
    for (const master of masters) {
      const name = master === 'standalone' ? servers.cluster.master : master;
      const sc = await connect(name, { spark: { conf: servers.conf } });
      try {
        for (const place of servers.places) {
          if (master === masters[0]) await give(sc, place);
          for (const [operation, outcome] of await outcomesOn(sc, place)) {
            const row = `\`${place.scheme}\` ${operation}`;
            seen.set(row, (seen.get(row) ?? new Map<Master, Outcome>()).set(master, outcome));
          }
        }
      } finally {
        await sc.stop();
      }
    }
  } finally {
    await servers.stop();
  }
  const table = `${begin}\n${tableOf(seen)}\n${end}`;
  const said = readDocument(document);
  if (writes)
    writeFileSync(
      document,
      said.replace(new RegExp(`${begin}[\\s\\S]*?${end}`), () => table),
    );
  const now = readDocument(document);
  assert.equal(now.slice(now.indexOf(begin), now.indexOf(end) + end.length), table, 'run npm run tables:spark');
});

test('the table has a row for each operation on each kind of path', () => {
  const said = readDocument(document);
  const table = said.slice(said.indexOf(begin), said.indexOf(end));
  for (const scheme of ['hdfs://', 's3://'])
    for (const name of Object.keys(probes)) assert.ok(table.includes(`| \`${scheme}\` | ${name} | `), `${scheme} ${name}`);
});

test.run();
