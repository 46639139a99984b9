// A session in a process of its own, for tests that interrupt it: entries come as lines of JSON on stdin, Ctrl-C through the gate, what happens goes out as JSON.
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { sendBreaksThrough } from '../../shell/evaluate/breakable';
import { InterruptGate } from '../../shell/evaluate/interrupt-gate';
import { LocalSession } from '../../shell/session/session-local';
import { typeService } from './entries';

const folder = process.argv[2];
const tell = (message: unknown) => writeSync(1, `${JSON.stringify(message)}\n`);
const types = typeService(folder);
let cancelled = 0;
let entries = 0;
const session = new LocalSession({
  cwd: folder,
  globals: { sc: {} },
  events: {
    print: (text, stream) => tell({ print: text, stream }),
    output: (text, stream) => tell({ print: text, stream }),
    progress: () => {},
    pane: () => {},
  },
  onInterrupt: [() => cancelled++],
});

async function enter(text: string): Promise<void> {
  const number = ++entries;
  const compiled = types.compile(text);
  if (compiled.status !== 'ok') return void tell({ compiled });
  gate.begin(number);
  tell({ running: text });
  const outcome = await session.run(compiled.cell, { columns: 80, color: false, live: false });
  gate.end(number);
  types.commit(compiled.cell.id, outcome.status === 'ok' ? undefined : outcome.initialised);
  tell({ ended: outcome, cancelled });
}

const gate = new InterruptGate({ interrupted: () => session.interrupt(), orphaned: () => process.exit(0) });
sendBreaksThrough(gate);
process.on('SIGINT', () => session.interrupt());
createInterface({ input: process.stdin }).on('line', (line) => void enter(JSON.parse(line) as string));
process.stdin.on('end', () => process.exit(0));
tell({ ready: true });
