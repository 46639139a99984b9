// `--watch`: notices when a script or one of the local modules that it imports changes.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { statOf } from '../base/files';
import { typeScriptSuffixes } from '../evaluate/compile-modules';

const everyMs = 200;
const suffixes = ['', ...typeScriptSuffixes, '.js', '.mjs', '.cjs', '.json'];
/** At most this many files are watched. */
const maxFiles = 1_000;

/** The specifiers of relative imports; those in comments do no harm. */
const relative = /(?:\bfrom|\bimport|\brequire)\s*\(?\s*(["'])(\.{1,2}\/[^"'\n]*)\1/g;

/** A script and all that it imports by relative paths. */
function watchedFiles(script: string): string[] {
  const files = new Set([script]);
  for (const file of files) {
    if (files.size >= maxFiles) break;
    for (const [, , specifier] of read(file).matchAll(relative)) {
      const found = moduleFile(path.resolve(path.dirname(file), specifier));
      if (found) files.add(found);
    }
  }
  return [...files];
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function moduleFile(base: string): string | undefined {
  const script = base.replace(/\.([mc]?)js$/, '.$1ts');
  const candidates = [script, ...suffixes.flatMap((suffix) => [base + suffix, path.join(base, `index${suffix}`)])];
  return candidates.find((file) => statOf(file)?.isFile());
}

const signatureOf = (file: string): string => {
  const stat = statOf(file);
  return stat ? `${stat.mtimeMs}:${stat.size}:${stat.ino}` : 'missing';
};

/** Watches a script's files from now on. */
export class Watch {
  readonly #script: string;
  #signatures = new Map<string, string>();

  constructor(script: string) {
    this.#script = script;
    this.remember();
  }

  /** The files as they are now count as unchanged. */
  remember(): void {
    this.#signatures = new Map(watchedFiles(this.#script).map((file) => [file, signatureOf(file)]));
  }

  /** The first file that has changed, or changes next. A missing file is no change: an editor may be replacing it. */
  async change(signal: AbortSignal): Promise<string | undefined> {
    while (!signal.aborted) {
      const changed = [...this.#signatures].find(([file, signature]) => {
        const now = signatureOf(file);
        return now !== signature && now !== 'missing';
      });
      if (changed) return changed[0];
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
    return undefined;
  }
}
