// The files of the pages, read when the pages are first opened. The list is fixed: no request ever names a file.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { asError, MillraceError } from '../../runtime/base/errors';
import { pagesFolder } from '../base/program-path';

export interface Asset {
  readonly type: string;
  readonly body: Buffer;
}

const files = [
  { path: '/page.js', file: 'page.js', type: 'text/javascript; charset=utf-8' },
  { path: '/page.css', file: 'page.css', type: 'text/css; charset=utf-8' },
  { path: '/icon.svg', file: 'icon.svg', type: 'image/svg+xml' },
];

/** The addresses of all views. They get the same document; the page picks the view from the address. */
const views = /^\/(?:(?:datasets|executors|streams)|(?:jobs|stages)\/\d{1,15})?$/;

/** Returns a function that finds the file for the path of a request. Throws NO_PAGES when the pages were not built. */
export function readAssets(folder = pagesFolder()): (path: string) => Asset | undefined {
  try {
    const byPath = new Map(
      files.map(({ path: at, file, type }) => [at, { type, body: readFileSync(path.join(folder, file)) }] as const),
    );
    const html = { type: 'text/html; charset=utf-8', body: readFileSync(path.join(folder, 'index.html')) };
    return (at) => (views.test(at) ? html : byPath.get(at));
  } catch (thrown) {
    throw new MillraceError('NO_PAGES', { reason: asError(thrown).message });
  }
}
