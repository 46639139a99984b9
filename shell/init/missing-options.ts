// What a tsconfig lacks for an editor to read scripts rightly, by the options that TypeScript makes of it.
import path from 'node:path';
import ts from 'typescript';
import { namesFile } from '../types/modules/project-config';
import { apiPaths, type Declarations, scriptOptions } from './project-files';

export interface Missing {
  /** Options to add or to change, with their values. */
  readonly options: readonly (readonly [name: string, value: unknown])[];
  /** Whether the project has the file that declares the names. */
  readonly isIncluded: boolean;
}

type Fits = (options: ts.CompilerOptions, folder: string) => boolean;

/** Modules whose files may await at their top. */
const awaiting = new Set<ts.ModuleKind>([ts.ModuleKind.ES2022, ts.ModuleKind.ESNext, ts.ModuleKind.Preserve]);

const fits: Readonly<Record<keyof typeof scriptOptions, Fits>> = {
  target: ({ target }) => target === undefined || target >= ts.ScriptTarget.ES2022,
  module: (options, folder) => awaiting.has(moduleOf(options)) || isNodeModule(options, folder),
  moduleResolution: (options) => {
    const kind = options.moduleResolution;
    return kind === undefined ? moduleOf(options) !== ts.ModuleKind.CommonJS : kind >= ts.ModuleResolutionKind.Node16;
  },
  moduleDetection: ({ moduleDetection }) => moduleDetection === ts.ModuleDetectionKind.Force,
};

const moduleOf = ({ module, target }: ts.CompilerOptions): ts.ModuleKind =>
  module ?? (target === undefined || target >= ts.ScriptTarget.ES2015 ? ts.ModuleKind.ESNext : ts.ModuleKind.CommonJS);

/** With Node's own kinds, the folder's package.json decides what a file is. */
function isNodeModule(options: ts.CompilerOptions, folder: string): boolean {
  const kind = moduleOf(options);
  if (kind < ts.ModuleKind.Node16 || kind > ts.ModuleKind.NodeNext) return false;
  return ts.getImpliedNodeFormatForFile(path.join(folder, 'script.ts'), undefined, ts.sys, options) === ts.ModuleKind.ESNext;
}

export function missingOptions(config: string, declarations: Declarations): Missing {
  const folder = path.dirname(config);
  const { config: json = {} } = ts.readConfigFile(config, ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent(json, ts.sys, folder, undefined, config);
  const missing = Object.entries(scriptOptions).filter(([name]) => !fits[name as keyof typeof scriptOptions](options, folder));
  const paths = apiPaths(declarations);
  const hasPaths = Object.keys(paths ?? {}).every((name) => options.paths?.[name] !== undefined);
  return {
    options: hasPaths ? missing : [...missing, ['paths', { ...options.paths, ...paths }]],
    isIncluded: fileNames.includes(path.join(folder, namesFile)),
  };
}
