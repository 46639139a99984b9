// The types of rows of tables in files, known while their path is typed: in entries, in completion, in scripts.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TypeServiceClient } from '../../../shell/types/client';
import { habits } from '../../../shell/types/messages/dataset-names';
import { userFolder } from '../../helpers/entries';
import { within } from '../../helpers/within';

const limitMs = 30_000;
const flights = 'year,carrier,depDelay\n2026,AA,1.5\n2026,BB,NA\n';
const { folder } = userFolder({ 'flights.csv': flights });

const test = suite('types of tables');
let client: TypeServiceClient;
test.before(() => {
  client = new TypeServiceClient({ cwd: folder });
});
test.after(() => client.stop());

async function typeOf(text: string): Promise<string> {
  const found = await within(limitMs, client.typeOf(text), text);
  return 'type' in found ? found.type : found.diagnostics.map(({ message, start }) => `${start}: ${message}`).join('\n');
}

const rows = 'RDD<{ year: number; carrier: string; depDelay: number | null; }>';

test('a service from the snapshot reads the columns of a path', async () => {
  assert.ok(client.fromSnapshot);
  assert.is(await typeOf("sc.csv('flights.csv')"), rows);
  assert.is(
    await typeOf(`sc.csv('${join(folder, '*.csv')}', { onBadRow: 'null' })`),
    rows.replace('year: number;', 'year: number | null;').replace('carrier: string;', 'carrier: string | null;'),
  );
  assert.is(
    await typeOf("sc.csv(['flights.csv'], { types: { year: 'text' } }).filter(f => f.year > '2').first()"),
    'Promise<{ year: string; carrier: string; depDelay: number | null; }>'.replace('Promise<', '').replace(/>$/, ''),
  );
});

test('a misspelt column is an error with the nearest name, at its place', async () => {
  const text = "sc.csv('flights.csv').map(f => f.depDelai)";
  const found = await typeOf(text);
  assert.match(found, new RegExp(`^${text.indexOf('depDelai')}: `));
  assert.match(found, /depDelay/);
  assert.match(await typeOf("sc.csv('flights.csv').map(f => f.depDelay + 1)"), /possibly 'null'/);
});

test('the name of a column where a function is wanted, as other tools take it, is answered with the function', async () => {
  const table = "sc.csv('flights.csv')";
  const answers: Record<string, string> = {
    "groupBy('carrier')": 'groupBy takes a function of the row here: row => row.carrier',
    "groupBy('carrier', 'year')": 'groupBy takes a function of the row here: row => ({ carrier: row.carrier, year: row.year })',
    "groupBy(['carrier', 'year'])": 'groupBy takes a function of the row here: row => ({ carrier: row.carrier, year: row.year })',
    "sortBy('depDelay')": 'sortBy takes a function of the row here: row => row.depDelay',
    "top(3, 'depDelay')": 'top takes a function of the row here: row => row.depDelay',
    "groupBy(f => f.year).agg({ d: mean('depDelay') })": 'mean takes a function of the row here: row => row.depDelay',
  };
  for (const [call, message] of Object.entries(answers)) assert.match(await typeOf(`${table}.${call}`), message);
  // No column, or another kind of function: what TypeScript says.
  for (const call of ["map('nothing')", "reduce('year')", 'map(5)'])
    assert.not.match(await typeOf(`${table}.${call}`), 'takes a function of the row');
  assert.not.match(await typeOf("[1].map('x')"), 'takes a function of the row');
});

test('a name of another tool for an operation is answered with ours, which exists', async () => {
  const table = "sc.csv('flights.csv')";
  const told = (text: string) => typeOf(`${table}.${text}`);
  assert.match(
    await typeOf('sc.range(3).show()'),
    /^12: An RDD<number> has no show; a dataset at the end of a line prints itself\. \.show N/,
  );
  assert.match(
    await told("withColumnRenamed('year', 'y')"),
    /: A dataset has no withColumnRenamed; use rename\(\{ old: 'new' \}\)\.$/,
  );
  const named = Object.values(habits).flatMap((text) => [...text.matchAll(/(?:use |or |\)\.)(\w+)\(/g)].map(([, name]) => name));
  assert.ok(new Set(named).size > 20, `${named}`);
  for (const name of new Set(named)) assert.not.match(await told(name), /^\d+: /, name);
  for (const name of Object.keys(habits)) assert.match(await told(name), `: A dataset has no ${name}; `);
});

test('aggregates of a key that may be null have one type', async () => {
  const text = "sc.csv('flights.csv').groupBy(f => f.depDelay).agg({ n: count() })";
  assert.is(await typeOf(text), 'RDD<{ key: number | null; n: number; }>');
});

test('columns complete, in the call itself and in later entries', async () => {
  const names = async (text: string) => (await client.complete(text, text.length)).entries.map(({ name }) => name);
  assert.equal(await names("sc.csv('flights.csv').map(f => f."), ['carrier', 'depDelay', 'year']);
  assert.equal(await names("sc.csv('flights.csv').filter(f => f.c"), ['carrier']);
  const compiled = await client.compile("const flights = sc.csv('flights.csv')");
  assert.is(compiled.status, 'ok', JSON.stringify(compiled));
  if (compiled.status === 'ok') await client.commit(compiled.cell.id);
  assert.is(await typeOf('flights'), rows);
  assert.equal(await names('flights.map(f => f.'), ['carrier', 'depDelay', 'year']);
});

test('a type that is given is held against the columns of the file, at its place', async () => {
  const given = (type: string) => typeOf(`sc.csv<${type}>('flights.csv')`);
  assert.is(await given('{ year: number; depDelay: number | null }'), 'RDD<{ year: number; depDelay: number | null; }>');
  assert.is(await given("{ carrier: 'AA' | 'BB'; gate?: string }"), 'RDD<{ carrier: "AA" | "BB"; gate?: string | undefined; }>');
  for (const any of ['any', 'Record<string, number>', '{ year: any }']) assert.match(await given(any), /^RDD</);
  const faults: Record<string, string> = {
    '{ yaer: number }': '7: There is no column yaer in what is read. Did you mean year? There are year, carrier, depDelay.',
    '{ tailNumber: string }': '7: There is no column tailNumber in what is read. There are year, carrier, depDelay.',
    '{ year: string }':
      '7: The column year is number, not string as in { year: string }. Write year: number, or give { types } to read it otherwise.',
    '{ year: Date | null }':
      '7: The column year is number, not Date | null as in { year: Date | null }. Write year: number, or give { types } to read it otherwise.',
    '{ depDelay: number }':
      '7: The column depDelay is number | null, not number as in { depDelay: number }. Write depDelay: number | null, or give { types } to read it otherwise.',
    '{ depDelay?: number }':
      '7: The column depDelay is number | null, not number | undefined as in { depDelay?: number }. Write depDelay: number | null, or give { types } to read it otherwise.',
  };
  for (const [type, fault] of Object.entries(faults)) assert.is(await given(type), fault, type);
  // What has no rows yet, and what the same text may write first, says nothing.
  writeFileSync(join(folder, 'header.csv'), 'id,name\n');
  writeFileSync(join(folder, 'empty.jsonl'), '');
  writeFileSync(join(folder, 'notes.jsonl'), '{"a":1}\n{"a":2,"b":"x"}\n');
  assert.is(await typeOf("sc.csv<{ id: number }>('header.csv')"), 'RDD<{ id: number; }>');
  assert.is(await typeOf("sc.jsonLines<{ id: number }>('empty.jsonl')"), 'RDD<{ id: number; }>');
  const writes = async (text: string) => (await client.compileScript(text, { label: 'a.ts', firstLine: 1, folder })).status;
  const read = "sc.csv<{ gate: string }>('./flights.csv').count()";
  assert.is(await writes(read), 'error');
  assert.is(await writes(`import { writeFileSync } from 'node:fs'\nwriteFileSync('flights.csv', 'gate')\n${read}`), 'ok');
  assert.match(await typeOf("sc.jsonLines<{ b: string }>('notes.jsonl')"), /Write b: string \| null, or|Write b\?: string, or/);
  // The options say what is read.
  const asText = "sc.csv<{ year: string }>('flights.csv', { types: { year: 'text' } })";
  assert.is(await typeOf(asText), 'RDD<{ year: string; }>');
});

test('what only a run tells has rows of any columns, or of the type that is given', async () => {
  assert.is(await typeOf('sc.csv(args[0])'), 'RDD<Row>');
  assert.is(await typeOf("sc.csv('nowhere.csv')"), 'RDD<Row>');
  assert.is(await typeOf('sc.csv<{ year: string }>(args[0])'), 'RDD<{ year: string; }>');
  assert.is(await typeOf("({ csv: (path: string) => path.length }).csv('flights.csv')"), 'number');
});

test('a script is checked so too, and a file that has changed is read again', async () => {
  const script = (text: string) => client.compileScript(text, { label: 'a.ts', firstLine: 1, folder });
  const wrong = await script("const f = sc.csv('flights.csv');\nf.map(row => row.yeer)");
  assert.is(wrong.status, 'error');
  writeFileSync(join(folder, 'flights.csv'), 'yeer\n1\n');
  assert.is((await script("const f = sc.csv('flights.csv');\nf.map(row => row.yeer)")).status, 'ok');
});

test.run();
