// The process at a terminal whose prompt outlives it: keys go to the prompt, what it shows comes back. It knows nothing else.
import { spawn } from 'node:child_process';
import net, { type Socket } from 'node:net';
import { frame, readFrames } from './frames';
import { claimPromptName, isPromptName, runningPrompts, socketOfPrompt } from './prompt-places';

/** The descriptor of a prompt that leads to the terminal which has started it. */
export const frontDescriptor = 3;

/** Starts a prompt with these arguments in a process of its own, in front of this terminal. */
export function startInFront(args: readonly string[], name = claimPromptName()): void {
  const command = [process.argv[1], 'held', name, ...args];
  const child = spawn(process.execPath, command, { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  child.unref();
  stand(child.stdio[frontDescriptor] as Socket);
}

/** `millrace attach [NAME]`: this terminal in front of a prompt that has none, or that is taken from another one. */
export function attachCommand(args: readonly string[]): void {
  if (args.includes('--help') || args.includes('-h')) return void process.stdout.write(help);
  const prompts = runningPrompts();
  if (args[0] === '--list') return void process.stdout.write(listText(prompts));
  const [name = onlyOne(prompts)] = args;
  if (name === undefined) return fail(`There are several prompts: name one.\n${listText(prompts)}`);
  if (!isPromptName(name) || !prompts.some((one) => one.name === name))
    return fail(
      prompts.length === 0
        ? 'No prompt of a server runs.\nStart one: millrace --master serve'
        : `No prompt is called ${name}.\n${listText(prompts)}`,
    );
  if (!process.stdin.isTTY || !process.stdout.isTTY) return fail('millrace attach needs a terminal.');
  const socket = net.connect(socketOfPrompt(name));
  socket.once('error', (error) => fail(`The prompt ${name} does not answer: ${error.message}`));
  socket.once('connect', () => stand(socket));
}

const help = `Usage: millrace attach [NAME]

Takes up a prompt of a server that was left by .detach, or whose terminal is gone. --list shows all.
`;

/** The one that is detached, or the only one. */
function onlyOne(prompts: ReturnType<typeof runningPrompts>): string | undefined {
  const detached = prompts.filter(({ isAttached }) => !isAttached);
  const meant = detached.length === 1 ? detached : prompts;
  return meant.length === 1 ? meant[0].name : meant.length === 0 ? '' : undefined;
}

function listText(prompts: ReturnType<typeof runningPrompts>): string {
  if (prompts.length === 0) return 'no prompt of a server runs\n';
  const line = ({ name, master, pid, isAttached }: (typeof prompts)[number]) =>
    `${name}  ${isAttached ? 'at a terminal' : 'detached'}, ${master}, process ${pid}\n`;
  return prompts.map(line).join('');
}

function fail(message: string): void {
  process.stderr.write(`error: ${message}\n`);
  process.exitCode = 1;
}

/** Passes on what both sides say, until the prompt leaves this terminal. */
function stand(socket: Socket): void {
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
