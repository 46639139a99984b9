// What a prompt and the terminal in front of it send each other: a kind, a length, and bytes. Both are processes of one user.
import type { Socket } from 'node:net';

/** From the terminal: keys, its size, that it goes on after a suspension, and how a program ended. From the prompt: what to show, and the rest. */
export type FrameKind =
  | 'keys'
  | 'size'
  | 'goOn'
  | 'ended'
  | 'output'
  | 'rawMode'
  | 'suspend'
  | 'run'
  | 'detached'
  | 'left'
  | 'refused';

const kinds: readonly FrameKind[] = [
  'keys',
  'size',
  'goOn',
  'ended',
  'output',
  'rawMode',
  'suspend',
  'run',
  'detached',
  'left',
  'refused',
];

const headBytes = 5;
const longest = 64 << 20;

export function frame(kind: FrameKind, bytes: Uint8Array | string = ''): Buffer {
  const body = Buffer.from(bytes as string);
  const head = Buffer.alloc(headBytes);
  head.writeUInt8(kinds.indexOf(kind));
  head.writeUInt32LE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** Calls `take` for each frame; a socket that sends something else is closed. */
export function readFrames(socket: Socket, take: (kind: FrameKind, body: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= headBytes) {
      const kind = kinds[rest.readUInt8()];
      const length = rest.readUInt32LE(1);
      if (kind === undefined || length > longest) return void socket.destroy();
      if (rest.length < headBytes + length) return;
      const body = rest.subarray(headBytes, headBytes + length);
      rest = rest.subarray(headBytes + length);
      take(kind, body);
    }
  });
}
