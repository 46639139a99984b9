// The other process of the closure tests: revives what it is sent, calls it, and answers.
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import ts from 'typescript';
import { shippedModuleText } from '../../../../runtime/closure/instrument/module-text';
import { mapFrame } from '../../../../runtime/closure/position';
import { revive } from '../../../../runtime/closure/revive/revive';
import type { CapturedClosure } from '../../../../runtime/plan/payload';

// User modules are loaded plain here, with their classes opened: nothing that runs on an executor is instrumented.
const usual = require.extensions['.ts'] as NonNullable<(typeof require.extensions)['.ts']>;
require.extensions['.ts'] = (module, file) => {
  if (!file.includes('closure-cases')) return usual(module, file);
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS, esModuleInterop: true };
  const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions, fileName: file });
  (module as unknown as { _compile(code: string, file: string): void })._compile(shippedModuleText(outputText), file);
};

interface Request {
  readonly id: number;
  readonly closure: CapturedClosure;
  readonly bulk: readonly { id: string; value: unknown }[];
  readonly args: readonly unknown[];
}

process.on('message', async ({ id, closure, bulk, args }: Request) => {
  const values = new Map(bulk.map((b) => [b.id, b.value]));
  const f = () =>
    revive(closure, {
      reference: (reference) => ({ revivedReference: reference.id }),
      bulk: (bulkId) => values.get(bulkId),
      loadModule: (path) => require(path),
    });
  try {
    const result = await f()(...args);
    process.send?.({ id, answer: { ok: true, shown: inspect(result, { depth: 9 }) } });
  } catch (error) {
    const { stack = '', message = '' } = error as Error;
    process.send?.({ id, answer: { ok: false, error: `${stack || message}`, frames: framesOf(stack) } });
  }
});

function framesOf(stack: string): string[] {
  const frames = [...stack.matchAll(/^\s+at (?:.*? \()?(.+?):(\d+):(\d+)\)?$/gm)];
  return frames.map(([, file, line, column]) => {
    const place = mapFrame(file, Number(line), Number(column));
    return `${place.file}:${place.line}:${place.column}`;
  });
}
