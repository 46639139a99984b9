// A prompt of few words for the closure tests: each input is TypeScript, and its top-level names live under versioned names.
import vm from 'node:vm';
import type { AnyNode } from 'acorn';
import ts from 'typescript';
import { analyze, Edits, instrument } from '../../../../runtime/closure';
import { compilerOptions } from './harness';

let versions = 0;

export class Prompt {
  readonly #names = new Map<string, string>();
  readonly #constants = new Set<string>();
  #inputs = 0;

  /** Runs an input and answers the value of its last expression statement. */
  run(text: string): unknown {
    const label = `<input ${++this.#inputs}>`;
    const esnext = { ...compilerOptions, module: ts.ModuleKind.ESNext };
    const output = ts.transpileModule(text, { compilerOptions: esnext, fileName: label });
    const js = output.outputText.replace(/\/\/# sourceMappingURL=.*\s*$/, '');
    const analysis = analyze(js, { topLevelAwait: true });
    for (const [name, { kind }] of analysis.root.bindings) {
      this.#names.set(name, `${name}$${++versions}`);
      if (kind === 'const') this.#constants.add(name);
      else this.#constants.delete(name);
    }
    const rename = (name: string) => this.#names.get(name);
    const edits = new Edits();
    edits.insertLeft(0, '"use strict";');
    for (const statement of analysis.program.body as AnyNode[]) this.#declare(statement, edits);
    const isConstant = (name: string) => this.#constants.has(name);
    const options = { topLevelAwait: true, analysis, edits, rename, isConstant, map: output.sourceMapText ?? '' };
    const { code } = instrument(js, label, options);
    return vm.runInThisContext(code, { filename: label });
  }

  #declare(statement: AnyNode, edits: Edits): void {
    if (statement.type !== 'FunctionDeclaration' && statement.type !== 'ClassDeclaration') return;
    edits.wrap(statement.start, statement.end, `var ${this.#names.get(statement.id?.name ?? '')}=`, ';');
    if (statement.type === 'FunctionDeclaration') edits.move(statement.start, statement.end, 0);
  }
}
