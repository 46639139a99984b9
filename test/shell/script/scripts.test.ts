// What scripts can do beyond running: modules, watching, the background, exports, help that runs; and bad input without a terminal.
// time limit: 300 s
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commandNames } from '../../../shell/repl/commands/commands';
import { topics } from '../../../shell/repl/commands/topics';
import { clearScreen } from '../../helpers/hostile';
import { file, folder, millrace } from '../../helpers/scripts';
import { smallDisk } from '../../helpers/small-disk';

const local = ['--master', 'local[1]'];
const run = (input: string) => millrace([...local, '-'], { input });

/** What would clear the screen, or anything else that a terminal obeys. */
const obeyed = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

test('.run makes names of the exports of a module only, awaits in it, and reads its imports again after an edit', async () => {
  file('lib.ts', 'export const by = 3;\n');
  file(
    'module.ts',
    "import { by } from './lib';\nconst hidden = 1;\ninterface Secret { a: 1 }\nexport interface Point { x: number }\nexport const total = await sc.range(4).map(x => x * by + hidden).sum();\nexport function twice(n: number) { return 2 * n; }\n",
  );
  const { status, out, err } = await run('.run module.ts\nconst p: Point = { x: twice(total) }; p.x\n.type hidden\n');
  assert.is(out, '(names: Point, total, twice)\nres0: number = 44\n');
  assert.match(err, /Cannot find name 'hidden'/);
  assert.is(status, 1);
  const secret = await run('.run module.ts\nlet s: Secret\n');
  assert.match(secret.err, /Cannot find name 'Secret'/);
});

test('.sh in a script writes to its stdout, in order; a status other than 0 ends it, Ctrl-C ends the command', async () => {
  file('sh.ts', "console.log('one');\n.sh echo two; echo three >&2\nconsole.log('four');\n.sh exit 7\nconsole.log('five');\n");
  const { status, out, err } = await millrace([...local, 'sh.ts']);
  assert.equal([status, out, err], [1, 'one\ntwo\nfour\n', 'three\n.sh exit 7 ended with status 7\n']);
  const piped = await millrace([...local, '-'], { input: '.sh pwd\n', env: { SHELL: '/no/such/shell' } });
  assert.equal([piped.status, piped.out], [0, `${realpathSync(folder)}\n`]);
  // It ignores the first Ctrl-C; the second one kills it, with what it started.
  file('sleeps.ts', ".sh trap 'echo heard' INT; echo begun $$; while true; do sleep 0.05; done\n.sh echo never\n");
  const press = (pid: number) => process.kill(pid, 'SIGINT');
  const stubborn = await millrace([...local, 'sleeps.ts'], {
    steps: [
      ['begun', press],
      ['heard', press],
    ],
  });
  const [, id] = /^begun (\d+)\nheard\n$/.exec(stubborn.out)!;
  assert.is(stubborn.status, 130);
  assert.not.ok(existsSync(`/proc/${id}`));
  const waits = `.sh exec '${process.execPath}' -e 'console.log("begun"); setInterval(() => {}, 1e6)'`;
  const quick = await millrace([...local, '-e', waits], { input: null, when: ['begun', press] });
  assert.equal([quick.status, quick.out], [130, 'begun\n']);
});

test('a result begins on a line of its own after output without a newline, and not after a line that was erased', async () => {
  const { out } = await run(
    "void process.stdout.write('abc')\n1 + 1\nvoid process.stdout.write('\\r50 %'); void process.stdout.write('\\r\\x1b[K')\n1 + 2\n",
  );
  assert.match(out, /^abc\nres\d: number = 2\n\r50 %\r\x1b\[Kres\d: number = 3\n$/);
});

test('a statement of a script whose value is undefined prints nothing, whatever its static type', async () => {
  const text = [
    'await new Promise(r => setTimeout(r, 1))',
    'undefined as number | undefined',
    'new Map<string, number>().get("x")',
    'Array.of(1).find(x => x > 1)',
    'undefined as any',
    'sc.range(2).foreach(() => {})',
    'null as number | null',
  ];
  const { status, out, err } = await run(`${text.join('\n')}\n`);
  assert.equal([status, err], [0, '']);
  assert.match(out, /^res\d: number \| null = null\n$/);
});

test('a script knows its file and its module, in closures too, and a chain goes on behind a command', async () => {
  file(
    'said.ts',
    'export const where = () => import.meta.filename; export class At { #at = import.meta.dirname; get() { return this.#at } }',
  );
  const script = file(
    'placed.ts',
    [
      "import { At, where } from './said'",
      "const places = () => [import.meta.filename, where(), new At().get(), require('node:path').basename(__filename)].join()",
      'console.log(import.meta.main, places())',
      'sc.range(2).map(places).collect()',
      'sc.range(10).map(r => r * 2).take(2)',
      'const r = [5]',
      'export { r as s }',
      "export * as said from './said'; said.where() === where()",
      "export * from './said'",
      'let res4 = s',
      '.set rows 7',
      '  // doubled',
      '  .map(x => 2 * x)',
    ].join('\n'),
  );
  const shown = [path.join(folder, script), path.join(folder, 'said.ts'), folder, script].join();
  const { out, err } = await millrace([...local, script]);
  assert.is(err, '');
  const results = `res0:string[]=["${shown}","${shown}"]res1:number[]=[0,2]res2:boolean=trueres3:number[]=[10]`;
  assert.is(out.replaceAll(/\s/g, ''), `true${shown}${results}`);
});

test('a module is checked as a whole before it runs, and its errors name file and line', async () => {
  file('mistyped.ts', 'console.log("ran");\nexport const n: number = "text";\n');
  const typed = await run('.run mistyped.ts');
  assert.equal([typed.status, typed.out], [1, '']);
  assert.match(typed.err, /mistyped\.ts:2:14: error/);
  file(
    'throws.ts',
    'export const before = 1;\nfunction f(): number { throw new RangeError("no"); }\nexport const after = f();\n',
  );
  const thrown = await run('.run throws.ts\n');
  assert.match(thrown.err, /RangeError: no[\s\S]*throws\.ts:2/);
  assert.match((await run('.run nosuch.ts')).err, /There is nothing at nosuch\.ts/);
});

test('--watch runs a script again in the same session when it or an import of it changes, also while it runs', async () => {
  file('watched-lib.ts', 'export const word = "first";\n');
  const text = (rest: string) =>
    `import { word } from './watched-lib';\nconsole.log(word, process.pid, await sc.range(3).sum());\n${rest}`;
  file('watched.ts', text(''));
  const { status, out, err } = await millrace([...local, '--watch', 'watched.ts'], {
    input: null,
    steps: [
      ['done; waiting', () => file('watched-lib.ts', 'export const word = "second";\n')],
      ['second', () => {}],
      ['done; waiting', () => file('watched.ts', text('throw new Error("third");\n'))],
      ['failed; waiting', () => file('watched.ts', text('console.log("waits"); await new Promise(() => {});\n'))],
      ['waits', () => file('watched.ts', text('console.log("last");\n'))],
      ['last', () => {}],
      ['done; waiting', (pid) => process.kill(pid, 'SIGTERM')],
    ],
  });
  assert.is(status, 143);
  const runs = [...out.matchAll(/^(first|second) (\d+) 3$/gm)];
  assert.equal(
    runs.map(([, word]) => word),
    ['first', 'second', 'second', 'second', 'second'],
  );
  assert.is(new Set(runs.map(([, , pid]) => pid)).size, 1);
  assert.match(err, /watched-lib\.ts has changed[\s\S]*Error: third/);
});

test('--watch without a file is a wrong command line; Ctrl-C ends a watch with 130', async () => {
  for (const args of [['--watch'], ['--watch', '-'], ['--watch', '-e', '1']]) assert.is((await millrace(args)).status, 2);
  file('loop.ts', 'console.log("ready"); while (true) {}\n');
  const { status } = await millrace([...local, '--watch', 'loop.ts'], {
    input: null,
    when: ['ready', (pid) => process.kill(pid, 'SIGINT')],
  });
  assert.is(status, 130);
});

test('Ctrl-C ends a watch that waits for a change', async () => {
  file('quick.ts', 'console.log("ready");\n');
  const { status } = await millrace([...local, '--watch', 'quick.ts'], {
    input: null,
    when: ['done; waiting', (pid) => process.kill(pid, 'SIGINT')],
  });
  assert.is(status, 130);
});

test('an error in a function has its place in the script, whatever the master is', async () => {
  file(
    'place.ts',
    'const rows = sc.parallelize([{ a: 1 }, null as any]);\n\nconst texts = rows.map((r) => {\n  const n = 1;\n  return r.a.toFixed(n);\n});\nawait texts.collect();\n',
  );
  for (const master of ['local', 'local[1]']) {
    const { err } = await millrace(['--master', master, 'place.ts']);
    assert.match(err, /in map at place\.ts:5:12\n 5 │ {3}return r\.a\.toFixed\(n\);\n {3}│ {12}\^/, `${master}: ${err}`);
  }
});

test('a script waits for its background entries', async () => {
  const { status, out } = await run(
    '.bg sc.range(2).map(x => { const e = Date.now() + 300; while (Date.now() < e); return x }).sum()\n',
  );
  assert.is(status, 0);
  assert.match(out, /\(b1 runs in the background; its value will be res0\)\n\(b1 is done after [\s\S]*\nres0: number = 1\n$/);
});

test('.export writes at the prompt as in scripts, and reports rows and bytes', async () => {
  const { status, out } = await run(
    '.export sc.range(3).map(x => ({ x, sq: x * x })) "of mine.csv"\n.export sc.range(3) of-mine.jsonl\n',
  );
  assert.is(status, 0);
  assert.is(out, '3 rows, 17 B written to of mine.csv\n3 rows, 6 B written to of-mine.jsonl\n');
  assert.is(readFileSync(path.join(folder, 'of mine.csv'), 'utf8'), 'x,sq\n0,0\n1,1\n2,4\n');
  const again = await run('.export sc.range(3) of-mine.jsonl\n');
  assert.is(again.status, 1);
  assert.match(again.err, /exists already[\s\S]*--force/);
});

test('.save leaves a device or a pipe what it is', async () => {
  const pipe = path.join(folder, 'pipe.ts');
  execFileSync('mkfifo', [pipe]);
  const { status, err } = await run('1 + 1\n.save pipe.ts\n');
  assert.is(status, 1);
  assert.match(err, /pipe\.ts exists already: it is a device or a pipe, not a file/);
  assert.ok(lstatSync(pipe).isFIFO());
});

const full = smallDisk(16);
if (full) {
  test('.save on a full disk is reported and leaves no part of the file', async () => {
    const { status, err } = await run(`const long = '${'x'.repeat(60_000)}'\n.save ${full}/saved.ts\n`);
    assert.is(status, 1);
    assert.match(err, /Writing .*saved\.ts failed: ENOSPC/);
    assert.not(existsSync(`${full}/saved.ts`));
  });
}

test('a locale that is not UTF-8 gets tables and cuts of ASCII, and the letters of the data as they are', async () => {
  const rows = `[{ a: 'é', b: 1 }, { a: '${'x'.repeat(300)}', b: 2 }]\n`;
  const unset = { LC_ALL: '', LC_CTYPE: '', LANG: '' };
  for (const locale of [{ LC_ALL: 'C' }, { LC_CTYPE: 'de_DE.ISO-8859-1' }, { LANG: 'POSIX' }]) {
    const { out } = await millrace([...local, '-'], { input: rows, env: { ...unset, ...locale } });
    assert.match(out, /^ "é" +\| +1$/m);
    assert.match(out, /^-+\+-+$/m);
    assert.match(out, /xxx~/);
  }
  for (const locale of [{ LC_ALL: 'C.UTF-8' }, {}])
    assert.match((await millrace([...local, '-'], { input: rows, env: { ...unset, ...locale } })).out, /─┼─/);
});

test('FORCE_COLOR colours a script, and nothing else does', async () => {
  const colored = await millrace([...local, '-e', '1 + 1'], { input: null, env: { FORCE_COLOR: '1' } });
  assert.match(colored.out, /\x1b\[33m2/);
  const others: readonly Record<string, string>[] = [{}, { FORCE_COLOR: '0' }, { NO_COLOR: '1' }];
  for (const env of others)
    assert.is((await millrace([...local, '-e', '1 + 1'], { input: null, env })).out, 'res0: number = 2\n');
});

test('values that fight back are shown in bounded time, and nothing of them reaches the terminal raw', async () => {
  const escape = JSON.stringify(clearScreen);
  const { status, out, err } = await run(
    [
      'const deep: any = {}; { let at = deep; for (let i = 0; i < 1e5; i++) at = at.a = {} }',
      'deep',
      'const ring: any = { a: 1 }; ring.self = ring; ring',
      ';({ get boom(): number { throw new Error("looked") }, toJSON() { throw 1 }, get [Symbol.toStringTag](): string { throw 2 } })',
      'new Proxy({}, { get(_, key) { if (key !== "then") throw 3; }, ownKeys() { throw 4 } })',
      'new Map(Array.from({ length: 1e6 }, (_, i) => [i, i] as [number, number]))',
      '"x".repeat(100e6)',
      `;({ [${escape}]: ${escape}, list: [${escape}] })`,
      `sc.parallelize([[${escape}, 1], ['b', 2]])`,
      `sc.parallelize([${escape}]).setName(${escape})`,
      `console.log('after')`,
      `throw new Error(${escape})`,
    ].join('\n'),
  );
  assert.is(status, 1);
  assert.match(out, /\[Circular \*1\]/);
  assert.match(out, /boom: \[getter\]/);
  assert.match(out, /1 000 000 entries/);
  assert.match(out, /99 998 000 more characters/);
  assert.match(out, /after\n$/);
  assert.not.match(out + err, obeyed);
  assert.not.match(out + err, /looked/);
});

test('a file whose name would clear the screen is named in safe characters', async () => {
  const name = `bad${clearScreen}.ts`;
  for (const input of [`.load ${name}\n`, `.run ${name}\n`, `.export [1] no/${name}.csv\n`]) {
    const { status, err } = await run(input);
    assert.is(status, 1);
    assert.match(err, /bad\\x1b/);
    assert.not.match(err, obeyed);
  }
  const written = await run(`.export [1] ${name}.csv\n.save ${name}.saved\n.help ${name}\n`);
  assert.match(written.out, /bad\\x1b.*\n.*bad\\x1b/);
  assert.not.match(written.out + written.err, obeyed);
});

test('.jobs and .stages name the line of a script that started a job, and the text of an entry, also of one in the background', async () => {
  file(
    'origins.ts',
    '// first\nconst d = sc.range(3)\nexport const n = await d\n  .map(x => x + 1)\n  .sum()\nawait d.count()\n',
  );
  file('loaded.ts', '\nawait sc.range(5).count()\n');
  const typed = 'await sc.range(2)\n  .sum()\n.bg sc.range(7).count()\n';
  const { status, out } = await run(`.run origins.ts\n.load loaded.ts\n${typed}.jobs\n.stages 0\n`);
  assert.is(status, 0);
  for (const origin of [
    'sum of map[1]  ← origins.ts:5 export const n = await d .map(x => x + 1) .sum()',
    'count of range[0]  ← origins.ts:6 await d.count()',
    'count of range[2]  ← loaded.ts:2 await sc.range(5).count()',
    '← await sc.range(2) .sum()',
    '← sc.range(7).count()',
    'job 0, done  sum of map[1]  ← origins.ts:5 export const n',
  ])
    assert.ok(out.includes(origin), `${origin}\nin\n${out}`);
});

test('every example of .help runs, and a dotted word in a help text is a command', async () => {
  file('log', 'a line\n');
  file('flights.csv', 'carrier,delay\nAA,12\n');
  const texts = await run(
    commandNames()
      .map((name) => `.help ${name}`)
      .join('\n'),
  );
  assert.equal([texts.status, texts.err], [0, '']);
  const examples = texts.out.split('\n').flatMap((line) => /^For example: (.*)$/.exec(line)?.[1].split('   ') ?? []);
  assert.ok(examples.length > 25, texts.out);
  for (const [, word] of texts.out.matchAll(/(?<=^|[\s(])\.([a-z]+)\b(?!\(| *\.\.)/gm))
    assert.ok(commandNames().includes(word) || ['csv', 'tsv', 'jsonl', 'json', 'parquet', 'arrow'].includes(word), `.${word}`);
  file('script.ts', 'export const made = 1;\n');
  const prepared =
    "const counts = sc.parallelize(['a', 'b', 'a']).map(w => [w, 1]).reduceByKey((a, b) => a + b)\ncounts.collect()";
  const rows =
    'const byHour = sc.parallelize([{ hour: 1, n: 2 }, { hour: 2, n: 3 }])\nconst flights = sc.parallelize([{ depDelay: 1 }, { depDelay: 9 }])';
  const { status, out, err } = await run(`${prepared}\n${rows}\n${examples.join('\n')}\n.help reduceByKey\n.help mapp\n`);
  assert.match(err, /^There is no help on mapp\. Topics are datasets, pairs, .*; \.doc NAME explains an operation\.\n$/);
  assert.is(status, 1);
  assert.match(out, /counts-2\.csv/);
  assert.match(out, /reduceByKey[\s\S]*Example/);
});

/** The entries of a topic's text, and what stands below each. */
function examples(lines: readonly string[]): { entry: string; printed: string[] }[] {
  const found: { entry: string; printed: string[] }[] = [];
  for (const [index, line] of lines.entries()) {
    if (!line.startsWith('> ')) continue;
    const rest = lines.slice(index + 1);
    const end = rest.findIndex((text) => !/^(res\d+:| "?[\w"]+ *│| key)/.test(text));
    found.push({ entry: line.slice(2), printed: rest.slice(0, end < 0 ? undefined : end) });
  }
  return found;
}

// `keys` is the table of keys as it is, which the tests of the editor hold.
for (const [name, { lines }] of Object.entries(topics).filter(([name]) => name !== 'keys')) {
  test(`.help ${name} is short, and its examples print what it says`, async () => {
    const found = examples(lines);
    assert.ok(found.length > 0 && lines.length <= 16, `${found.length} examples, ${lines.length} lines`);
    const { status, out, err } = await run(`${found.map(({ entry }) => entry).join('\n')}\n.help ${name}\n`);
    assert.equal([status, err], [0, '']);
    const at = out.indexOf(lines[0]);
    const squeezed = (text: string) => text.replace(/[ ─┼]+/g, ' ').trim();
    for (const line of found.flatMap(({ printed }) => printed))
      assert.ok(squeezed(out.slice(0, at)).includes(squeezed(line)), `${line}\nin\n${out.slice(0, at)}`);
    for (const line of lines) assert.ok(out.slice(at).includes(line), line);
  });
}

test.run();
