// A session in a process of its own: what is printed, Ctrl-C in each kind of entry, and errors that come from nowhere.
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { interruptDescriptor } from '../../../shell/contract/protocol';
import type { RunOutcome } from '../../../shell/contract/session';
import { userFolder } from '../../helpers/entries';
import { typescript } from '../../helpers/preload';
import { until } from '../../helpers/within';

interface Told {
  readonly ready?: true;
  readonly running?: string;
  readonly print?: string;
  readonly stream?: string;
  readonly ended?: RunOutcome;
  readonly cancelled?: number;
  readonly compiled?: unknown;
}

const limitMs = 60_000;
const interruptLimitMs = 500;

class Child {
  readonly #process: ChildProcess;
  readonly told: Told[] = [];
  #entries = 0;

  constructor(folder = userFolder().folder) {
    const script = path.join(__dirname, '../../helpers/prompt-child.ts');
    this.#process = spawn(process.execPath, [...typescript, script, folder], {
      stdio: ['pipe', 'pipe', 'inherit', 'ignore', 'pipe'],
    });
    createInterface({ input: this.#process.stdout! }).on('line', (line) => this.told.push(JSON.parse(line) as Told));
  }

  async ready(): Promise<this> {
    await until(limitMs, () => this.told.some(({ ready }) => ready), 'the start of the session');
    return this;
  }

  /** Begins an entry; resolves when the session runs it. */
  async begin(text: string): Promise<void> {
    this.told.length = 0;
    this.#entries++;
    this.#process.stdin!.write(`${JSON.stringify(text)}\n`);
    await until(limitMs, () => this.told.some(({ running, compiled }) => running !== undefined || compiled), text);
  }

  async end(ms = limitMs): Promise<RunOutcome> {
    await until(ms, () => this.told.some(({ ended }) => ended), 'the end of the entry');
    return this.told.find(({ ended }) => ended)!.ended!;
  }

  async enter(text: string): Promise<string> {
    await this.begin(text);
    await this.end();
    return this.printed();
  }

  printed(stream?: string): string {
    return this.told
      .filter((told) => told.print !== undefined && (!stream || told.stream === stream))
      .map(({ print }) => print)
      .join('');
  }

  async interrupt(): Promise<RunOutcome> {
    this.press();
    return this.end();
  }

  /** As the terminal does it: names the entry to be interrupted. */
  press(): void {
    (this.#process.stdio[interruptDescriptor] as Writable).write(`${this.#entries}\n`);
  }

  get alive(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.stdin!.end();
    await ended;
  }
}

const prints = suite('prints');
let child: Child;
prints.before(async () => {
  child = await new Child().ready();
});
prints.after(() => child?.stop());

prints('values once, declarations not', async () => {
  assert.is(await child.enter('1 + 1'), 'res0: number = 2\n');
  assert.is(await child.enter('const a = 5'), '');
  assert.is(await child.enter("Promise.resolve('late')"), 'res1: string = "late"\n');
});

prints('what the code writes, in order with its value', async () => {
  const text = "console.log('one'); process.stdout.write('two\\n'); console.error('three'); a";
  assert.is(await child.enter(text), 'one\ntwo\nthree\nres2: number = 5\n');
  assert.is(child.printed('err'), 'three\n');
});

prints('an error with the line and a mark, and the session goes on', async () => {
  const report = await child.enter("const fine = 1\nthrow new TypeError('boom')");
  assert.match(report, /TypeError: boom/);
  assert.match(report, /throw new TypeError\('boom'\)/);
  assert.is(await child.enter('fine'), 'res3: number = 1\n');
});

prints('late rejections and timers that throw', async () => {
  await child.enter("Promise.reject(new Error('nobody waits')); setTimeout(() => { throw new Error('in a timer') }, 1); 0");
  await until(
    limitMs,
    () => /nobody waits/.test(child.printed('err')) && /in a timer/.test(child.printed('err')),
    'both reports',
  );
  assert.is(await child.enter('fine + 1'), 'res5: number = 2\n');
  assert.ok(child.alive);
});

prints.run();

const interrupts = suite('Ctrl-C');
let busy: Child;
interrupts.before(async () => {
  busy = await new Child().ready();
  await busy.enter('let steps = 0; const kept = 7');
});
interrupts.after(() => busy?.stop());

const there = "process.stdout.write('there')";
/** Said when the entry waits: a signal in the moment between running and waiting is Node's to lose. */
const waits = `setTimeout(() => ${there}, 5)`;

/** Entries that do not end by themselves; each says when it is where it stays. */
const endless: readonly (readonly [name: string, text: string])[] = [
  ['a loop', `${there}; while (true) { steps++ }`],
  ['a loop after an await', `await null; ${there}; while (true) { steps++ }`],
  ['a loop in a called function', `function spin(): never { ${there}; for (;;) { steps++ } }\nspin()`],
  ['a loop that catches', `${there}; for (;;) { try { while (true) { steps++ } } catch { steps++ } }`],
  ['an await that never settles', `${waits}; await new Promise(() => {})`],
  ['an await in a function', `const wait = async () => { ${waits}; await new Promise(() => {}) }; await wait()`],
  ['a value that never settles', `${waits}; new Promise<number>(() => {})`],
  ['for await', `${waits}; for await (const x of [new Promise(() => {})]) { void x }`],
];

for (const [name, text] of endless) {
  interrupts(`leaves ${name}, with all names kept`, async () => {
    await busy.begin(text);
    await until(limitMs, () => busy.printed().includes('there'), name);
    const start = performance.now();
    const outcome = await busy.interrupt();
    const ms = performance.now() - start;
    assert.is(outcome.status, 'interrupted');
    assert.ok(ms < interruptLimitMs, `it took ${ms.toFixed(0)} ms`);
    assert.match(await busy.enter('kept'), /: number = 7\n$/);
    assert.ok(busy.alive);
  });
}

interrupts('what was left is never resumed', async () => {
  await busy.begin('let release!: () => void; const gate = new Promise<void>((resolve) => { release = resolve })');
  await busy.end();
  await busy.begin(`${waits}; await gate; steps = -1; console.log('resumed')`);
  await until(limitMs, () => busy.printed().includes('there'), 'the await');
  assert.is((await busy.interrupt()).status, 'interrupted');
  await busy.enter('steps = 5; release(); await new Promise((resolve) => setTimeout(resolve, 20))');
  assert.match(await busy.enter('steps'), /: number = 5\n$/);
});

interrupts('keeps the names that had their value, and tells who else must stop', async () => {
  const before = busy.told.find(({ cancelled }) => cancelled !== undefined)?.cancelled ?? 0;
  await busy.begin(`const early = 1; ${waits}; await new Promise(() => {}); const never = 2`);
  await until(limitMs, () => busy.printed().includes('there'), 'the await');
  assert.equal(await busy.interrupt(), { status: 'interrupted', initialised: ['early'] });
  assert.ok((busy.told.find(({ cancelled }) => cancelled !== undefined)?.cancelled ?? 0) > before);
  assert.match(await busy.enter('early'), /: number = 1\n$/);
});

interrupts('on nothing does nothing', async () => {
  busy.press();
  assert.match(await busy.enter('kept'), /: number = 7\n$/);
});

interrupts.run();
