// What `.export` writes: quoting, headers, order, one partition at a time; and that a file is there whole or not at all.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { exportArgument, showArgument } from '../../../shell/repl/commands/arguments';
import { exportRows } from '../../../shell/session/export';
import { ErrorSession } from '../../helpers/error-session';
import { errorOf } from '../../helpers/errors';
import { smallDisk } from '../../helpers/small-disk';

const test = suite('export');
const session = new ErrorSession(test);
const folder = mkdtempSync(join(tmpdir(), 'export-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

interface Given {
  readonly force?: boolean;
  readonly format?: string;
  readonly header?: readonly string[];
  readonly signal?: AbortSignal;
}

function write(value: unknown, name: string, { force = false, format = '', header = [], signal }: Given = {}): Promise<string> {
  const words = [resolve(folder, name), name, force ? 'force' : '', format, ...header];
  const screen = { columns: 80, color: false, live: false };
  return exportRows({ value, words, cell: undefined, screen, signal: signal ?? new AbortController().signal });
}

const read = (name: string) => readFileSync(join(folder, name), 'utf8');
/** Temporary files begin with a dot. */
const leftovers = () => readdirSync(folder).filter((name) => name.startsWith('.'));

test('CSV quotes what it must, and nothing else', async () => {
  const rows = [
    ['plain', 1],
    ['comma, here', -0.5],
    ['a "quote"', Number.NaN],
    ['two\nlines', 10n],
    ['', null],
    ['漢字', undefined],
  ];
  assert.is(await write(rows, 'quotes.csv'), '6 rows, 76 B written to quotes.csv');
  assert.is(read('quotes.csv'), '0,1\nplain,1\n"comma, here",-0.5\n"a ""quote""",NaN\n"two\nlines",10\n"",\n漢字,\n');
});

test('objects have the union of their keys as header, dates are ISO texts, nested values JSON', async () => {
  const rows = [{ a: 1, d: new Date(0) }, { b: [1, { c: 2n }], a: true }, { b: new Map([[1, 2]]) }];
  await write(session.sc.parallelize(rows, 2), 'objects.csv');
  assert.is(read('objects.csv'), 'a,d,b\n1,1970-01-01T00:00:00.000Z,\ntrue,,"[1,{""c"":2}]"\n,,"[[1,2]]"\n');
});

test('a header of names, TSV, single values, and no rows at all', async () => {
  await write([['x', 1]], 'named.tsv', { header: ['word', 'count'] });
  assert.is(read('named.tsv'), 'word\tcount\nx\t1\n');
  assert.match((await errorOf('BAD_ARGUMENT', () => write([['x', 1]], 'n.csv', { header: ['a'] }))).message, /2 names/);
  await write(session.sc.parallelize(['a,b', 'c'], 2), 'values.csv');
  assert.is(read('values.csv'), 'value\n"a,b"\nc\n');
  await write(session.sc.emptyRDD(), 'empty.csv');
  assert.is(read('empty.csv'), 'value\n');
  await write([], 'empty.jsonl');
  assert.is(read('empty.jsonl'), '');
});

test('JSON lines keep structure, and have no tags for what JSON lacks: they are what saveAsJsonLines writes', async () => {
  await write([{ a: [1, 'x\n'], b: 2n }, 'text', undefined, [new Date(0)], /x/, new Error('no')], 'rows.jsonl');
  const lines = ['{"a":[1,"x\\n"],"b":2}', '"text"', 'null', '["1970-01-01T00:00:00.000Z"]', '"/x/"', '"Error: no"'];
  assert.is(read('rows.jsonl'), `${lines.join('\n')}\n`);
  await write([/x/, new Error('no'), new Map([[1, Number.NaN]])], 'kinds.csv');
  assert.is(read('kinds.csv').split('\n')[3], '"[[1,null]]"');
});

test('partitions come in order, one job each, so that the session never holds all', async () => {
  const before = session.sc.jobs().length;
  const rows = session.sc.range(0, 30_000, 1, 6).map((x) => [x, 'text '.repeat(20)]);
  // All of it is more than a job may answer here.
  await errorOf('RESULT_TOO_BIG', () => rows.collect());
  assert.match(await write(rows, 'large.csv'), /^30 000 rows, 3\.\d MiB written/);
  const lines = read('large.csv').trimEnd().split('\n').slice(1);
  assert.equal(
    lines.map((line) => Number(line.split(',')[0])),
    Array.from({ length: 30_000 }, (_, x) => x),
  );
  assert.is(session.sc.jobs().length - before, 7);
});

test('a column that the header cannot have any more is refused and leaves nothing', async () => {
  const rows = session.sc.range(0, 12_000, 1, 3).map((x) => (x < 11_000 ? { x } : { x, late: 1 }));
  const error = await errorOf('BAD_ARGUMENT', () => write(rows, 'late.csv'));
  assert.match(error.message, /with the column late/);
  assert.match(error.remedy, /jsonl/);
  assert.not(existsSync(join(folder, 'late.csv')));
});

test('a file that is there stays, unless it is forced', async () => {
  writeFileSync(join(folder, 'mine.csv'), 'precious');
  assert.match((await errorOf('FILE_EXISTS', () => write([1], 'mine.csv'))).remedy, /--force/);
  assert.is(read('mine.csv'), 'precious');
  await write([1], 'mine.csv', { force: true });
  assert.is(read('mine.csv'), 'value\n1\n');
});

test('a task that fails, and an interrupt, leave no file, and an old one as it was', async () => {
  writeFileSync(join(folder, 'old.csv'), 'old');
  const failing = session.sc.range(0, 4, 1, 4).map((x) => {
    if (x === 3) throw new Error('three');
    return x;
  });
  await errorOf('TASK_FAILED', () => write(failing, 'old.csv', { force: true }));
  const stopped = AbortSignal.abort();
  for (const rows of [[1, 2], session.sc.range(5)])
    await write(rows, 'stopped.csv', { signal: stopped }).then(
      () => assert.unreachable(),
      () => {},
    );
  assert.is(read('old.csv'), 'old');
  assert.not(existsSync(join(folder, 'stopped.csv')));
});

test('places that cannot be written are named with what the system says', async () => {
  mkdirSync(join(folder, 'dir.csv'));
  assert.match((await errorOf('FILE_EXISTS', () => write([1], 'dir.csv'))).message, /dir\.csv.*it is a folder/);
  assert.match((await errorOf('DISK', () => write([1], 'no/such/folder.csv'))).message, /no\/such\/folder\.csv.*ENOENT/);
});

const full = smallDisk(64);
if (full) {
  test('a full disk is an error that names the file, and nothing is left on it', async () => {
    const rows = session.sc.range(0, 10_000, 1, 4).map((x) => ({ x, text: 'x'.repeat(50) }));
    const error = await errorOf('DISK', () => write(rows, join(full, 'out.csv')));
    assert.match(error.message, /out\.csv failed: ENOSPC/);
    assert.match(error.remedy, /Free some space/);
    assert.equal(readdirSync(full), []);
  });
}

test('a pipe or a device stays what it is, also where a file would be overwritten; a link stays a link', async () => {
  execFileSync('mkfifo', [join(folder, 'pipe.csv')]);
  const error = await errorOf('FILE_EXISTS', () => write([1], 'pipe.csv', { force: true }));
  assert.match(error.message, /pipe\.csv exists already: it is a device or a pipe, not a file/);
  assert.ok(lstatSync(join(folder, 'pipe.csv')).isFIFO());
  writeFileSync(join(folder, 'aim.csv'), 'old\n');
  symlinkSync('aim.csv', join(folder, 'link.csv'));
  await write([1, 2], 'link.csv', { force: true });
  assert.ok(lstatSync(join(folder, 'link.csv')).isSymbolicLink());
  assert.is(read('aim.csv'), read('link.csv'));
  assert.match(read('aim.csv'), /1\n2\n$/);
});

test('what cannot be exported, and endings that say nothing', async () => {
  for (const value of [5, null, 'text', () => 1, { a: 1 }]) await errorOf('BAD_ARGUMENT', () => write(value, 'x.csv'));
  assert.match((await errorOf('BAD_ARGUMENT', () => write([1], 'x.txt'))).message, /\.txt/);
  await errorOf('BAD_ARGUMENT', () => write([1], 'x.csv', { format: 'xml' }));
  assert.is(await write([1], 'noending', { format: 'jsonl' }), '1 row, 2 B written to noending');
});

test('no temporary file is left by anything above', () => assert.equal(leftovers(), []));

const split: readonly (readonly [argument: string, expression: string, file: string])[] = [
  ['counts out.csv', 'counts', 'out.csv'],
  ['rdd.map(x => [x, "a b"]) out.csv', 'rdd.map(x => [x, "a b"])', 'out.csv'],
  ['counts "my file.csv" --force', 'counts', 'my file.csv'],
  ["counts --header a,b 'x y.csv' !", 'counts', 'x y.csv'],
  ['counts --format csv out', 'counts', 'out'],
  ['a - --b out.csv', 'a - --b', 'out.csv'],
];
const asCode: readonly (readonly [argument: string, expression: string, file: string | undefined, code: string | undefined])[] = [
  ['counts out', 'counts', 'out', 'out'],
  ['counts opts.out[0]', 'counts', 'opts.out[0]', 'opts.out[0]'],
  ['counts ./out', 'counts', './out', undefined],
  ['rdd.map(x => x) `${a b}.csv` --force', 'rdd.map(x => x)', undefined, '`${a b}.csv`'],
  ["f(1) (dir + '/x(1).csv') --header a,b", 'f(1)', undefined, "(dir + '/x(1).csv')"],
];
for (const [argument, expression, file, code] of asCode) {
  test(`.export ${argument}`, () => {
    const read = exportArgument(argument);
    assert.equal([read.expression, read.file, read.code], [expression, file, code]);
  });
}
for (const [argument, expression, file] of split) {
  test(`.export ${argument}`, () => {
    const read = exportArgument(argument);
    assert.equal([read.expression, read.file], [expression, file]);
  });
}

test('what is missing is named', async () => {
  for (const argument of ['', 'counts', 'counts --force']) await errorOf('BAD_ARGUMENT', async () => exportArgument(argument));
  await errorOf('BAD_ARGUMENT', async () => exportArgument('counts --forse'));
  await errorOf('BAD_ARGUMENT', async () => showArgument('.show', '', undefined));
  assert.equal(showArgument('.show', '3 + 4', 'res0'), { count: undefined, expression: '3 + 4' });
  assert.equal(showArgument('.show', '3 xs', 'res0'), { count: 3, expression: 'xs' });
  assert.equal(showArgument('.show', '3', 'res0'), { count: 3, expression: 'res0' });
});

test.run();
