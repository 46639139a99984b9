// What each operation comes to on each master is what docs/spark-support.md says; `npm run tables:spark` writes there what was seen.
// time limit: 300 s
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../cluster/connect';
import { MillraceError } from '../../runtime/base/errors';
import type { Context } from '../../runtime/index';
import { docstringExamples, type Example, exampleRunner, plain, valueOf } from '../helpers/docstring-examples';
import { long } from '../helpers/sizes';
import { readDocument } from '../helpers/sources';
import { startSharedCluster } from '../helpers/spark-part';
import type { Standalone } from '../helpers/standalone';
import { type Master, masters, type Outcome, type Support, supportIn, withSupport } from '../helpers/support-table';
import { within } from '../helpers/within';
import { probes } from './support-probes';

const test = suite('support');
const document = 'docs/spark-support.md';
const writes = process.argv.includes('--write');
const limitMs = 60_000;
let folder: string;

test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'support-'));
});

test.after(() => rmSync(folder, { recursive: true, force: true }));

/** Whose members are operations; the others of the API hold values. */
const owners = /^(RDD|Context|DStream|StreamingContext|Query|OrderedQuery|BarrierRDD|Grouped\w*)\./;

const examples = new Map<string, Example[]>();
for (const example of docstringExamples()) {
  // A master's own name differs; a constructor is what the other examples begin with.
  if (!owners.test(example.member) || example.member === 'Context.master' || example.member.endsWith('.undefined')) continue;
  examples.set(example.member, [...(examples.get(example.member) ?? []), example]);
}
const operations = [...new Set([...examples.keys(), ...Object.keys(probes)])].sort();

/** What is asked of an operation; throws what it fails with, also where an answer differs. */
type Ask = (operation: string, sc: Context) => Promise<void>;

const byExample: Ask = async (operation, sc) => {
  const run = exampleRunner(sc);
  for (const example of examples.get(operation) ?? []) {
    const got = await run(example);
    const expected = valueOf(example);
    if (expected) assert.equal(plain(got), plain(expected.value), example.code);
  }
};

const byProbe: Ask = async (operation, sc) => {
  const answer = await probes[operation]?.({ sc, folder: mkdtempSync(join(folder, 'probe-')) });
  if (answer) assert.equal(answer[0], answer[1], operation);
};

/** What each operation comes to on a master. */
async function outcomesOn(master: string): Promise<Map<string, Outcome>> {
  const sc = await connect(master);
  const found = new Map<string, Outcome>(operations.map((operation) => [operation, 'needs no job']));
  const failures: string[] = [];
  let jobs = 0;
  sc.addListener({ onJobStart: () => void jobs++ });
  try {
    // Examples first: they know of nothing that probes leave in the session.
    for (const ask of [byExample, byProbe]) {
      for (const operation of operations) {
        const before = jobs;
        try {
          await within(limitMs, ask(operation, sc), operation);
          if (jobs > before && found.get(operation) === 'needs no job') found.set(operation, 'works');
        } catch (error) {
          if (error instanceof MillraceError && refusals.has(error.code)) found.set(operation, refusalOf(error));
          else failures.push(`${operation}: ${error}`);
        }
      }
    }
  } finally {
    await sc.stop();
  }
  assert.ok(failures.length === 0, `on ${master}:\n  ${failures.join('\n  ')}`);
  return found;
}

/** The errors by which an engine says that it does not do something. */
const refusals: ReadonlySet<string> = new Set(['NOT_SHARED', 'WINDOW_NEEDS_CHECKPOINT']);

/** The number of a stream tells nothing in a table. */
const refusalOf = ({ message, remedy }: MillraceError) =>
  `refused: ${message.replace(/^\w+#\d+ every \w+/, 'the stream')} ${remedy}`;

async function outcomes(): Promise<Map<Master, Map<string, Outcome>>> {
  const found = new Map<Master, Map<string, Outcome>>();
  let cluster: Standalone | undefined;
  try {
    for (const master of masters) {
      if (master === 'standalone') cluster = await startSharedCluster();
      found.set(master, await outcomesOn(master === 'standalone' ? cluster!.master : master));
    }
  } finally {
    await cluster?.stop();
  }
  return found;
}

(long || writes ? test : test.skip)('every operation comes to what the table says', async () => {
  const seen = await outcomes();
  if (writes) {
    const support: Support = new Map(operations.map((name) => [name, masters.map((master) => seen.get(master)!.get(name)!)]));
    writeFileSync(document, withSupport(readDocument(document), support));
  }
  const said = supportIn(readDocument(document));
  for (const master of masters)
    assert.equal(
      operations.map((name) => `${name}: ${seen.get(master)!.get(name)}`),
      operations.map((name) => `${name}: ${said.get(name)?.[masters.indexOf(master)]}`),
      `on ${master}; run npm run tables:spark if the table is out of date`,
    );
  assert.equal([...said.keys()].sort(), operations);
});

/** What only looks, or changes what later jobs do; the probes of other operations run it. */
const withoutJob: Readonly<Record<string, RegExp>> = {
  Context:
    /^(addJobTag|clear\w+|config|defaultParallelism|executors|get\w+|jobs|listFiles|persistedRdds|progress|published\w*|remove\w+|setCheckpointDir|setJobDescription|statusTracker|stop|toString)$/,
  RDD: /^(context|dependencies|explain|get\w+|id|isCheckpointed|name|numPartitions|operation|partitioner|persistencePriority|preferredLocations|schema|setName|storageLevel|to\w*String)$/,
  DStream: /^(id|name|storageLevel|streaming|to\w*String)$/,
  StreamingContext: /^(\w+StreamingListener|awaitTermination\w*|blockInterval|checkpoint|getOrCreate|interval|sc|start|stop)$/,
};

test('every operation that asks something of executors has been seen to run there', () => {
  const said = supportIn(readDocument(document));
  assert.equal(
    operations.filter((name) => {
      const [owner, member] = name.split('.');
      return said.get(name)?.[0] === 'needs no job' && !withoutJob[owner]?.test(member);
    }),
    [],
  );
});

test('the rows of the table are operations of the API', () => {
  const said = supportIn(readDocument(document));
  assert.ok(said.size > 300, `${said.size}`);
  assert.equal(
    [...said.keys()].filter((name) => !operations.includes(name)),
    [],
  );
});

test.run();
