// What a project's tsconfig says of how its code runs: the meaning of import aliases, decorators and JSX.
import path from 'node:path';
import ts from 'typescript';
import { unlessUnreadable } from '../../base/files';
import { configOf } from './project-config';

/** Decorators and JSX mean another thing with other values of these. */
const meaning = [
  'experimentalDecorators',
  'emitDecoratorMetadata',
  'jsxFactory',
  'jsxFragmentFactory',
  'jsxImportSource',
] as const;

export type RunOptions = Pick<ts.CompilerOptions, (typeof meaning)[number] | 'jsx' | 'paths'>;

const known = new Map<string, RunOptions>();

/** The options for the code of a folder; those of a file that is no project's are empty. A tsconfig is read once. */
export function runOptionsOf(folder: string): RunOptions {
  const config = configOf(path.join(folder, 'x.ts'));
  if (config === undefined) return {};
  const before = known.get(config);
  if (before) return before;
  const { config: json = {} } = ts.readConfigFile(config, (name) => unlessUnreadable(() => ts.sys.readFile(name)));
  // Which files the project has does not matter here, and may take long to find.
  const host = { ...ts.sys, readDirectory: () => [] };
  const { options } = ts.parseJsonConfigFileContent(json, host, path.dirname(config), undefined, config);
  const chosen = Object.fromEntries(meaning.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])));
  const found: RunOptions = { ...chosen, ...jsxOf(options.jsx), ...pathsOf(options, path.dirname(config)) };
  known.set(config, found);
  return found;
}

/** A bundler would read what is preserved. */
function jsxOf(jsx: ts.JsxEmit | undefined): RunOptions {
  const runs = jsx === ts.JsxEmit.React || jsx === ts.JsxEmit.ReactJSX || jsx === ts.JsxEmit.ReactJSXDev;
  return { jsx: runs ? jsx : ts.JsxEmit.ReactJSX };
}

/** Aliases with absolute targets; a `baseUrl` is one for everything. */
function pathsOf({ paths, baseUrl, ...rest }: ts.CompilerOptions, folder: string): RunOptions {
  if (paths === undefined && baseUrl === undefined) return {};
  const base = baseUrl ?? (rest.pathsBasePath as string | undefined) ?? folder;
  const absolute = Object.entries(paths ?? {}).map(([name, targets]) => [
    name,
    targets.map((target) => path.resolve(base, target)),
  ]);
  return { paths: { ...(baseUrl === undefined ? {} : { '*': [`${baseUrl}/*`] }), ...Object.fromEntries(absolute) } };
}

const resolution: ts.CompilerOptions = {
  module: ts.ModuleKind.Preserve,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  allowImportingTsExtensions: true,
  resolveJsonModule: true,
};

/** The file that an alias in a module of the folder means; undefined for what is no alias. */
export function aliasedFile(specifier: string, folder: string): string | undefined {
  const { paths } = runOptionsOf(folder);
  if (paths === undefined || /^(?:[./]|node:|file:)/.test(specifier)) return undefined;
  const from = path.join(folder, 'x.ts');
  const { resolvedModule: found } = ts.resolveModuleName(specifier, from, { ...resolution, paths }, ts.sys);
  if (!found || found.resolvedFileName.includes('/node_modules/') || found.extension === ts.Extension.Dts) return undefined;
  return found.resolvedFileName;
}
