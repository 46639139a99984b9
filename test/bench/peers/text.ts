// A text of lines of 100 bytes for comparisons: words with a spread as in languages, the same bytes for the same number of megabytes.
import { closeSync, openSync, writeSync } from 'node:fs';
import { Random } from '../../../runtime/base/time';

const vocabulary = 50_000;
const lineBytes = 100;
const linesAtATime = 20_000;

function wordsOf(random: Random): string[] {
  const letter = () => String.fromCharCode(97 + random.below(26));
  return Array.from({ length: vocabulary }, () => Array.from({ length: 3 + random.below(7) }, letter).join(''));
}

export function writeText(path: string, megabytes: number): void {
  const random = new Random(1);
  const words = wordsOf(random);
  // Rank r comes about 1/r as often as the first.
  const word = () => words[Math.min(vocabulary - 1, Math.floor(vocabulary ** random.next()) - 1)];
  const line = () => {
    let text = word();
    while (text.length < lineBytes - 1) text += ` ${word()}`;
    return text
      .slice(0, lineBytes - 1)
      .trimEnd()
      .padEnd(lineBytes - 1, 'x');
  };
  const fd = openSync(path, 'w');
  for (let left = megabytes * 10_000; left > 0; left -= linesAtATime)
    writeSync(fd, `${Array.from({ length: Math.min(left, linesAtATime) }, line).join('\n')}\n`);
  closeSync(fd);
}
