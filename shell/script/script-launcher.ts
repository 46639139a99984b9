// Starts a script in a child process, forwards the meaning of keys and signals to it, and ends as it ends.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import inspector from 'node:inspector';
import { constants } from 'node:os';
import type { Writable } from 'node:stream';
import { type EndingSignal, endingSignals, exitStatus, InterruptLadder, signalStatus, suspendSignal } from '../base/ctrl-c';
import { entryArguments } from '../base/package-root';
import { interruptDescriptor, scriptEntry } from '../contract/protocol';

/** Signals sent on to the script's process as they are; those that end it go through the gate. */
const forwarded = ['SIGWINCH', 'SIGCONT'] satisfies NodeJS.Signals[];

/** Runs the script of the command line; this process ends with the script's status, or by the signal that ended it. */
export function launchScript(args: readonly string[]): void {
  // A debugger (`node --inspect`) is meant for the script, which listens at the same port.
  inspector.close();
  // Handlers first, so that no signal leaves a running script behind.
  let ended: EndingSignal | undefined;
  const onEnd = (signal: EndingSignal) => {
    ended = signal;
  };
  handleSignals(() => child, onEnd);
  const child = spawn(
    process.execPath,
    [...process.execArgv, ...entryArguments('script.js', 'shell/script/script-main.ts'), ...args.map(reachable)],
    {
      stdio: ['inherit', 'inherit', 'inherit', 'ignore', 'pipe'],
      // A process group of its own: this process gets the signals of the terminal's keys.
      detached: true,
    },
  );
  // The exit of the process reports its end.
  gateOf(child).on('error', () => {});
  child.once('error', (error) => {
    process.stderr.write(`error: cannot start the process of the script: ${error.message}\n`);
    process.exit(1);
  });
  child.once('exit', (status, ownSignal) => {
    if (ownSignal === null) process.exit(status ?? 1);
    // If the script was too busy to hear of a signal, it was killed; the signal still counts.
    const signal = ended ?? ownSignal;
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    // If the signal is ignored.
    process.exit(signalStatus + constants.signals[signal]);
  });
}

/** A file that is open in this process, such as that of `<(command)`, by a name under which the script's process finds it. */
function reachable(argument: string): string {
  const number = /^\/dev\/fd\/(\d+)$/.exec(argument)?.[1];
  const path = `/proc/${process.pid}/fd/${number}`;
  return number !== undefined && Number(number) > 2 && existsSync(path) ? path : argument;
}

function handleSignals(script: () => ChildProcess, onEnd: (signal: EndingSignal) => void): void {
  const ladder = new InterruptLadder();
  process.on('SIGINT', () => {
    const answer = ladder.press(true, performance.now());
    if (answer === 'restart') {
      // The whole group: also the processes that it started.
      process.kill(-script().pid!, 'SIGKILL');
      process.exit(exitStatus('SIGINT'));
    }
    if (answer === 'warn') process.stderr.write('(Still stopping. Another Ctrl-C kills the script.)\n');
    gateOf(script()).write(`${scriptEntry}\n`);
  });
  for (const signal of forwarded) process.on(signal, () => script().kill(signal));
  for (const signal of endingSignals) {
    process.on(signal, () => {
      onEnd(signal);
      gateOf(script()).write(`${signal}\n`);
    });
  }
  process.on('SIGTSTP', () => {
    script().kill('SIGSTOP');
    process.kill(process.pid, 'SIGSTOP');
  });
  // The whole job, as the terminal's own key does: npm, which may have started us, is part of it.
  process.on(suspendSignal, () => process.kill(0, 'SIGTSTP'));
}

/** The pipe to the thread that stops what runs (see interrupt-gate.ts). */
const gateOf = (script: ChildProcess) => script.stdio[interruptDescriptor] as Writable;
