// A session in a process of its own, for tests that interrupt it: entries come as lines of JSON on stdin, what happens goes out the same way.
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { LocalSession } from '../../shell/session-local';
import { typeService } from './entries';

/** An entry, or an interrupt of the entry with this number. */
type Message = { readonly enter: string } | { readonly interrupt: number };

const folder = process.argv[2];
const tell = (message: unknown) => writeSync(1, `${JSON.stringify(message)}\n`);
const types = typeService(folder);
let cancelled = 0;
let entries = 0;
let running = 0;
const session = new LocalSession({
  cwd: folder,
  globals: { sc: {} },
  events: { print: (text, stream) => tell({ print: text, stream }), progress: () => {}, pane: () => {} },
  onInterrupt: [() => cancelled++],
});

async function enter(text: string): Promise<void> {
  const number = ++entries;
  const compiled = types.compile(text);
  if (compiled.status !== 'ok') return void tell({ compiled });
  running = number;
  tell({ running: text });
  const outcome = await session.run(compiled.cell, { columns: 80, color: false, live: false });
  running = 0;
  types.commit(compiled.cell.id, outcome.status === 'ok' ? undefined : outcome.initialised);
  tell({ ended: outcome, cancelled });
}

process.on('SIGINT', () => session.interrupt());
createInterface({ input: process.stdin }).on('line', (line) => {
  const message = JSON.parse(line) as Message;
  if ('enter' in message) void enter(message.enter);
  // Node loses a signal in the moment in which it takes down the watch over a synchronous part.
  else if (message.interrupt === running) session.interrupt();
});
process.stdin.on('end', () => process.exit(0));
tell({ ready: true });
