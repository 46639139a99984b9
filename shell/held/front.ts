// The process at a terminal whose prompt outlives it: keys go to the prompt, what it shows comes back. It knows nothing else.
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { frame, readFrames } from './frames';
import { claimPromptName } from './prompt-places';

/** The descriptor of a prompt that leads to the terminal which has started it. */
export const frontDescriptor = 3;

/** Starts a prompt with these arguments in a process of its own, in front of this terminal. */
export function startInFront(args: readonly string[], name = claimPromptName()): void {
  const command = [process.argv[1], 'held', name, ...args];
  const child = spawn(process.execPath, command, { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  child.unref();
  stand(child.stdio[frontDescriptor] as Socket);
}

/** Passes on what both sides say, until the prompt leaves this terminal. */
export function stand(socket: Socket): void {
  const { stdin, stdout } = process;
  let isOver = false;
  let isLent = false;
  const end = (status: number, message = '') => {
    if (isOver) return;
    isOver = true;
    stdin.setRawMode(false);
    stdin.pause();
    socket.destroy();
    stdout.write(message, () => process.exit(status));
  };
  const size = () => socket.write(frame('size', JSON.stringify([stdout.columns || 80, stdout.rows || 24])));
  size();
  stdout.on('resize', size);
  stdin.on('data', (keys: Buffer) => {
    if (!isLent) socket.write(frame('keys', keys));
  });
  // The shell of a terminal that is closed sends this: the prompt goes on.
  for (const signal of ['SIGHUP', 'SIGTERM'] as const) process.on(signal, () => process.exit(128));
  stdout.on('error', () => process.exit(129));
  process.on('SIGINT', () => {
    if (!isLent) socket.write(frame('keys', '\x03'));
  });
  process.on('SIGCONT', () => {
    stdin.setRawMode(false);
    socket.write(frame('goOn'));
    size();
  });
  readFrames(socket, (kind, body) => {
    switch (kind) {
      case 'output':
        return stdout.write(body);
      case 'rawMode':
        return stdin.setRawMode(body.toString() === 'on');
      case 'suspend':
        return process.kill(0, 'SIGTSTP');
      case 'run': {
        const { program, args, folder } = JSON.parse(body.toString()) as { program: string; args: string[]; folder: string };
        isLent = true;
        stdin.pause();
        const child = spawn(program, args, { cwd: folder, stdio: 'inherit' });
        const over = (ended: object) => {
          isLent = false;
          stdin.resume();
          socket.write(frame('ended', JSON.stringify(ended)));
        };
        child.once('error', ({ message }) => over({ message }));
        child.once('exit', (status, signal) => over(signal === null ? { status: status ?? 1 } : { signal }));
        return;
      }
      case 'detached':
        return end(0, `(detached; millrace attach ${body.toString()} takes it up again)\n`);
      case 'refused':
        return end(1, `${body.toString()}\n`);
      case 'left':
        return end(Number(body.toString()));
    }
  });
  socket.once('close', () => end(1, 'The prompt has ended.\n'));
  socket.once('error', () => end(1, 'The prompt has ended.\n'));
  stdin.resume();
}
