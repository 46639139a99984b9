// Compiles the user's local TypeScript modules with ts-node at their first import, and instruments the JavaScript.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { TSError } from 'ts-node';
import { instrument } from '../../runtime/closure/instrument/instrument';
import { packageRoot } from '../base/package-root';

export interface TypeScriptOptions {
  /** The user's folder. */
  readonly folder: string;
  /** Called for each compiled module: its path, its JavaScript before instrumentation, and the source map of that, as JSON. */
  readonly onCompiled: (file: string, js: string, map: string | undefined) => void;
}

type Extension = (module: NodeModule & { _compile(code: string, file: string): void }, file: string) => void;

/** Suffixes of TypeScript modules, in search order. */
export const typeScriptSuffixes = ['.ts', '.tsx', '.mts', '.cts'] as const;

/** Names that Node's wrapper around a CommonJS module declares. */
const moduleParameters = ['exports', 'require', 'module', '__filename', '__dirname'];

/** Folders of the package that hold Millrace's own TypeScript, when it runs from source. */
const ownFolders = ['runtime', 'cluster', 'shell', 'test'];

/**
 * Teaches `require` to load the user's TypeScript. Modules are compiled like entries, as modern JavaScript, but to CommonJS, so that they
 * can be loaded again after an edit. Of their tsconfig only aliases, decorators and JSX count.
 */
export function registerTypeScript({ folder, onCompiled }: TypeScriptOptions): void {
  const compile = compilerFor(folder);
  const extensions = require.extensions as unknown as Record<string, Extension | undefined>;
  for (const suffix of typeScriptSuffixes) {
    const before = extensions[suffix];
    extensions[suffix] = (module, file) => {
      if (before && !isUsers(file)) return before(module, file);
      const { js, map } = split(compile(readFileSync(file, 'utf8'), file));
      onCompiled(file, js, map);
      module._compile(instrument(js, file, { params: moduleParameters, map }).code, file);
    };
  }
}

/** ts-node's compiler. Loading it takes a third of a second, so it is left until it is needed. */
function compilerFor(folder: string): (code: string, file: string) => string {
  const { runOptionsOf, aliasedFile }: typeof import('../types/modules/run-options') = require('../types/modules/run-options');
  const services = new Map<string, ReturnType<typeof serviceFor>>();
  const serviceOf = (file: string) => {
    const { paths, jsx, ...options } = runOptionsOf(path.dirname(file));
    const chosen = { ...options, jsx: jsxNames[jsx ?? 0] ?? 'react-jsx' };
    const key = JSON.stringify(chosen);
    if (!services.has(key)) services.set(key, serviceFor(folder, chosen));
    return services.get(key)!;
  };
  return (code, file) => {
    try {
      const compiled = serviceOf(file).compile(code, file);
      return compiled.replace(required, (call, quote: string, specifier: string) => {
        const target = aliasedFile(specifier, path.dirname(file));
        return target === undefined ? call : `require(${quote}${target}${quote})`;
      });
    } catch (error) {
      throw syntaxErrorOf(error as Partial<TSError>, code, file) ?? error;
    }
  };
}

/** What imports are compiled to. */
const required = /\brequire\((["'])([^"'\\\n]+)\1\)/g;

/** By their numbers in the compiler. */
const jsxNames: Readonly<Record<number, string>> = { 2: 'react', 4: 'react-jsx', 5: 'react-jsxdev' };

function serviceFor(folder: string, options: object) {
  const { create }: typeof import('ts-node') = require('ts-node');
  const formatter = Error.prepareStackTrace;
  const service = create({
    cwd: folder,
    // The user's folder may hold another TypeScript, or none.
    compiler: createRequire(path.join(packageRoot(), 'package.json')).resolve('typescript'),
    transpileOnly: true,
    skipProject: true,
    compilerOptions: {
      module: 'commonjs',
      moduleResolution: 'bundler',
      target: 'es2022',
      esModuleInterop: true,
      sourceMap: true,
      resolveJsonModule: true,
      ...options,
    },
  });
  // ts-node installs a stack formatter that ignores our instrumentation; restore ours.
  Error.prepareStackTrace = formatter;
  return service;
}

/** The compiler's first diagnostic, as an error at its place in the module. */
function syntaxErrorOf({ diagnostics }: Partial<TSError>, code: string, file: string): SyntaxError | undefined {
  const found = diagnostics?.[0];
  if (!found) return undefined;
  const { messageText } = found;
  const error = new SyntaxError(typeof messageText === 'string' ? messageText : messageText.messageText);
  const before = code.slice(0, found.start ?? 0).split('\n');
  error.stack = `${error}\n    at ${file}:${before.length}:${before[before.length - 1].length + 1}`;
  return error;
}

function isUsers(file: string): boolean {
  if (file.includes(`${path.sep}node_modules${path.sep}`)) return false;
  const root = packageRoot();
  return !ownFolders.some((own) => file.startsWith(path.join(root, own) + path.sep));
}

const inlineMap = /\n?\/\/# sourceMappingURL=data:application\/json[^,]*;base64,([A-Za-z0-9+/=]+)\s*$/;

function split(output: string): { js: string; map: string | undefined } {
  const found = inlineMap.exec(output);
  if (!found) return { js: output, map: undefined };
  return { js: `${output.slice(0, found.index)}\n`, map: Buffer.from(found[1], 'base64').toString('utf8') };
}
