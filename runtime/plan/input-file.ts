// The user's input files as plain data: what a partition of a text dataset reads, and files that are read whole.
import type { FileVersion } from './file-version';
import type { TextForm } from './input-form';

/** One partition of a text file. `end` is not read beyond the line that started before it. */
export interface TextRange {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  /** What is not plain is read from its start to its end. */
  readonly form: TextForm;
  /** What the file was when it was cut; left out for the engine's own files. */
  readonly version?: FileVersion;
  /** The engine reads it: tasks ask for its lines. */
  readonly byEngine?: boolean;
}

/** A file that is read whole. */
export interface InputFile {
  readonly path: string;
  /** The user's path, where `path` is a copy of what can be read only once. */
  readonly name?: string;
  readonly form: TextForm;
  /** What the file was when it was chosen; left out for the engine's own files. */
  readonly version?: FileVersion;
  /** The engine reads it: tasks ask for its bytes. */
  readonly byEngine?: boolean;
}
