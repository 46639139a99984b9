// The shell without a terminal: scripts, -e, standard input, and the exit status that tells how it went.
// time limit: 480 s
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { promisify } from 'node:util';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Random } from '../../../runtime/base/time';
import { file, millrace } from '../../helpers/scripts';
import { size } from '../../helpers/sizes';
import { allGone, descendants, shellCommand } from '../../helpers/terminal';
import { until } from '../../helpers/within';

const local = ['--master', 'local[1]'];

test('arrays of two are pairs for parallelize, and nothing else is', async () => {
  const types: Record<string, string> = {
    '[["a", 1], ["b", null]]': 'RDD<[string, number | null]>',
    '[[1, 2, 3], [4, 5]]': 'RDD<number[]>',
    '[[1, 2]] as number[][]': 'RDD<number[]>',
    '["ab"]': 'RDD<string>',
    '[]': 'RDD<never>',
    '[] as any[]': 'RDD<any>',
  };
  const input = Object.keys(types).map((values) => `.type sc.parallelize(${values})\n`);
  const { out } = await millrace(['--master', 'local', '-'], { input: input.join('') });
  assert.equal(out.trimEnd().split('\n'), Object.values(types));
});

test('a type error against several signatures shows the widest one', async () => {
  const { status, err } = await millrace(['--master', 'local', '-e', 'sc.parallelize(5)']);
  assert.is(status, 1);
  assert.match(
    err,
    /^error: Argument of type 'number' is not assignable to parameter of type 'Iterable<unknown>'\. \(TS2769\)\n/,
  );
});

test('a script runs statement by statement and leaves with 0', async () => {
  const script = file(
    'ok.ts',
    '#!/usr/bin/env millrace\nconst xs = sc.range(10);\nconsole.log(await xs.sum(), args, process.argv.slice(2));\n',
  );
  const { status, out, err } = await millrace([...local, script, 'one', '--two']);
  assert.equal([status, out, err], [0, "45 [ 'one', '--two' ] [ 'one', '--two' ]\n", '']);
});

test('an error names file and line on stderr and leaves with 1; what came before was printed', async () => {
  const script = file('fails.ts', 'console.log("before");\n\n(null as any).x;\nconsole.log("after");\n');
  const { status, out, err } = await millrace([...local, script]);
  assert.equal([status, out], [1, 'before\n']);
  assert.match(err, /fails\.ts:3/);
});

test('an error of ours raised in a task shows the line of the function that it is about, or of the operation', async () => {
  const cases: [text: string, place: string, line: string][] = [
    ['const z = sc.range(0, 4, 1, 2).zip(sc.range(0, 5, 1, 2));\nawait z.count();', '1:32', ' 1 │ const z'],
    ['const s = sc.range(3)\n  .map((x): any => [new Map(), x]);\nawait s.groupByKey().count();', '2:8', ' 2 │   .map((x)'],
    ['const s = sc.range(3).map((x): any => x);\nawait s.mapValues((x) => x).collect();', '2:19', ' 2 │ await s.mapValues'],
    [
      'const p = { numPartitions: 2, getPartition: (k: number) => k };\nawait sc.range(5).keyBy((x) => x).partitionBy(p).count();',
      '2:35',
      ' 2 │ await sc',
    ],
  ];
  for (const [text, place, line] of cases) {
    const script = file('declared.ts', text);
    const { err } = await millrace([...local, script]);
    assert.ok(err.includes(`at ${script}:${place}`), err);
    assert.ok(err.includes(line), err);
    assert.match(err, /\^\n(?: element: .*\n)? → /);
  }
});

test('a function that fails in a task long after it was written is shown with its line', async () => {
  const bad = "const bad = sc.range(3).map(x => { if (x === 2) throw new RangeError('no ' + x); return x });";
  const mark = `\\n   │ {${bad.indexOf('new RangeError') + 1}}\\^\\n element: 2\\n`;
  const shown = (line: number) => new RegExp(`^ ${line} │ const bad = .*${mark}`, 'm');
  const typed = await millrace([...local, '-'], { input: `const a = 1;\n${bad}\nconst b = 2;\n\nbad.count()\n` });
  assert.match(typed.err, shown(2));
  const sameLine = await millrace([...local, '-e', `${bad} const b = 2; await bad.count()`]);
  assert.match(sameLine.err, shown(1));
});

test('type errors are found before anything runs, all at once', async () => {
  const text = 'console.log(1);\nconst s: string = 5;\nnope();\n';
  const { status, out, err } = await millrace([...local, file('types.ts', text)]);
  assert.equal([status, out], [1, '']);
  assert.match(err, /types\.ts:2:7.*not assignable[\s\S]*types\.ts:3:1: .*nope/);
});

test('a syntax error is found before anything runs', async () => {
  const { status, out, err } = await millrace([...local, file('syntax.ts', 'console.log(1);\nconst = ;\n')]);
  assert.equal([status, out], [1, '']);
  assert.match(err, /syntax\.ts:2/);
});

test('-e runs code and prints its value without a code of the terminal', async () => {
  const { status, out, err } = await millrace([...local, '-e', 'sc.range(4).map(x => x * x).collect()']);
  assert.equal([status, err], [0, '']);
  assert.match(out, /^res0: number\[\]/);
  assert.not.match(out, /\x1b/);
});

test('standard input is a script, with commands as at the prompt', async () => {
  const input = 'const a = 20\n.type a\nconst t = `\n.type a\n`\na + t.length\n';
  const { status, out, err } = await millrace(local, { input });
  assert.equal([status, err], [0, '']);
  assert.is(out, 'number\nres0: number = 29\n');
});

test('- waits for standard input', async () => {
  const { status, out } = await millrace([...local, '-', 'x'], { input: 'console.log(args[0])' });
  assert.equal([status, out], [0, 'x\n']);
});

for (const [name, input] of [
  ['closed', null],
  ['empty', ''],
  ['open and silent', undefined],
] as const) {
  test(`with nothing on standard input (${name}) the tour runs`, async () => {
    const { status, out, err } = await millrace(local, { input });
    assert.equal([status, err], [0, '']);
    assert.match(out, /pi is about 3\.1/);
  });
}

const usage: readonly (readonly [args: readonly string[], status: number, message: RegExp])[] = [
  [['--mater', 'local'], 2, /unknown option '--mater'\n\(Did you mean --master\?\)/],
  [['--master', 'spork'], 2, /The master "spork" is not understood/],
  [['--master', 'local[0]'], 2, /local\[N\]/],
  [['--master'], 2, /argument missing/],
  [['--conf', 'speculaton=true'], 2, /no option speculaton\.\nDid you mean speculation\? There are defaultParallelism, /],
  [['--conf', 'taskMaxFailures=0'], 2, /taskMaxFailures is 0, but must be a whole number of tries from 1 to 100/],
  [['--conf', 'speculation=maybe'], 2, /speculation is maybe, but must be true or false/],
  [['--conf', 'speculation'], 2, /its argument is speculation, but must be KEY=VALUE/],
  [['--conf', 'taskMaxFailures='], 2, /must be KEY=VALUE/],
  [['--conf', 'pools={}'], 2, /must be pools\.NAME\.KEY=VALUE/],
  [['--conf', 'pools.fast.wieght=2'], 2, /no option pools\.fast\.wieght\.\nDid you mean pools\.fast\.weight\?/],
  [['--conf', '__proto__=1'], 2, /no option __proto__/],
  [['--conf'], 2, /argument missing/],
  [['nosuch.ts'], 1, /There is nothing at nosuch\.ts/],
  [['.'], 1, /cannot be read: it is a folder/],
  [['-e', 'f('], 1, /expected/],
  [['-e', 'throw 5'], 1, /thrown: 5/],
  [['-e', 'process.exit(7)'], 7, /^$/],
];

for (const [args, wanted, message] of usage) {
  test(`${args.join(' ')} leaves with ${wanted}`, async () => {
    const { status, err } = await millrace(args);
    assert.is(status, wanted);
    assert.match(err, message);
  });
}

test('--conf sets options of the engine: those of sc.config, by which its jobs run', async () => {
  const conf = [
    'taskMaxFailures=1',
    'speculationQuantile=0.5',
    'schedulerMode=FAIR',
    'pools.a b.weight=2',
    'pools.a b.minShare=1',
  ];
  const args = ['taskMaxFailures=3', ...conf].flatMap((text) => ['--conf', text]);
  const code = `
    const { taskMaxFailures, speculationQuantile, schedulerMode, pools, localityWaitMs } = sc.config;
    console.log(JSON.stringify({ taskMaxFailures, speculationQuantile, schedulerMode, pools, localityWaitMs }));
    await sc.range(0, 1, 1, 1).foreach(() => { console.log('tried'); throw new Error('always'); }).catch(() => {});`;
  const { status, out } = await millrace([...local, ...args, '-e', code]);
  const [config, ...tried] = out.trim().split('\n');
  const pools = { 'a b': { weight: 2, minShare: 1 } };
  const wanted = { taskMaxFailures: 1, speculationQuantile: 0.5, schedulerMode: 'FAIR', pools, localityWaitMs: 1000 };
  assert.equal([status, JSON.parse(config), tried], [0, wanted, ['tried']]);
});

test('--version and --help', async () => {
  assert.match((await millrace(['--version'])).out, /^\d+\.\d+\.\d+\n$/);
  assert.match((await millrace(['--help'])).out, /--eval <code>[\s\S]*--conf <KEY=VALUE>[\s\S]*\n {2}taskMaxFailures=4\n/);
});

const waits = 'setTimeout(() => console.log("ready"), 10); await new Promise(() => {})';
const loops = 'console.log("ready"); while (true) {}';

for (const [signal, status, code] of [
  ['SIGINT', 130, waits],
  ['SIGINT', 130, loops],
  ['SIGTERM', 143, waits],
  ['SIGHUP', 129, waits],
] as const) {
  test(`${signal} ends ${code} with ${status} and leaves no process`, async () => {
    let processes: number[] = [];
    const act = (pid: number) => {
      processes = descendants(pid);
      process.kill(pid, signal);
    };
    const ended = await millrace([...local, '-e', `await sc.range(3).count(); { ${code} }`], {
      input: null,
      when: ['ready', act],
    });
    assert.is(ended.status, status, ended.err);
    assert.ok(processes.length >= 2);
    await allGone(processes, 3_000);
  });
}

const presses = size(2, 100);
const seed = Number(process.env.MILLRACE_SEED ?? 20261127);

for (const [signal, wanted] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  test(`${presses} times ${signal} at random moments of a script (seed ${seed}): it ends with ${wanted}, each time`, async () => {
    const random = new Random(seed);
    const statement = '{ const end = performance.now() + 2; while (performance.now() < end); }\n';
    const script = file('short.ts', `console.log("ready");\n${statement.repeat(100)}await null;\n${statement.repeat(900)}`);
    for (let press = 0; press < presses; press++) {
      const later = random.next() * 100;
      const act = (pid: number) => void setTimeout(() => process.kill(pid, signal), later);
      const { status, err } = await millrace([...local, script], { input: null, when: ['ready', act] });
      assert.equal([status, err], [wanted, ''], `time ${press}`);
    }
  });

test('Ctrl-C before a script has begun ends it with 130, also while it reads standard input', async () => {
  const started = async (pid: number) => {
    await until(10_000, () => descendants(pid).length > 0, 'the process of the script');
    process.kill(pid, 'SIGINT');
  };
  assert.is((await millrace([...local, '-'], { started })).status, 130);
  assert.is((await millrace([...local, '-e', loops], { started })).status, 130);
});

test("the user's SIGINT handler is called once", async () => {
  const { status, out } = await millrace([...local, '-e', `{ process.on('SIGINT', () => console.log('told')); ${waits} }`], {
    input: null,
    when: ['ready', (pid) => process.kill(pid, 'SIGINT')],
  });
  assert.equal([status, out], [130, 'ready\ntold\n']);
});

const blocked = `require('child_process').execSync("trap '' INT; echo ready; sleep 60; true", { stdio: 'inherit' })`;

test('a script that waits for a child which ignores Ctrl-C ends at the second one, with what it started', async () => {
  let processes: number[] = [];
  const { status } = await millrace([...local, '-e', blocked], {
    input: null,
    when: [
      'ready',
      (pid) => {
        processes = descendants(pid);
        process.kill(pid, 'SIGINT');
        // The second counts once the first had its time.
        setTimeout(() => process.kill(pid, 'SIGINT'), 2_100);
      },
    ],
  });
  assert.is(status, 130);
  assert.ok(processes.length >= 3);
  await allGone(processes, 5_000);
});

test('a script whose parent is killed ends, also in a loop that never ends', async () => {
  for (const body of [waits, loops]) {
    let processes: number[] = [];
    const act = (pid: number) => {
      processes = descendants(pid);
      process.kill(pid, 'SIGKILL');
    };
    await millrace([...local, '-e', `await sc.range(3).count(); { ${body} }`], { input: null, when: ['ready', act] });
    assert.ok(processes.length >= 3);
    await allGone(processes, 5_000);
  }
});

// The handler cannot run then, so the signal itself ends the process.
test('a loop that never ends is ended by SIGTERM too', async () => {
  const act = (pid: number) => process.kill(pid, 'SIGTERM');
  const { status } = await millrace([...local, '-e', `{ ${loops} }`], {
    input: null,
    when: ['ready', act],
  });
  assert.ok(status === null || status === 143);
});

test('node --inspect debugs the process of the script', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await promisify(server.close.bind(server))();
  const [node, ...rest] = shellCommand(...local, '-e', 'require("node:inspector").url()');
  const { stdout, stderr } = await promisify(execFile)(node, [`--inspect=127.0.0.1:${port}`, ...rest]);
  assert.match(stdout, new RegExp(`^res0: any = "ws://127.0.0.1:${port}/`), stderr);
});

test('a long output arrives whole', async () => {
  const { status, out } = await millrace([...local, '-e', 'console.log("x".repeat(3e6)); console.log("end")']);
  assert.equal([status, out.length], [0, 3e6 + 5]);
});

test('a command whose expression does not end says so, by the name of the script', async () => {
  const { status, err } = await millrace([...local, file('open.ts', '.time sc.range(\n')]);
  assert.is(status, 1);
  assert.match(err, /error: .*open\.ts ends in the middle of a statement\.\n → Close what is open there/);
});

test.run();
