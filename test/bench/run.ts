// `npm run bench -- --data FILE [--master M] [work ...]`: one JSON line a work, the best of three warm runs; figures by their names.
import { parseArgs } from 'node:util';
import { connect } from '../../cluster/connect';
import { figures, measureFigure } from './figures';
import { streamWorks } from './stream-works';
import { works as batchWorks, type Measured } from './works';

const works = [...batchWorks, ...streamWorks];

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      data: { type: 'string' },
      runs: { type: 'string', default: '3' },
      master: { type: 'string', default: 'local[2]' },
    },
    allowPositionals: true,
  });
  if (!values.data) throw new Error('usage: npm run bench -- --data FILE [--master M] [work ...]');
  const isKnown = (name: string) => works.some((w) => w.name === name) || figures.some((f) => f.name === name);
  const unknown = positionals.filter((name) => !isKnown(name));
  if (unknown.length > 0) process.stderr.write(`not measured here: ${unknown.join(', ')}\n`);
  for (const figure of figures) {
    if (!positionals.includes(figure.name)) continue;
    process.stdout.write(`${JSON.stringify({ work: figure.name, ...(await measureFigure(figure)) })}\n`);
  }
  if (positionals.length > 0 && !works.some(({ name }) => positionals.includes(name))) return;
  const sc = await connect(values.master);
  try {
    for (const { name, prepare } of works) {
      if (positionals.length > 0 && !positionals.includes(name)) continue;
      const { run, end } = await prepare(sc, values.data);
      let best = Number.POSITIVE_INFINITY;
      let result = 0;
      let measured: Measured | undefined;
      for (let i = 0; i < Number(values.runs); i++) {
        const started = performance.now();
        const answer = await run();
        if (typeof answer !== 'number') {
          measured = answer;
          break;
        }
        result = answer;
        best = Math.min(best, (performance.now() - started) / 1000);
      }
      end?.();
      const shown = measured ?? { seconds: Number(best.toFixed(3)), result };
      process.stdout.write(`${JSON.stringify({ work: name, ...shown })}\n`);
    }
  } finally {
    await sc.stop();
  }
}

main().catch((error) => {
  process.stderr.write(`${error.stack ?? error}\n`);
  process.exitCode = 1;
});
