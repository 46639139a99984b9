// Runs a bundle with the code that V8 compiled of it in an earlier process: half of the time of a start went into compiling.
import { isAscii } from 'node:buffer';
import fs from 'node:fs';
import { createRequire, wrap } from 'node:module';
import path from 'node:path';
import v8 from 'node:v8';
import vm from 'node:vm';

/** By then a process has called most of the functions that its start needs, and V8 has compiled them. */
const settledMs = 1_000;

type Wrapped = (exports: unknown, require: NodeRequire, module: NodeModule, filename: string, dirname: string) => void;

/**
 * Runs `code/<name>` beside the program that `main` is, as if its text stood in that program: the other programs are in its `__dirname`,
 * frames of stacks have its own file. What V8 compiled of it is kept beside it
 * as `<name>.<size>.<times>.<tag>.cache`: the tag stands for the version and the flags of V8, which refuses what it did not write
 * itself. Where the folder cannot be written, each process compiles for itself. The text must not use `import()` of its own.
 */
export function runCompiled(main: NodeModule, name: string): void {
  const file = path.join(path.dirname(main.filename), 'code', name);
  const { size, mtimeMs, ctimeMs } = fs.statSync(file);
  const bytes = fs.readFileSync(file);
  const cache = `${file}.${size}.${mtimeMs}.${ctimeMs}.${v8.cachedDataVersionTag().toString(16)}.cache`;
  const cachedData = unlessMissing(cache);
  const script = new vm.Script(wrap(bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8')), { filename: file, cachedData });
  if (cachedData === undefined || script.cachedDataRejected) keepLater(script, cache);
  const folder = path.dirname(main.filename);
  (script.runInThisContext() as Wrapped).call(main.exports, main.exports, createRequire(file), main, file, folder);
}

function unlessMissing(file: string): Buffer | undefined {
  try {
    return fs.readFileSync(file);
  } catch {
    return undefined;
  }
}

/** Keeps the compiled code when the process has settled, or at its end if that comes before. */
function keepLater(script: vm.Script, cache: string): void {
  const keep = () => {
    clearTimeout(timer);
    process.removeListener('exit', keep);
    const unfinished = `${cache}.${process.pid}`;
    try {
      fs.accessSync(path.dirname(cache), fs.constants.W_OK);
      fs.writeFileSync(unfinished, script.createCachedData(), { flush: true });
      fs.renameSync(unfinished, cache);
    } catch {
      // The next process compiles again; on a full disk a part may be there.
      fs.rmSync(unfinished, { force: true });
    }
  };
  const timer = setTimeout(keep, settledMs);
  timer.unref();
  process.once('exit', keep);
}
