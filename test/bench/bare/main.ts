// What two bare processes of Node need for the works of the comparison, one JSON line a work: `main.ts DATA RUNS [work ...]`.
import { typescript } from '../../helpers/preload';
import { numberWorks } from './numbers';
import { Pair, servePartner } from './pair';
import { pairWorks } from './pairs';
import { textWorks } from './text';

const works = [...textWorks, ...numberWorks, ...pairWorks];

async function main([data, runs, ...names]: readonly string[]): Promise<void> {
  const pair = new Pair(works, __filename, typescript);
  try {
    for (const work of works) {
      if (names.length > 0 && !names.includes(work.name)) continue;
      await pair.prepare(work, data);
      let best = Number.POSITIVE_INFINITY;
      let result = 0;
      for (let run = 0; run < Number(runs); run++) {
        const started = performance.now();
        result = await pair.run(work, data);
        best = Math.min(best, (performance.now() - started) / 1000);
      }
      // The one over batches answers the median of them.
      const isTimed = work.name === 'stream-wordcount';
      const seconds = isTimed ? result : best;
      process.stdout.write(
        `${JSON.stringify({ work: work.name, seconds: Number(seconds.toFixed(4)), ...(!isTimed && { result }) })}\n`,
      );
    }
  } finally {
    pair.end();
  }
}

if (process.send) servePartner(works);
else void main(process.argv.slice(2));
