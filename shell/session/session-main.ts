// The session process: runs entries for the terminal process that started it, and ends with that process.
import { writeSync } from 'node:fs';
import { asError, MillraceError } from '../../runtime/base/errors';
import { restoreBuiltins } from '../../runtime/closure/guarded-builtins';
import { forgetOneArena } from '../base/one-arena';
import { answerDescriptor, type SessionFrame, type SessionRequest } from '../contract/protocol';
import type { RunOutcome, Session, SessionStart } from '../contract/session';
import { sendBreaksThrough } from '../evaluate/breakable';
import { InterruptGate } from '../evaluate/interrupt-gate';
import { watchSyncChildren } from '../evaluate/sync-children';
import { askFront } from './ask-front';
import { openSession } from './open-session';
import { TerminalStreams } from './terminal-streams';

let stopping = false;
let crashed = false;

/** Set while a frame is being written: an interrupt may break the user's code in the middle of a print. */
let torn = false;

function answer(frame: SessionFrame): void {
  let rest = Buffer.from((torn ? '\n' : '') + JSON.stringify(frame) + '\n');
  torn = true;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(answerDescriptor, rest));
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EAGAIN') continue;
      // The terminal is gone; the exit must not write to it again.
      stopping = true;
      process.exit(1);
    }
  }
  torn = false;
}

async function stop(session: Session | undefined): Promise<never> {
  stopping = true;
  await session?.stop().catch(() => undefined);
  process.exit(0);
}

function serve(session: Session, gate: InterruptGate, streams: TerminalStreams): void {
  const serveOne = async (id: number, run: () => Promise<RunOutcome>) => {
    gate.begin(id);
    const outcome = await run();
    gate.end(id);
    answer({ kind: 'ended', id, outcome });
  };
  process.on('message', (request: SessionRequest) => {
    restoreBuiltins();
    if ('screen' in request) streams.show(request.screen);
    switch (request.kind) {
      case 'run':
        void serveOne(request.id, () => session.run(request.cell, request.screen));
        break;
      case 'command':
        void serveOne(request.id, () => session.command(request.call, request.screen));
        break;
      case 'choices':
        void session.choices(request.asked).then((choices) => answer({ kind: 'choices', id: request.id, choices }));
        break;
      case 'facts':
        void session.facts(request.asked).then((facts) => answer({ kind: 'facts', id: request.id, facts }));
        break;
      case 'screen':
        session.setScreen(request.screen);
        break;
      case 'stop':
        void stop(session);
        break;
    }
  });
}

async function main({ asks, ...engine }: SessionStart): Promise<void> {
  forgetOneArena();
  let session: Session | undefined;
  // Ctrl-C arrives through the gate; a SIGINT sent by hand means the same.
  const gate = new InterruptGate({ interrupted: () => session?.interrupt(), orphaned: () => void stop(session) });
  sendBreaksThrough(gate);
  watchSyncChildren(gate);
  process.on('SIGINT', () => session?.interrupt());
  const streams = new TerminalStreams();
  streams.install();
  process.on('uncaughtExceptionMonitor', () => {
    crashed = true;
  });
  process.on('exit', (status) => {
    if (!stopping && !crashed) answer({ kind: 'leaving', status });
  });
  try {
    session = await openSession({
      ...engine,
      args: [],
      ask: asks ? askFront((id, message) => answer({ kind: 'ask', id, message })) : undefined,
      events: {
        print: (text, stream) => answer({ kind: 'print', text, stream }),
        output: (text, stream) => answer({ kind: 'output', text, stream }),
        progress: (line) => answer({ kind: 'progress', line }),
        pane: (id, pane) => answer({ kind: 'pane', id, pane }),
        rich: (shown) => answer({ kind: 'rich', shown }),
      },
    });
  } catch (thrown) {
    stopping = true;
    const error = asError(thrown);
    answer({
      kind: 'failed',
      message: error instanceof MillraceError ? `${error.message}\n${error.remedy}` : String(error.stack),
    });
    process.exit(1);
  }
  serve(session, gate, streams);
  answer({ kind: 'ready' });
}

void main(JSON.parse(process.argv[2]) as SessionStart);
