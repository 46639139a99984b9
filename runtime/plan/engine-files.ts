// The boundary to file systems that an engine reads and writes by itself: Hadoop's, on Apache Spark.

/** What one task reads of a file, and the hosts that have it. */
export interface FilePart {
  readonly path: string;
  readonly start: number;
  readonly length: number;
  readonly hosts: readonly string[];
}

/** Files whose lines are read, cut into at least so many parts; or files that are read whole. */
export interface WantedFiles {
  readonly kind: 'lines' | 'files';
  readonly paths: readonly string[];
  readonly least: number;
}

/** A folder that a job writes, and a name of that writing. */
export interface WrittenFolder {
  readonly folder: string;
  readonly jobTag: string;
}

export interface EngineFiles {
  /** Whether a path is on such a file system. */
  has(path: string): boolean;
  /** The parts of files, while the thread waits. Throws UNREADABLE_FILE, NO_FILES. */
  listNow(wanted: WantedFiles): readonly FilePart[];
  /** The same while other work goes on. */
  list(wanted: WantedFiles): Promise<readonly FilePart[]>;
  /** Makes a folder; with `replaces` one beside that earlier save. Throws OUTPUT_EXISTS, DISK. */
  begin(written: WrittenFolder, replaces?: string): Promise<void>;
  /** What tasks have written is there from now on, in place of the save that it replaces. Throws DISK. */
  commit(written: WrittenFolder, replaces?: string): Promise<void>;
  /** Leaves nothing of the folder. Throws DISK. */
  abort(written: WrittenFolder): Promise<void>;
}
