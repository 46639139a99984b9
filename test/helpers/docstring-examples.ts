// The examples of docstrings, each with the member it belongs to, and how they are run: as at the prompt.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import vm from 'node:vm';
import { globSync } from 'tinyglobby';
import ts from 'typescript';
import { connect } from '../../cluster/connect';
import { instrument } from '../../runtime/closure';
import * as api from '../../runtime/index';
import * as models from '../../runtime/models';

const runtime = join(__dirname, '..', '..', 'runtime');

export interface Example {
  readonly file: string;
  /** `RDD.map`, or `connect` for what stands alone. */
  readonly member: string;
  readonly code: string;
  /** What stands behind the last `//`. */
  readonly comment?: string;
}

/** Examples in the docstrings of a file of `runtime/`. */
function examplesOf(path: string): Example[] {
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2023, true);
  const found: Example[] = [];
  const visit = (node: ts.Node, owner: string): void => {
    const name = (node as ts.NamedDeclaration).name?.getText() ?? (ts.isVariableStatement(node) ? nameOf(node) : undefined);
    for (const doc of (node as { jsDoc?: ts.JSDoc[] }).jsDoc ?? [])
      for (const [, line] of `${doc.getText()}\n`.matchAll(/@example ([^\n]+?)(?: \*\/)?\n/g)) {
        const [code, comment] = line.split(/ \/\/ (?=[[\d'"A-Z{-])/);
        found.push({ file: basename(path), member: owner ? `${owner}.${name}` : String(name), code, comment });
      }
    const isOwner = ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node);
    node.forEachChild((child) => visit(child, isOwner ? String(name) : owner));
  };
  visit(file, '');
  return found;
}

const nameOf = (node: ts.VariableStatement) => node.declarationList.declarations[0].name.getText();

/** All of the engine's docstrings. */
export const docstringExamples = (): Example[] =>
  globSync('**/*.ts', { cwd: runtime, absolute: true }).sort().flatMap(examplesOf);

/** The value that the comment of an example says, if it says one. */
export function valueOf({ comment }: Example): { readonly value: unknown } | undefined {
  if (comment === undefined || !/^([[\d'"{-]|Map )/.test(comment)) return undefined;
  // `Map { 'a' => 2 }` as the printer shows it, else an expression.
  const map = /^Map \{ (.*) \}$/.exec(comment);
  const text = map ? `new Map([${map[1].replace(/('[^']*'|\S+) => ([^,]+)/g, '[$1, $2]')}])` : `(${comment})`;
  return { value: vm.runInThisContext(text) };
}

/** Runs examples on a context as at the prompt: compiled, instrumented, and with the names that are there. */
export function exampleRunner(sc: api.Context): (example: Example) => Promise<unknown> {
  return async (example) => {
    const { code } = example;
    const text = `(async () => { ${valueOf(example) ? `return (${code});` : code.replace(/ \/\/ .*/, '')} })()`;
    const { outputText } = ts.transpileModule(text, { compilerOptions: { target: ts.ScriptTarget.ES2022 } });
    const names = { sc, words: sc.parallelize(['a', 'fig']), check: new api.StreamCheck(sc), ...api, ...models, connect };
    const body = outputText.trim().replace('"use strict";', '').trim();
    const wrapped = `(function (${Object.keys(names).join(', ')}) { 'use strict'; return ${body} })`;
    return vm.runInThisContext(instrument(wrapped, 'example.js', {}).code)(...Object.values(names));
  };
}

/** Maps in the order of their keys. */
export const plain = (value: unknown): unknown => (value instanceof Map ? [...value].sort() : value);
