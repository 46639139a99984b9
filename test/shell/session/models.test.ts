// `millrace/models` where users write: with types at the prompt, in scripts, in modules of their own on executors, and in plain Node.
// time limit: 240 s
import { spawn } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../../shell/base/package-root';
import { promptNames } from '../../../shell/types/entry-names';
import { typeFiles } from '../../../shell/types/files';
import { TypeServiceCore } from '../../../shell/types/service';
import { userFolder } from '../../helpers/entries';
import { within } from '../../helpers/within';

const limitMs = 60_000;

const graph = `
import { StorageLevel, type RDD } from 'millrace';
import { mapReduce, pregel, type Vertex } from 'millrace/models';

export const level = StorageLevel.DISK_ONLY;

function spread(vertex: Vertex<string, number, number, undefined>, messages: readonly number[]) {
  const least = Math.min(vertex.value, ...messages);
  if (vertex.superstep === 0 || least < vertex.value) vertex.sendToAll(least);
  vertex.value = least;
  vertex.voteToHalt();
}

export const components = (vertices: RDD<[string, number]>, edges: RDD<[string, string]>) =>
  pregel(vertices, edges, { compute: spread, combine: (a, b) => Math.min(a, b) });

/** On executors it is loaded with its module, and so with what that imports. */
export const kindOf = (x: number) => \`\${x} \${typeof mapReduce} \${level instanceof StorageLevel}\`;
`;

const script = `
import { from, mapReduce } from 'millrace/models';
import { components, kindOf, level } from './graph';

const vertices = sc.parallelize([['a', 1], ['b', 2], ['c', 3]] as [string, number][]);
const edges = sc.parallelize([['b', 'a'], ['a', 'b']] as [string, string][]).persist(level);
const found = await components(vertices, edges);
console.log(JSON.stringify((await found.vertices.collect()).sort()));
console.log(JSON.stringify(await from(sc.range(2)).select(kindOf).toArray()));
const counts = mapReduce(sc.textFile('words.txt').keyBy((line) => line.length), {
  map: (_, line, emit: (word: string, n: number) => void) => line.split(' ').forEach((word) => emit(word, 1)),
  combine: (a: number, b: number) => a + b,
  reduce: (word, ns) => [[word, [...ns][0]] as [string, number]],
  numReducers: 1,
});
console.log(JSON.stringify(await counts.collect()));
`;

const plain = `
const { connect, RDD } = require('millrace');
const { from, Query } = require('millrace/models');
(async () => {
  const sc = await connect('local[2]');
  const groups = from(sc.range(5)).groupBy((x) => x % 2).orderBy((g) => g.key);
  console.log(groups instanceof Query, groups.toRDD() instanceof RDD, JSON.stringify(await groups.toArray()));
  await sc.stop();
})();
`;

const { folder } = userFolder({
  'graph.ts': graph,
  'main.ts': script,
  'words.txt': 'b a b\nconstructor a\n',
  'plain.cjs': plain,
});

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

function node(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const ended = new Promise<Ended>((resolve) => child.once('close', (status) => resolve({ status, out, err })));
  return within(limitMs, ended, args.join(' ')).finally(() => child.kill('SIGKILL'));
}

const program = path.join(packageRoot(), 'dist/millrace.js');

for (const master of ['local', 'local[2]']) {
  test(`a script and a module of the user's on ${master}`, async () => {
    const { status, out, err } = await node(program, '--master', master, 'main.ts');
    assert.is(err, '');
    assert.equal(out.trimEnd().split('\n'), [
      '[["a",1],["b",1],["c",3]]',
      '["0 function true","1 function true"]',
      '[["a",2],["b",2],["constructor",1]]',
    ]);
    assert.is(status, 0);
  });
}

test('plain Node, where the package is installed: one engine under both names', async () => {
  mkdirSync(path.join(folder, 'node_modules'));
  symlinkSync(packageRoot(), path.join(folder, 'node_modules/millrace'));
  const { out, err } = await node('plain.cjs');
  assert.is(err, '');
  assert.is(out, 'true true [{"key":0,"values":[0,2,4]},{"key":1,"values":[1,3]}]\n');
});

test('entries of the prompt know the types', () => {
  const types = new TypeServiceCore({ ...typeFiles(packageRoot()), cwd: folder, promptNames });
  const enter = (text: string) => {
    const result = types.compile(text);
    if (result.status === 'ok') types.commit(result.cell.id);
    return result;
  };
  const typeOf = (text: string) => {
    const result = enter(text);
    return result.status === 'ok' ? result.cell.result?.type : JSON.stringify(result);
  };
  assert.is(enter("import { from, iterate, mapReduce, pregel, Counters } from 'millrace/models'").status, 'ok');
  assert.is(typeOf('from(sc.range(3)).where(x => x > 1)'), 'Query<number>');
  assert.is(typeOf('from(sc.range(3)).groupBy(x => String(x)).orderBy(g => g.key)'), 'OrderedQuery<Grouping<string, number>>');
  assert.is(typeOf('from(sc.range(3)).sum()'), 'number');
  assert.is(enter("from(sc.parallelize(['a'])).sum()").status, 'error');
  assert.is(enter('from(sc.range(3)).where(x => x.length)').status, 'error');
  const graph =
    'pregel(sc.parallelize([[1, 5]] as [number, number][]), sc.parallelize([[1, 1, "e"]] as [number, number, string][]), ';
  const good = `${graph}{ compute(v, ms: readonly number[]) { v.value += ms.length + v.edges[0][1].length; v.sendToAll(1) } })`;
  assert.match(String(typeOf(good)), /^PregelResult<number, number, /);
  assert.is(enter(`${graph}{ compute(v, ms: readonly number[]) { v.value = 'x' } })`).status, 'error');
  assert.is(enter(`${graph}{ compute(v, ms: readonly number[]) { v.sendToAll('x') } })`).status, 'error');
  const job = 'mapReduce(sc.parallelize([[1, "a"]] as [number, string][]), { map: (k, v) => [[v, k] as [string, number]], ';
  assert.is(typeOf(`${job} reduce: (k, vs) => [[k.length, [...vs]] as [number, number[]]] })`), 'RDD<[number, number[]]>');
  assert.is(typeOf(`${job} })`), 'RDD<[string, number]>');
});

test('declarations at the prompt hold the answers of queries, pregel and iterate', () => {
  const types = new TypeServiceCore({ ...typeFiles(packageRoot()), cwd: folder, promptNames });
  const held: readonly (readonly [text: string, name: string, type: string])[] = [
    ["import { from, iterate, pregel } from 'millrace/models'; const rdd = sc.range(9)", 'rdd', 'RDD<number>'],
    ['const most = from(rdd).where(x => x > 1).max()', 'most', 'number'],
    ['const found = from(rdd).firstOrDefault()', 'found', 'number | undefined'],
    ['const mean = from(rdd).average()', 'mean', 'number'],
    [
      "const { state } = iterate(sc.parallelize([['x', 40]]), { body: s => s, maxIterations: 1 })",
      'state',
      'RDD<[string, number]>',
    ],
    [
      'const ranks = pregel(sc.parallelize([[1, 3]]), sc.parallelize([[1, 1]]), { compute(v) { v.voteToHalt() } })',
      'ranks',
      'PregelResult<number, number, Record<string, never>>',
    ],
  ];
  for (const [text, name, type] of held) {
    const result = types.compile(text, undefined, { answers: true });
    assert.is(result.status, 'ok', `${text}: ${JSON.stringify(result)}`);
    if (result.status === 'ok') types.commit(result.cell.id);
    assert.equal(types.typeOf(name), { type }, text);
  }
});

test.run();
