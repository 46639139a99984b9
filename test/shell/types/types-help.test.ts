// What the type service knows of the real API: operators that fit, columns in lambdas, signatures of calls, documentation of names.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../../shell/base/package-root';
import { promptNames } from '../../../shell/types/entry-names';
import { typeFiles } from '../../../shell/types/files';
import { TypeServiceCore } from '../../../shell/types/service';
import { userFolder } from '../../helpers/entries';

const { folder } = userFolder();
const types = new TypeServiceCore({ ...typeFiles(packageRoot()), cwd: folder, promptNames });

function enter(text: string): void {
  const result = types.compile(text);
  assert.is(result.status, 'ok', `${text} → ${JSON.stringify(result)}`);
  if (result.status === 'ok') types.commit(result.cell.id);
}

/** Names at the place of `|`, or at the end. */
function names(marked: string): string[] {
  const at = marked.includes('|') ? marked.indexOf('|') : marked.length;
  return types.complete(marked.replace('|', ''), at).entries.map(({ name }) => name);
}

const completion = suite('completion of datasets');

completion.before(() => {
  enter("const rows = sc.parallelize([{ city: 'Ulm', size: 3, tags: ['a'] }])");
  enter("const pairs = sc.parallelize([['a', new Date(0)]] as [string, Date][])");
  enter('class Square { sides = 4; protected size = 1; area() { return this.size ** 2 } }');
  enter("const cfg = JSON.parse('{}')");
  enter('const counts: Record<string, number> = {}');
  enter('const ages = new Map<string, number>()');
  enter('const something: unknown = 1; const bag: object = {}');
  enter('4');
  enter('interface Shape { sides: number; name?: string }');
});

/** An unfinished text, and what must and must not be offered. */
const offers: Readonly<Record<string, readonly [text: string, offered: readonly string[], not?: readonly string[]]>> = {
  'columns of objects in a lambda': ['rows.map(r => r.', ['city', 'size', 'tags'], ['toString', 'map']],
  'columns in a nested object': ['rows.map(r => ({ a: r.city, b: r.', ['size']],
  'columns of a dataset in a query': ['sql`select ci| from ${rows}`', ['city'], ['size']],
  'all of them where nothing is typed': ['sql`select | from ${rows}`', ['city', 'size', 'tags'], ['rows']],
  'in a query that is not closed': ['sc.sql`select * from ${rows} where siz', ['size']],
  'of all its tables, tuples too': ['sql({ int64: "bigint" })`select | from ${rows}, ${pairs}`', ['city', '_1', '_2']],
  'names in its expressions': ['sql`select * from ${ro|}`', ['rows'], ['city']],
  'columns of columns': ['rows.flatMap(r => r.tags.map(t => t.toU', ['toUpperCase']],
  'members of a tuple taken apart': ['pairs.filter(([k, v]) => v.getFull', ['getFullYear']],
  'a tuple by its index': ['pairs.map(p => p[0].', ['charAt', 'trim']],
  'after an operator in between': ['rows.map(r => [r.city, r.size]).reduceByKey((a, b) => a.toF', ['toFixed']],
  'pair operators on pairs': ['pairs.', ['reduceByKey', 'mapValues', 'map', 'join']],
  'none of them on rows': ['rows.', ['map', 'filter', 'count'], ['reduceByKey', 'mapValues', 'join']],
  'but where nothing else begins so': ['rows.reduceByK', ['reduceByKey', 'reduceByKeyLocally']],
  'no sums of rows': ['rows.s', ['sample', 'saveAsTextFile'], ['sum']],
  'sums of numbers': ['sc.range(3).su', ['sum']],
  'nothing that only the engine uses': ['rows.', [], ['fragment', 'narrowParents', 'forgetLineage', 'describeForPrompt']],
  'nor of the context': ['sc.', ['textFile', 'range', 'broadcast'], ['nextRddId', 'noteShuffle', 'endOfRunningJobs']],
  'letters in order where nothing begins so': ['sc.txtfl', ['textFile']],
  'a part of the name': ['pairs.ByKey', ['reduceByKey', 'groupByKey']],
  'own names before those of the language': ['pa', ['pairs']],
  'only own names where nothing is typed': ['const z = |', ['rows', 'pairs', 'sc'], ['Array', 'setTimeout']],
  'inherited members of a class that is being written': ['class B extends Square { area() { this.si', ['sides', 'size']],
  'and those of its parent': ['class B extends Square { area() { super.are', ['area']],
  '#private members': ['class B { #low = 1; #high = 2; sum() { this.#', ['#low', '#high'], ['sum']],
  'one of them': ['class B { #low = 1; #high = 2; sum() { this.#hi', ['#high'], ['#low']],
  'in an open template': ['`${rows.fil', ['filter']],
  'an indented chain': ['  .toFi', ['toFixed']],
  'behind a comment': ['// of what was last\n  ?.toFi', ['toFixed']],
  'what a module exports': ["import { readF| } from 'node:fs'", ['readFile', 'readFileSync']],
};

for (const [name, [text, offered, not = []]] of Object.entries(offers)) {
  completion(name, () => {
    const found = names(text);
    for (const wanted of offered) assert.ok(found.includes(wanted), `${wanted} in ${found}`);
    for (const unwanted of not) assert.not.ok(found.includes(unwanted), `${unwanted} in ${found}`);
  });
}

completion('the operators come before what every function has', () => {
  const found = names('StorageLevel.');
  assert.ok(found.indexOf('MEMORY_ONLY') < found.indexOf('bind'), `${found}`);
});

completion('a few come with their signatures and a sentence, the others when asked for', () => {
  const [entry] = types.complete('pairs.reduceByKeyL', 18).entries;
  assert.match(entry.detail ?? '', /^reduceByKeyLocally<K, V>\(f: \(a: V, b: V\) => V\)/);
  assert.match(entry.sentence ?? '', /\.$/);
  assert.is(types.complete('pairs.', 6).entries[0].detail, undefined);
  const asked = types.describe('pairs.', 6, 'mapValues');
  assert.match(asked?.detail ?? '', /^mapValues<.*>\(f: \(value: /);
  assert.match(asked?.sentence ?? '', /Values through/);
});

/** A text, and the path to the value before the cursor that the session is to be asked for: `[k]` for keys, `'` in quotes. */
const liveValues: Readonly<Record<string, string>> = {
  'process.env.HO': 'process/env',
  "process.env['HO": "process/env'",
  'cfg.': 'cfg',
  'cfg.a.b?.[0].c': 'cfg/a/b/0',
  'cfg!.list["x y"].c': 'cfg/list/x y',
  '(cfg as Shape).na| + 1': '-',
  '(rows as any).x': 'rows',
  'const t = sc.range(3).map(x => x + cfg.a.': 'cfg/a',
  'counts.': 'counts',
  'counts.a.to': '-',
  "ages.get('": "ages[k]'",
  'ages.has("a b': 'ages[k]"',
  "cfg.m.get('": "cfg/m[k]'",
  "rows.get('": '-',
  'ages.': '-',
  'rows.': '-',
  'rows.map(cfg => cfg.': '-',
  'const own = JSON.parse("1"); own.': '-',
  'cfg().': '-',
  'JSON.parse("1").': '-',
  "cfg['a'+'": '-',
  'any(cfg.x).': '-',
  'something.': 'something',
  'globalThis.': '-',
  'bag.': 'bag',
  '  .a': '-',
};

for (const [text, wanted] of Object.entries(liveValues)) {
  completion(`the value before the cursor of ${text}`, () => {
    const at = text.includes('|') ? text.indexOf('|') : text.length;
    const { live } = types.complete(text.replace('|', ''), at);
    const told = live ? live.path.join('/') + (live.names === 'keys' ? '[k]' : '') + (live.quote ?? '') : '-';
    assert.is(told, wanted);
  });
}

completion('a name in quotes begins behind the quote', () => {
  const text = "cfg.x['two wor";
  assert.equal([types.complete(text, text.length).start, text.length - 7], [text.length - 7, text.indexOf('two')]);
});

completion.run();

const signature = suite('signatures');

signature('tell the parameter that is being typed', () => {
  const text = 'sc.range(1, ';
  const hint = types.signature(text, text.length);
  assert.is(hint?.before, 'range(');
  assert.is(hint?.parameters[hint.active], 'end?: number');
  assert.match(hint?.sentence ?? '', /^Numbers from/);
});

signature('are those of the innermost call, with the types that are known by then', () => {
  const text = 'pairs.map(p => p[0].padStart(3, ';
  assert.is(types.signature(text, text.length)?.before, 'padStart(');
  const outer = 'pairs.mapValues(';
  assert.match(types.signature(outer, outer.length)?.parameters[0] ?? '', /value: Date/);
});

signature('are not told outside of calls', () => {
  assert.is(types.signature('const a = 1', 11), undefined);
  assert.is(types.signature('', 0), undefined);
});

signature.run();

const doc = suite('documentation');

/** What is asked, how the first thing found is called, and a part of what is said of it. */
const documented: Readonly<Record<string, readonly [name: string, text: RegExp]>> = {
  'rdd.reduceByKey': ['RDD.reduceByKey', /One pair for each key/],
  'RDD.reduceByKey': ['RDD.reduceByKey', /One pair for each key/],
  'pairs.reduceByKey': ['RDD.reduceByKey', /One pair for each key/],
  reduceByKey: ['RDD.reduceByKey', /One pair for each key/],
  'sc.textFile': ['sc.textFile', /lines of a file/],
  textFile: ['Context.textFile', /lines of a file/],
  'DStream.window': ['DStream.window', /All elements of the last/],
  'StorageLevel.MEMORY_ONLY': ['StorageLevel.MEMORY_ONLY', /./],
  RDD: ['RDD', /dataset of elements/],
  HashPartitioner: ['HashPartitioner', /hash/],
  from: ['from', /./],
};

for (const [asked, [name, text]] of Object.entries(documented)) {
  doc(asked, () => {
    const [first] = types.doc(asked).found;
    assert.is(first?.name, name);
    assert.match(first.text, text);
    assert.ok(first.signatures.length > 0 && first.signatures.every((one) => !one.includes('__millrace')), `${first.signatures}`);
  });
}

doc('has the example of the source, and every place that has the name', () => {
  const { found } = types.doc('reduceByKey');
  assert.match(found[0].examples[0], /^await sc\.parallelize/);
  assert.equal(
    found.map(({ name }) => name),
    ['RDD.reduceByKey', 'DStream.reduceByKey'],
  );
});

doc('tells the nearest names of one that is nowhere', () => {
  assert.equal(types.doc('rdd.reduceByKy'), { found: [], near: ['RDD.reduceByKey'] });
  assert.equal(types.doc('zzzzzz'), { found: [], near: [] });
  assert.equal(types.doc('not a name at all (').found, []);
});

doc('shows what was declared at the prompt', () => {
  assert.match(types.doc('Shape').found[0].signatures[0], /interface Shape \{\s+sides: number;/);
});

doc.run();

const typeOf = suite('.type');

/** An expression or a part of one, and its type. */
const asked: Readonly<Record<string, string>> = {
  'rows.map(r => r.city)': 'RDD<string>',
  'rows.count()': 'number',
  'rows.count': '() => JobPromise<number>',
  'pairs.mapValues(':
    '<K, V, U extends Datum>(this: RDD<[K, V]>, f: (value: V) => U | PromiseLike<U>, options?: CallOptions | undefined) => RDD<[K, U]>',
  Shape: '{ sides: number; name?: string | undefined }',
  'Shape[]': 'Shape[]',
  '{ a: 1 }': '{ a: number; }',
};

for (const [expression, type] of Object.entries(asked)) {
  typeOf(expression, () => {
    const answer = types.typeOf(expression);
    assert.is('type' in answer ? answer.type : JSON.stringify(answer), type);
  });
}

typeOf('says what is wrong with the rest', () => {
  for (const [expression, message] of Object.entries({
    nothing: /Cannot find name/,
    '1 + ': /not finished/,
    'const a = 1': /not an expr/,
  })) {
    const answer = types.typeOf(expression);
    assert.match('diagnostics' in answer ? answer.diagnostics[0].message : 'a type', message);
  }
});

typeOf.run();
