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

const builtins = suite('built-ins');
builtins.before(async () => {
  child = await new Child().ready();
});
builtins.after(() => child?.stop());

/** What an entry changes, and what is named then; each would stop the session. */
const patches: readonly (readonly [entry: string, named: string])[] = [
  ['(Array.prototype as any).map = undefined', 'Array.prototype.map'],
  ['delete (Map.prototype as any).get', 'Map.prototype.get'],
  ['(Promise.prototype as any).then = function () {}', 'Promise.prototype.then'],
  ["(JSON as any).stringify = () => 'x'; console.log('said')", 'JSON.stringify'],
  ['(Array.prototype as any)[Symbol.iterator] = 5', 'Array.prototype[Symbol.iterator]'],
  ['(Object as any).keys = null', 'Object.keys'],
  ['(globalThis as any).Promise = undefined', 'Promise'],
  ['(Object.prototype as any).then = () => {}', 'Object.prototype.then'],
  ['(Object.prototype as any).get = () => 1', 'Object.prototype.get'],
  ['(Array.prototype as any).toJSON = () => 1', 'Array.prototype.toJSON'],
  ["Object.defineProperty(Set.prototype, 'size', { get: () => 1 })", 'Set.prototype.size'],
  ['Object.getPrototypeOf([].values()).next = 1', '%ArrayIterator%.next'],
  ['const early = 3; (Set.prototype as any).add = 1; const later = 4', 'Set.prototype.add'],
  ['await null; (Function.prototype as any).call = 1', 'Function.prototype.call'],
  [
    'setTimeout(() => { (String.prototype as any).split = 1 }); await new Promise(r => setTimeout(r, 250))',
    'String.prototype.split',
  ],
  ["for (let i = 0; i < 3; i++) { (Math as any).max = i; console.log('a') }", 'Math.max'],
];

for (const [entry, named] of patches) {
  builtins(`${named} is put back and named`, async () => {
    const said = await child.enter(entry);
    assert.is(said.split(`warning: your code changed ${named}. `).length, 2, said);
    const next = await child.enter('[...new Map([[1, new Set([7])]]).keys(), ...[1].map(x => x + 1), Math.max(3, 2)]');
    assert.match(next, /number\[\] = \[1, 2, 3\]\n$/);
  });
}

builtins('what else the code changes stays', async () => {
  await child.enter('Math.random = () => 0.5; Date.now = () => 7; (Array.prototype as any).last = 1');
  assert.match(await child.enter("[early, later, Math.random(), Date.now(), 'last' in []].join()"), /"3,4,0.5,7,true"\n$/);
  assert.not.match(child.printed(), /warning/);
});

builtins.run();

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
