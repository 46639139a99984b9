// The pictures of the README: each file with the text that it must have.
import { readDocument } from '../helpers/sources';
import { type Comparison, chartSvg } from './chart-svg';
import { terminalSvg } from './terminal-svg';

export const sessionFile = 'docs/pictures/session.ansi';

export const comparison = (): Comparison => JSON.parse(readDocument('docs/pictures/against-spark.json'));

/** Each picture by its path from the root. */
export const pictures: Readonly<Record<string, () => string>> = {
  'docs/pictures/session.svg': () =>
    terminalSvg(
      readDocument(sessionFile),
      'millrace',
      'A session at the prompt: a log is filtered and counted, an error shows its line, a script is loaded, and a stream is watched live',
    ),
  'docs/pictures/against-spark.svg': () => chartSvg(comparison()),
};
