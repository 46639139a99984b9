// What `millrace init` writes: a tsconfig and a declaration file, by which an editor reads scripts as Millrace does.

/** Where the declarations of Millrace are for a folder: a package among its own, or files of this installation. */
export type Declarations = { readonly kind: 'package' } | { readonly kind: 'files'; readonly folder: string };

/** The options that decide whether an editor reads a script rightly: modern modules, each file for itself, an `await` at the top. */
export const scriptOptions = {
  target: 'ES2023',
  module: 'ESNext',
  moduleResolution: 'Bundler',
  moduleDetection: 'force',
} as const;

/** As strict as Millrace itself is with a script. */
const strictness = {
  strict: true,
  noImplicitAny: false,
  noImplicitThis: false,
  strictPropertyInitialization: false,
  useUnknownInCatchVariables: false,
};

const loading = {
  lib: ['ES2023', 'ESNext.Disposable'],
  esModuleInterop: true,
  resolveJsonModule: true,
  allowImportingTsExtensions: true,
  noEmit: true,
  skipLibCheck: true,
};

/** Where imports find the API if the folder has no package of it. */
export function apiPaths(declarations: Declarations): Record<string, string[]> | undefined {
  if (declarations.kind === 'package') return undefined;
  const { folder } = declarations;
  return { millrace: [`${folder}/index.d.ts`], 'millrace/models': [`${folder}/models.d.ts`] };
}

export function tsconfigText(declarations: Declarations): string {
  const paths = apiPaths(declarations);
  const compilerOptions = { ...scriptOptions, ...loading, ...strictness, ...(paths && { paths }) };
  return `${JSON.stringify({ compilerOptions, exclude: ['node_modules'] }, undefined, 2)}\n`;
}

export function namesText(declarations: Declarations): string {
  const reference =
    declarations.kind === 'package'
      ? '/// <reference types="millrace/globals" />'
      : `/// <reference path=${JSON.stringify(`${declarations.folder}/globals.d.ts`)} />`;
  return ['// Written by `millrace init`: the names that every script has, such as sc, stream and args.', reference, ''].join(
    '\n',
  );
}
