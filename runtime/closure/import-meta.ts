// What `import.meta` is in an entry, in the user's modules, and in a closure on an executor: the same for each file.
import { createRequire, isBuiltin } from 'node:module';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';

/** As in Node, `main` too, which later versions of Node have. */
interface Meta {
  readonly url: string;
  readonly filename: string;
  readonly dirname: string;
  readonly main: boolean;
  resolve(specifier: string): string;
}

const known = new Map<string, Meta>();

/** The `import.meta` of a file. The file need not exist: an entry has one in the user's folder. */
export function metaOf(filename: string): Meta {
  let meta = known.get(filename);
  if (!meta) {
    meta = makeMeta(filename);
    known.set(filename, meta);
  }
  return meta;
}

function makeMeta(filename: string): Meta {
  const require = createRequire(filename);
  const resolve = (specifier: string): string => {
    if (/^(?:file|data|node|https?):/.test(specifier)) return specifier;
    if (isBuiltin(specifier)) return `node:${specifier}`;
    if (/^(?:\.{0,2}\/|\.{1,2}$)/.test(specifier)) return new URL(specifier, pathToFileURL(filename)).href;
    return pathToFileURL(require.resolve(specifier)).href;
  };
  return Object.assign(Object.create(null) as object, {
    dirname: dirname(filename),
    filename,
    main: filename === process.argv[1],
    resolve,
    url: pathToFileURL(filename).href,
  });
}
