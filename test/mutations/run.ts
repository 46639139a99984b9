// Makes the mistakes of list.ts one at a time in copies of the tree, and asks whether a test fails: a mistake that survives is a hole.
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { globSync } from 'tinyglobby';
import ts from 'typescript';
import { typescript } from '../helpers/preload';
import { mutations } from './list';
import type { Mutation } from './mutation';

const root = join(__dirname, '..', '..');
/** Mistakes are looked at side by side, each in a copy of its own. */
const copies = 2;
/** A mistake may make a loop endless; no file that is asked here takes so long without one. */
const fileLimitMs = 180_000;
const limitExit = 'took too long';
/** A quick look: the whole suite is not asked where the named files see nothing. */
const onlyNamed = process.argv.includes('--named');

interface Verdict {
  readonly mutation: Mutation;
  /** The test that failed; undefined where the mistake survived. */
  readonly caughtBy?: string;
  /** Why the mistake could not be made. */
  readonly complaint?: string;
  readonly seconds: number;
}

const running = new Set<ChildProcess>();
const folders: string[] = [];

function copyTree(): void {
  const copy = mkdtempSync(join(tmpdir(), 'mutations-'));
  folders.push(copy);
  for (const folder of ['runtime', 'cluster', 'shell', 'samples', 'test', 'docs', 'dist'])
    cpSync(join(root, folder), join(copy, folder), { recursive: true });
  for (const file of globSync('*.{json,md}', { cwd: root })) cpSync(join(root, file), join(copy, file));
  mkdirSync(join(copy, 'tmp'));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
}

function removeCopies(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/** What uvu writes as soon as a test has failed; it does so without colours here. */
const failureMark = '✘ ';

/** Runs a program in a group of its own, to its end or its first test that fails; answers why it failed, or nothing. */
function failureOf(copy: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    // Fewer random programs than of a push: a mistake that only the others see is too well hidden.
    // What a test that was ended leaves behind goes with the copy.
    const own = { FORCE_COLOR: '0', MILLRACE_LONG: '0', SEEDS: '300', TMPDIR: join(copy, 'tmp') };
    const env = { ...process.env, ...own };
    const child = spawn(process.execPath, args, { cwd: copy, detached: true, stdio: ['ignore', 'pipe', 'ignore'], env });
    running.add(child);
    let reason: string | undefined;
    const endFor = (why: string) => {
      reason ??= why;
      endGroup(child);
    };
    const timer = setTimeout(() => endFor(limitExit), fileLimitMs);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      // What is left of the file would only confirm it.
      if (text.includes(failureMark)) endFor('a test failed');
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      running.delete(child);
      endGroup(child);
      resolve(reason ?? (code === 0 ? undefined : `exit ${code ?? signal}`));
    });
  });
}

/** Ends a process with all that it started; a group that is gone already is fine. */
function endGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // Nothing of the group is left.
  }
}

const testFailure = (copy: string, file: string) =>
  failureOf(copy, ['-r', './test/helpers/compile-once.js', '-r', './test/helpers/instrument.ts', file]);
const build = (copy: string) => failureOf(copy, [...typescript, 'shell/build.ts', '--fast']);

const usesExecutors = (file: string) => /^test\/(cluster|security|shell)\//.test(file);
const testFiles = globSync('test/{runtime,property,sim,cluster,security,shell}/**/*.test.ts', { cwd: root }).sort();

/** The files that are named first, and then, unless `--named` is given, all others: those without executors before those with them. */
function filesFor({ tests }: Mutation): string[] {
  const named = tests.flatMap((word) => testFiles.filter((file) => file.includes(word)));
  if (onlyNamed) return named;
  const others = testFiles.filter((file) => !named.includes(file));
  return [...named, ...others.filter((file) => !usesExecutors(file)), ...others.filter(usesExecutors)];
}

/** The text with the mistake in it, or why there is none. */
function mistaken({ file, find, replace }: Mutation, copy: string): { text: string } | { complaint: string } {
  const text = readFileSync(join(copy, file), 'utf8');
  const parts = text.split(find);
  if (parts.length !== 2) return { complaint: `its text stands ${parts.length - 1} times in ${file}` };
  const changed = parts.join(replace);
  const { diagnostics = [] } = ts.transpileModule(changed, { reportDiagnostics: true, fileName: file });
  // A text that no longer compiles fails every test and proves nothing.
  return diagnostics.length > 0 ? { complaint: 'the changed text does not compile' } : { text: changed };
}

async function judge(mutation: Mutation, copy: string): Promise<Verdict> {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const made = mistaken(mutation, copy);
  if ('complaint' in made) return { mutation, complaint: made.complaint, seconds: seconds() };
  const place = join(copy, mutation.file);
  const original = readFileSync(place, 'utf8');
  let built = false;
  try {
    writeFileSync(place, made.text);
    const files = filesFor(mutation);
    if (files.length === 0) return { mutation, complaint: 'its words name no test', seconds: seconds() };
    for (const file of files) {
      if (usesExecutors(file) && !built) {
        built = true;
        const failure = await build(copy);
        if (failure) return { mutation, complaint: `its build: ${failure}`, seconds: seconds() };
      }
      const failure = await testFailure(copy, file);
      if (failure) return { mutation, caughtBy: `${file}${failure === limitExit ? ` (${failure})` : ''}`, seconds: seconds() };
    }
    return { mutation, seconds: seconds() };
  } finally {
    writeFileSync(place, original);
    if (built) await build(copy);
  }
}

/** Tests that fail anyway catch nothing: those that are named must pass on the tree as it is. */
async function failing(chosen: readonly Mutation[]): Promise<string[]> {
  const waiting = testFiles.filter((file) => chosen.some(({ tests }) => tests.some((word) => file.includes(word))));
  const bad: string[] = [];
  const worker = async (copy: string) => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const failure = await testFailure(copy, file);
      if (failure) bad.push(`${file}: ${failure}`);
    }
  };
  await Promise.all(folders.map(worker));
  return bad;
}

function row({ mutation, caughtBy, complaint, seconds }: Verdict): string {
  const what = complaint ? `NOT MADE  ${complaint}` : caughtBy ? `caught    ${caughtBy}` : 'SURVIVED';
  return `${what.padEnd(48)} ${seconds.toFixed(1).padStart(6)} s  ${mutation.file.replace('runtime/', '')}: ${mutation.mistake}`;
}

async function judgeAll(chosen: readonly Mutation[]): Promise<Verdict[]> {
  const waiting = [...chosen];
  const verdicts: Verdict[] = [];
  const worker = async (copy: string) => {
    for (let mutation = waiting.shift(); mutation; mutation = waiting.shift()) {
      const verdict = await judge(mutation, copy);
      console.log(row(verdict));
      verdicts.push(verdict);
    }
  };
  await Promise.all(folders.map(worker));
  return verdicts;
}

async function main(): Promise<void> {
  const words = process.argv.slice(2).filter((word) => word !== '--named');
  const matches = ({ file, mistake }: Mutation) => words.some((word) => `${file} ${mistake}`.includes(word));
  const chosen = mutations.filter((mutation) => words.length === 0 || matches(mutation));
  for (let n = Math.min(copies, chosen.length); n > 0; n--) copyTree();
  try {
    const bad = await failing(chosen);
    for (const line of bad) console.log(`fails without any mistake: ${line}`);
    const verdicts = bad.length > 0 ? [] : await judgeAll(chosen);
    const caught = verdicts.filter(({ caughtBy }) => caughtBy !== undefined).length;
    console.log(`${caught} of ${chosen.length} mistakes caught`);
    process.exitCode = caught === chosen.length && chosen.length > 0 ? 0 : 1;
  } finally {
    removeCopies();
  }
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(signal, () => {
    for (const child of running) endGroup(child);
    removeCopies();
    process.exit(code);
  });
}

main();
