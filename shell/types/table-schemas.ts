// The columns of the files that an entry reads, as the type of their rows: looked up while the path is typed.
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { partsOfList } from '../../runtime/base/paths';
import { isTextTable, type TableReader } from '../../runtime/formats/file-formats';
import { inspectTable } from '../../runtime/formats/inspect';
import { checkReaderOptions } from '../../runtime/formats/options';
import { filesNow } from '../../runtime/rdd/inputs/known-files';
import { rowType } from '../../runtime/schema/schema-text';

/** A call that reads a table from paths that stand in its text. */
export interface TableCall {
  readonly reader: TableReader;
  readonly paths: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

interface Known {
  readonly type: string | undefined;
  /** The files, as they were when they were looked at. */
  readonly stamp: string;
}

/** Answers that are remembered: one for each path of a long session. */
const mostKnown = 100;

/** Characters of a row's type: the type of a wider table would slow down every check. */
const longestType = 100_000;

/** A whole file is looked at for types only where that takes no time to speak of. */
const mostWholeBytes = 16 << 20;

export class TableSchemas {
  readonly #known = new Map<string, Known>();

  /** The type of the rows that a call reads, in the user's folder; undefined where there is no such table. */
  typeOf(call: TableCall, folder: string): string | undefined {
    const key = JSON.stringify([call, folder]);
    const paths = call.paths.flatMap((text) => absolutePaths(text, folder));
    try {
      const files = filesNow(paths, isTextTable(call.reader));
      const stamp = files.map(({ path, version }) => `${path}:${version.size}:${version.mtimeMs}:${version.ino}`).join();
      const known = this.#known.get(key);
      if (known?.stamp === stamp) return known.type;
      const size = files.reduce((sum, { version }) => sum + version.size, 0);
      if (call.options.sample === 'all' && size > mostWholeBytes) return undefined;
      const { spec } = inspectTable(call.reader, files, checkReaderOptions(call.reader, call.options));
      const type = rowType(spec.schema);
      this.#remember(key, { type: type.length > longestType ? undefined : type, stamp });
      return this.#known.get(key)!.type;
    } catch {
      // What is wrong with the files is reported when they are read, with the line that reads them.
      return undefined;
    }
  }

  #remember(key: string, known: Known): void {
    this.#known.delete(key);
    this.#known.set(key, known);
    const [oldest] = this.#known.keys();
    if (this.#known.size > mostKnown) this.#known.delete(oldest);
  }
}

/** The service runs in another folder than the user. */
function absolutePaths(text: string, folder: string): string[] {
  const absolute = (one: string) => (/^(?:~|file:)/.test(one) ? one : path.resolve(folder, one));
  if (existsSync(absolute(text))) return isFileOrFolder(absolute(text)) ? [absolute(text)] : [];
  return partsOfList(text).map((part) => absolute(part.trim()));
}

/** A pipe can be read once: it is the dataset's. */
function isFileOrFolder(file: string): boolean {
  const stats = statSync(file);
  return stats.isFile() || stats.isDirectory();
}
