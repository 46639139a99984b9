// Parses emitted JavaScript: entries of the prompt as modules, the user's modules as CommonJS, and functions by their text.
import { type AnyNode, Parser } from 'acorn';

export type Program = AnyNode & { type: 'Program' };

/** An entry may export a name of an earlier entry, which its own text does not declare. */
const EntryParser = Parser.extend(
  (base) =>
    class extends base {
      checkLocalExport(): void {}
    } as typeof Parser,
);

/** Parses an entry: imports, exports and `await` at the top level. Throws acorn's SyntaxError, as the others do. */
export function parseEntry(js: string): Program {
  return EntryParser.parse(js, { ecmaVersion: 'latest', sourceType: 'module', allowAwaitOutsideFunction: true }) as Program;
}

/** Parses a module that was compiled to CommonJS; the compiler leaves `import.meta` in it. */
export function parseCommonJs(js: string): Program {
  return Parser.parse(js, {
    ecmaVersion: 'latest',
    sourceType: 'script',
    allowReturnOutsideFunction: true,
    allowImportExportEverywhere: true,
    allowHashBang: true,
  }) as Program;
}

export function parseScript(js: string): Program {
  return Parser.parse(js, { ecmaVersion: 'latest', sourceType: 'script' }) as Program;
}
