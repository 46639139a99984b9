// Starts a script in a process of its own and stands between it and the terminal: passes on what keys and signals mean, and ends as it ends.
import { type ChildProcess, spawn } from 'node:child_process';
import inspector from 'node:inspector';
import { constants } from 'node:os';
import type { Writable } from 'node:stream';
import { type EndingSignal, endingSignals, exitStatus, InterruptLadder, signalStatus, suspendSignal } from '../base/ctrl-c';
import { entryArguments } from '../base/package-root';
import { interruptDescriptor, scriptEntry } from '../contract/protocol';

/** Those that mean the same to the script's process; those that end it go through the gate. */
const passedOn = ['SIGWINCH', 'SIGCONT'] satisfies NodeJS.Signals[];

/** Runs what the command line says, and ends this process with the status of the script, or by the signal that ended it. */
export function launchScript(args: readonly string[]): void {
  // A debugger (`node --inspect`) wants the script, which listens at the same port.
  inspector.close();
  // Handlers first: a script that was begun is not left behind.
  let ended: EndingSignal | undefined;
  const onEnd = (signal: EndingSignal) => {
    ended = signal;
  };
  handleSignals(() => child, onEnd);
  const child = spawn(
    process.execPath,
    [...process.execArgv, ...entryArguments('script.js', 'shell/script/script-main.ts'), ...args],
    {
      stdio: ['inherit', 'inherit', 'inherit', 'ignore', 'pipe'],
      // A session of its own: the signals of the terminal's keys are for this process.
      detached: true,
    },
  );
  // Its end is told by its exit.
  gateOf(child).on('error', () => {});
  child.once('error', (error) => {
    process.stderr.write(`error: the process of the script cannot be started: ${error.message}\n`);
    process.exit(1);
  });
  child.once('exit', (status, ownSignal) => {
    if (ownSignal === null) process.exit(status ?? 1);
    // One that could not hear of it was killed.
    const signal = ended ?? ownSignal;
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    // Where the signal is ignored.
    process.exit(signalStatus + constants.signals[signal]);
  });
}

function handleSignals(script: () => ChildProcess, onEnd: (signal: EndingSignal) => void): void {
  const ladder = new InterruptLadder();
  process.on('SIGINT', () => {
    const answer = ladder.press(true, performance.now());
    if (answer === 'restart') {
      // With what it started and waits for.
      process.kill(-script().pid!, 'SIGKILL');
      process.exit(exitStatus('SIGINT'));
    }
    if (answer === 'warn') process.stderr.write('(Still stopping. Ctrl-C once more ends it at once.)\n');
    gateOf(script()).write(`${scriptEntry}\n`);
  });
  for (const signal of passedOn) process.on(signal, () => script().kill(signal));
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
  // The whole job, as the terminal's own key does it: npm, which may have started us, is a part of it.
  process.on(suspendSignal, () => process.kill(0, 'SIGTSTP'));
}

/** What is written here reaches the thread that stops what runs (see interrupt-gate.ts). */
const gateOf = (script: ChildProcess) => script.stdio[interruptDescriptor] as Writable;
