// A driver of its own for tests that kill drivers: starts a toy pool, says what it has made, and waits to be killed.
import { ToyPool } from './pool';

async function main(): Promise<void> {
  const pool = await ToyPool.start('local[2]', { program: process.argv[2] });
  const pids = await Promise.all(pool.alive.map((id) => pool.pid(id)));
  // One is idle when the driver dies, the other never looks up.
  pool.launch('e1', 'console.log("begun"); for (;;) {}');
  while (pool.output.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  process.stdout.write(`${JSON.stringify({ pids, folder: pool.started.folder })}\n`);
  if (process.argv[3] === 'exit') process.exit(0);
  setInterval(() => {}, 1000);
}

main();
