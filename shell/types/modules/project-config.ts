// How a project checks its own modules: the options of its tsconfig that say what is right, without those that say how it is built.
import path from 'node:path';
import ts from 'typescript';
import { statOf, unlessUnreadable } from '../../base/files';

/** The file of a project that declares the names of scripts (`millrace init` writes it): its modules do not have them. */
export const namesFile = 'millrace.d.ts';

export interface ProjectConfig {
  readonly options: ts.CompilerOptions;
  /** Declarations that hold for all modules of the project. */
  readonly ambient: readonly string[];
}

/** The nearest tsconfig of a file; undefined if there is none. */
export function configOf(file: string): string | undefined {
  const config = ts.findConfigFile(path.dirname(file), (name) => statOf(name)?.isFile() ?? false);
  return config?.includes('/node_modules/') ? undefined : config;
}

/** Reads the configuration of a module's project. `typeRoot` has the types of Node, for a project that has none. */
export function readProject(config: string, file: string, typeRoot: string): ProjectConfig {
  const { options, fileNames } = parsedConfig(config, file);
  const folders = options.typeRoots ?? typeFoldersAbove(path.dirname(config));
  return {
    options: {
      ...options,
      ...notOurs,
      // What was the default before TypeScript 6 stays it: a project says so if it wants more.
      strict: options.strict ?? false,
      lib: options.lib,
      jsx: options.jsx ?? ts.JsxEmit.Preserve,
      target: Math.max(options.target ?? 0, ts.ScriptTarget.ES2022),
      types: [...(options.types ?? folders.flatMap(packagesIn)), 'node'],
      typeRoots: [...folders, typeRoot],
    },
    ambient: fileNames.filter((name) => name.endsWith('.d.ts') && path.basename(name) !== namesFile),
  };
}

/** Millrace loads modules in its own way; how a project is built, and what is only untidy, is no error of a script. */
const notOurs: ts.CompilerOptions = {
  module: ts.ModuleKind.Preserve,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  moduleDetection: ts.ModuleDetectionKind.Force,
  allowImportingTsExtensions: true,
  allowUnreachableCode: true,
  allowUnusedLabels: true,
  checkJs: false,
  composite: false,
  declaration: false,
  erasableSyntaxOnly: false,
  esModuleInterop: true,
  incremental: false,
  isolatedDeclarations: false,
  isolatedModules: false,
  noEmit: true,
  noImplicitOverride: false,
  noUncheckedSideEffectImports: false,
  noUnusedLocals: false,
  noUnusedParameters: false,
  resolveJsonModule: true,
  rootDir: undefined,
  skipLibCheck: true,
  verbatimModuleSyntax: false,
};

/** A configuration that only refers to others stands for the one that has the file. */
function parsedConfig(config: string, file: string): ts.ParsedCommandLine {
  const parsed = parse(config);
  const references = parsed.fileNames.length === 0 ? (parsed.projectReferences ?? []) : [];
  const others = references.map((reference) => parse(ts.resolveProjectReferencePath(reference)));
  return others.find(({ fileNames }) => fileNames.includes(file)) ?? others[0] ?? parsed;
}

function parse(config: string): ts.ParsedCommandLine {
  const { config: json = {} } = ts.readConfigFile(config, (name) => unlessUnreadable(() => ts.sys.readFile(name)));
  return ts.parseJsonConfigFileContent(json, ts.sys, path.dirname(config), undefined, config);
}

/** The folders of type packages from a folder upwards. */
function typeFoldersAbove(folder: string): string[] {
  const own = path.join(folder, 'node_modules', '@types');
  const above = path.dirname(folder);
  const found = statOf(own)?.isDirectory() ? [own] : [];
  return above === folder ? found : [...found, ...typeFoldersAbove(above)];
}

function packagesIn(folder: string): string[] {
  return (unlessUnreadable(() => ts.sys.getDirectories(folder)) ?? []).filter((name) => !name.startsWith('.'));
}
