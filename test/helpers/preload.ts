// Arguments of Node that let it run the TypeScript of this repository.
import path from 'node:path';

/** Compiles each file once (see compile-once.js). */
export const typescript: readonly string[] = ['-r', path.join(__dirname, 'compile-once.js')];

/** Also instruments test files, as the shell does the user's text. */
export const instrumented: readonly string[] = [...typescript, '-r', path.join(__dirname, 'instrument.ts')];
