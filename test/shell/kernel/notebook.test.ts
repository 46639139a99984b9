// Cells of a notebook, run by Jupyter's own client: values, errors, interrupts, questions, panes, restarts, and the suites of Jupyter.
// time limit: 300 s
import { readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isAlive as runs } from '../../../runtime/base/process-owner';
import { type FrontEnd, Jupyter, type Ran } from '../../helpers/jupyter';
import { pythonWith } from '../../helpers/python';
import { Server } from '../../helpers/server';
import { long } from '../../helpers/sizes';
import { until } from '../../helpers/within';

const found = pythonWith('jupyter');
const test = suite('notebooks');
const samples = join(__dirname, '../../../samples');

const textOf = ({ outputs }: Ran, stream = 'stdout'): string =>
  outputs
    .filter(({ type, name }) => type === 'stream' && name === stream)
    .map(({ text }) => text)
    .join('');
type Content = Ran['reply'];

const dataOf = ({ outputs }: Ran): Readonly<Record<string, string>> => outputs.find(({ data }) => data !== undefined)?.data;
const traceback = ({ reply }: Ran): string => reply.traceback.join('\n');

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

function readlink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // It was closed meanwhile.
    return '';
  }
}

if ('missing' in found) {
  console.log(`No notebook runs here: ${found.missing}`);
  test('are left out', () => {});
} else {
  let jupyter: Jupyter;
  let front: FrontEnd;

  test.before(async () => {
    jupyter = new Jupyter(found.python);
    await jupyter.install('--master', 'local[2]');
    front = await jupyter.start();
  });

  test.after(async () => {
    const { pid } = front;
    await front.do('shutdown');
    await until(20_000, () => !isAlive(pid), 'the end of the kernel');
    jupyter.stop();
  });

  test('a cell gives the value of its last expression with its type, and names stay', async () => {
    const first = await front.run('const word = "mill";\nword.length');
    assert.equal(dataOf(first), { 'text/plain': 'res0: number = 4' });
    assert.is(first.outputs[0].type, 'execute_result');
    assert.is(first.outputs[0].execution_count, first.reply.execution_count);
    // What ends in no expression gives none.
    assert.equal((await front.run('const next = word + "race"')).outputs, []);
    assert.is(dataOf(await front.run('next'))['text/plain'], 'res1: string = "millrace"');
  });

  test('a dataset comes as a table of HTML beside its text, with everything in it escaped', async () => {
    const ran = await front.run('sc.parallelize([{ name: "<b>&", n: 1 }, { name: "y", n: 22 }])');
    const data = dataOf(ran);
    assert.match(data['text/plain'], /^res\d+: RDD<\{ name: string; n: number; \}> {2}parallelize/);
    assert.match(data['text/html'], '<th style="text-align: right">n</th>');
    assert.match(data['text/html'], '<td>&quot;&lt;b&gt;&amp;&quot;</td><td style="text-align: right">1</td>');
    assert.not.match(data['text/html'], '<b>');
  });

  test('.plot comes as SVG; commands stand between statements', async () => {
    const ran = await front.run('const pairs = [["a", 1], ["b", 3]] as [string, number][]\n.plot pairs\npairs.length');
    const [picture, value] = ran.outputs;
    assert.is(picture.type, 'display_data');
    assert.match(picture.data['image/svg+xml'], /^<svg /);
    assert.match(picture.data['text/plain'], /^2 rows\n a │█+\S? 1\n b │█+ 3$/);
    assert.match(value.data['text/plain'], /^res\d+: number = 2$/);
    assert.match(textOf(await front.run('.help count')), 'The number of rows');
    assert.match(dataOf(await front.run('.show pairs'))['text/html'], '<td>&quot;b&quot;</td>');
    assert.equal(textOf(await front.run('.sh echo from a shell')), 'from a shell\n');
  });

  test('a type error is an error of the cell, at its line, and nothing of it runs', async () => {
    const ran = await front.run('console.log("ran");\nconst n: number = "one";');
    assert.is(ran.reply.status, 'error');
    assert.match(ran.reply.evalue, "Type 'string' is not assignable to type 'number'");
    assert.match(traceback(ran), / 2 │ const n: number = "one";\n {3}│ {7}\^/);
    assert.is(textOf(ran), '');
    assert.is(ran.outputs.at(-1)?.type, 'error');
  });

  test('an entry whose text stands earlier in its cell has its own line', async () => {
    const ran = await front.run('.sh echo nothingHere\nnothingHere');
    assert.match(traceback(ran), / 2 │ nothingHere/);
  });

  test('a silent cell shows nothing, and its error ends no other cell', async () => {
    const ran = await front.run('console.log("unseen"); throw new Error("unseen")', { silent: true });
    assert.is(ran.reply.status, 'error');
    assert.equal(ran.outputs, []);
  });

  test('an error in a closure names the cell, the line and the element', async () => {
    const ran = await front.run(
      'const bad = sc.range(9)\n  .map(x => { if (x === 7) throw new RangeError("seven"); return x });\nawait bad.sum()',
    );
    assert.is(ran.reply.status, 'error');
    assert.match(traceback(ran), /seven[\s\S]*at <cell \d+>:2:\d+[\s\S]*element: 7/);
    // `.errors` knows it too.
    assert.match(textOf(await front.run('.errors')), 'seven');
  });

  test('what is printed comes as streams, of whose codes only colours stay', async () => {
    const ran = await front.run(
      'console.log("\\x1b[31mred\\x1b[0m \\x1b]0;title\\x07"); console.error("bad"); process.stdout.isTTY',
    );
    assert.equal(textOf(ran), '\x1b[31mred\x1b[0m ^[]0;title^G\n');
    assert.equal(textOf(ran, 'stderr'), 'bad\n');
    assert.match(dataOf(ran)['text/plain'], 'undefined');
  });

  test('an interrupt breaks a loop and a job; names stay, and cells that wait do not run', async () => {
    const loop = await front.run('console.log("loops"); for (;;) {}', { interruptWhen: 'loops' });
    assert.is(loop.reply.ename, 'Interrupted');
    const job = await front.run('console.log("job"); await sc.range(4).map(x => { for (;;) {} }).count()', {
      interruptWhen: 'job',
    });
    assert.is(job.reply.ename, 'Interrupted');
    assert.match(dataOf(await front.run('word'))['text/plain'], '"mill"');
    const replies = (await front.do('many', {
      args: [['throw new Error("first")', 'const second = 2', 'const third = 3']],
    })) as Ran['reply'][];
    assert.equal(
      replies.map(({ status }) => status),
      ['error', 'aborted', 'aborted'],
    );
    assert.is((await front.run('second')).reply.status, 'error');
  });

  test('prompt() asks at the notebook; where nobody is asked it says so', async () => {
    const asked = await front.run('const who = prompt("Who?")!; who.toUpperCase()', { answers: ['ada'] });
    assert.equal(asked.outputs[0], { type: 'input_request', prompt: 'Who? ', password: false });
    assert.match(dataOf({ ...asked, outputs: asked.outputs.slice(1) })['text/plain'], '"ADA"');
    const alone = await front.run('prompt("Who?")');
    assert.match(traceback(alone), /prompt: the call is in a notebook that runs without its user[\s\S]*const name = …/);
  });

  test('a question can be interrupted, and a later one gets its own answer', async () => {
    const broken = await front.run('console.log("asks"); for (;;) { const t = Date.now(); while (Date.now() - t < 5); }', {
      interruptWhen: 'asks',
    });
    assert.is(broken.reply.ename, 'Interrupted');
    const next = await front.run('prompt("b?")', { answers: ['b'] });
    assert.match(next.outputs[1].data['text/plain'], '"b"');
  });

  test('completion, inspection and is_complete know the names, in code points', async () => {
    const code = '"🎈🎈"; word.toUp';
    const { matches, cursor_start, cursor_end } = await front.ask('complete', code, [...code].length);
    assert.equal([matches[0], cursor_start, cursor_end], ['toUpperCase', 11, 15]);
    assert.ok((await front.ask('complete', '.sess', 5)).matches.includes('sessions'));
    const about = await front.ask('inspect', 'sc.parallelize([1])', 6);
    assert.match(about.data['text/plain'], 'A dataset of the session');
    assert.is((await front.ask('inspect', 'nothingOfTheKind', 4)).found, false);
    assert.match((await front.ask('inspect', '.plot x', 2)).data['text/plain'], '.plot EXPRESSION');
    assert.equal(await front.ask('is_complete', 'for (const x of [1]) {'), { status: 'incomplete', indent: '  ' });
    assert.equal(await front.ask('is_complete', 'word.length'), { status: 'complete' });
  });

  test('the history has the cells', async () => {
    await front.run('const remembered = 12345');
    const { history } = (await front.do('history', {
      options: { hist_access_type: 'search', pattern: '*remembered*' },
    })) as Content;
    assert.is(history.at(-1)[2], 'const remembered = 12345');
    const own = (await front.do('history', {
      options: { output: true, hist_access_type: 'range', session: 0, start: 1, stop: 2 },
    })) as Content;
    assert.equal(own.history, [[0, 1, ['const word = "mill";\nword.length', null]]]);
  });

  test('a live pane and the progress of a job are updated in place', async () => {
    const ran = await front.run(
      'const ssc = stream("200ms"); const seen = ssc.generatorStream(100, i => [i % 3, 1] as [number, number]).reduceByKey((a, b) => a + b);\nseen.watch({ title: "thirds" }); ssc.start();\nawait sc.range(2, 4).map(x => { const t = Date.now(); while (Date.now() - t < 1500); return x }).count();\nawait ssc.awaitTerminationOrTimeout(1000)',
    );
    const shown = (kind: string, words: string) =>
      ran.outputs.filter(({ type, data }) => type === kind && data['text/plain'].includes(words));
    const [first] = shown('display_data', 'thirds');
    const updates = shown('update_display_data', 'thirds');
    assert.ok(updates.length > 1, JSON.stringify(ran.outputs));
    assert.is(shown('display_data', 'thirds').length, 1);
    assert.ok(updates.every(({ transient }) => transient.display_id === first.transient.display_id));
    assert.match(updates.at(-1)!.data['text/html'], /<b>thirds<\/b>[\s\S]*<tr><td[^>]*>2<\/td>/);
    assert.ok(shown('display_data', 'stage 1/1').length > 0, JSON.stringify(ran.outputs));
    // It goes on after the end of its cell.
    await front.do('update', { args: ['thirds'] });
    await front.run('ssc.stop()');
  });

  test('a session that ends costs its names, and the next cell has a fresh one', async () => {
    const left = await front.run('process.exit(3)');
    assert.match(left.reply.evalue, 'its code ended it with status 3');
    assert.match(traceback(await front.run('word')), "Cannot find name 'word'");
    await front.run('const again = 1');
    await front.do('restart');
    const ran = await front.run('again');
    assert.is(ran.reply.status, 'error');
    assert.is(ran.reply.execution_count, 1);
  });

  test('a kernel on a server shares its datasets; without the server each cell says so', async () => {
    const server = await Server.start();
    await jupyter.install('--name', 'served', '--master', server.master);
    const here = await server.session();
    await here.parallelize([1, 2, 3]).persist().publish('numbers', {}, 'number');
    const served = await jupyter.start('served');
    assert.match(dataOf(await served.run('await sc.dataset("numbers").map(n => n * 2).sum()'))['text/plain'], 'number = 12');
    await served.run('await sc.range(5).persist().publish("of the notebook")');
    assert.is(await here.dataset<number>('of the notebook').count(), 5);
    await served.do('restart');
    await server.stop();
    const { pid } = served;
    served.kill();
    // Nobody tells the kernel; it sees that its front end is gone.
    await until(20_000, () => !isAlive(pid), 'the end of a kernel whose front end was killed');
    const lone = await jupyter.start('served');
    const ran = await lone.run('1');
    assert.is(ran.reply.ename, 'NoSession');
    assert.match(traceback(ran), 'millrace serve');
    await lone.do('shutdown');
  });

  // These take long; what they see is seen above too.
  if (long)
    test("Jupyter's tests of a kernel pass", async () => {
      const file = join(jupyter.folder, 'test_kernel.py');
      writeFileSync(
        file,
        `import unittest
import jupyter_kernel_test

class Millrace(jupyter_kernel_test.KernelTests):
    kernel_name = "millrace"
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('oops')"
    completion_samples = [{"text": "sc.paral", "matches": {"parallelize"}}]
    complete_code_samples = ["1 + 1", "const x = 1"]
    incomplete_code_samples = ["for (;;) {", "sc.range("]
    code_generate_error = "throw new Error('x')"
    code_execute_result = [{"code": "6 * 7", "result": "res0: number = 42"}]
    code_display_data = [{"code": ".plot [1, 2, 3]", "mime": "image/svg+xml"}]
    code_inspect_sample = "sc.parallelize"
    code_clear_output = ".clear"
    code_history_pattern = "6 * 7"
    supported_history_operations = ("tail", "search")
    code_page_something = None

unittest.main()
`,
      );
      const { status, text } = await jupyter.run([file]);
      assert.is(status, 0, text);
      assert.match(text, /Ran \d\d tests[\s\S]*OK/);
    });

  test('over ipc nothing listens on a port: the sockets lie in a folder of the user alone, and the kernel restarts on them', async () => {
    const own = await jupyter.start('millrace', jupyter.folder, 'ipc');
    assert.equal(dataOf(await own.run('6 * 7')), { 'text/plain': 'res0: number = 42' });
    const runtime = join(jupyter.folder, 'runtime');
    assert.is(statSync(runtime).mode & 0o777, 0o700);
    const sockets = readdirSync(runtime).filter((file) => statSync(join(runtime, file)).isSocket());
    assert.equal(sockets.length, 5);
    for (const table of ['tcp', 'tcp6']) {
      // The state 0A is of sockets that listen; their numbers are among the descriptors of who has them.
      const listening = readFileSync(`/proc/net/${table}`, 'utf8')
        .split('\n')
        .flatMap((line) => / 0A .* (\d+) +1 /.exec(line)?.[1] ?? []);
      const held = readdirSync(`/proc/${own.pid}/fd`).map((fd) => readlink(`/proc/${own.pid}/fd/${fd}`));
      assert.equal(
        listening.filter((inode) => held.includes(`socket:[${inode}]`)),
        [],
        table,
      );
    }
    process.kill(own.pid, 'SIGKILL');
    // Its front end has not looked after it: a zombie has ended.
    await until(20_000, () => !runs(own.pid), 'the death of the kernel');
    assert.ok(statSync(join(runtime, sockets[0])).isSocket());
    await own.do('restart');
    assert.equal(dataOf(await own.run('6 * 8')), { 'text/plain': 'res0: number = 48' });
    assert.is(await own.do('shutdown'), false);
    await until(20_000, () => !readdirSync(runtime).some((file) => file.includes('ipc')), 'the end of the sockets');
  });

  for (const [name, told] of [
    [
      'flights.ipynb',
      [/1 flights came more than half an hour late/, /<td>&quot;BB&quot;<\/td><td[^>]*>2<\/td><td[^>]*>30<\/td>/, /<svg /],
    ],
    [
      'live-log.ipynb',
      [
        /<td>&quot;INFO&quot;<\/td><td[^>]*>1101<\/td>/,
        /<b>levels<\/b>[\s\S]*<td[^>]*>&quot;INFO&quot;<\/td><td[^>]*>289<\/td>/,
        /<svg /,
      ],
    ],
  ] as const)
    test(`nbconvert runs the sample ${name}`, async () => {
      const { status, text } = await jupyter.run([
        '-m',
        'nbconvert',
        '--to',
        'notebook',
        '--execute',
        join(samples, name),
        '--output-dir',
        jupyter.folder,
      ]);
      assert.is(status, 0, text);
      const ran = JSON.parse(readFileSync(join(jupyter.folder, name), 'utf8')) as { cells: { outputs?: unknown[] }[] };
      const outputs = ran.cells.flatMap((cell) => cell.outputs ?? []) as { text?: string[]; data?: Record<string, string[]> }[];
      const all = outputs.map(({ text = [], data = {} }) => [...text, ...Object.values(data).flat()].join('')).join('\n');
      for (const words of told) assert.match(all, words);
    });
}

test.run();
