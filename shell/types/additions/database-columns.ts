// The columns of the tables of databases that an entry reads, as the type of their rows: asked of the database while the table is typed.
import { spawnSync } from 'node:child_process';

/** A call that reads a table of a database whose URL and name stand in its text. */
export interface DatabaseCall {
  /** A URL, or a keyspace of Cassandra. */
  readonly url?: string;
  readonly keyspace?: string;
  readonly table: string;
  readonly options: Readonly<Record<string, unknown>>;
}

interface Known {
  readonly type: string | undefined;
  readonly until: number;
}

/** A check waits this long for a database, and asks again after these times. */
const waitMs = 3_000;
const knownMs = 60_000;
const failedMs = 15_000;
const mostKnown = 100;
const longestType = 100_000;

export class DatabaseColumns {
  readonly #program: string;
  readonly #known = new Map<string, Known>();

  /** `program` is the bundle that asks: the client of a database is loaded in a process of its own. */
  constructor(program: string) {
    this.#program = program;
  }

  /** The type of the rows that a call reads; undefined where it cannot be had. */
  typeOf(call: DatabaseCall, folder: string): string | undefined {
    const key = JSON.stringify([call, folder]);
    const known = this.#known.get(key);
    if (known && performance.now() < known.until) return known.type;
    const input = JSON.stringify(call);
    const { status, stdout } = spawnSync(process.execPath, [this.#program], {
      input,
      cwd: folder,
      timeout: waitMs,
      encoding: 'utf8',
    });
    const type = status === 0 && stdout.length > 0 && stdout.length <= longestType ? stdout : undefined;
    this.#known.delete(key);
    this.#known.set(key, { type, until: performance.now() + (type === undefined ? failedMs : knownMs) });
    const [oldest] = this.#known.keys();
    if (this.#known.size > mostKnown) this.#known.delete(oldest);
    return type;
  }
}
