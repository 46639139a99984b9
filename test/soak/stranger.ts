// A stranger on this machine, a process of its own: holds and opens connections to every listening socket, and sends what nobody asked for.
import net from 'node:net';

/** What the stranger is told to flood: paths of Unix sockets and ports of the loopback interface. */
export interface Order {
  readonly paths: readonly string[];
  readonly ports: readonly number[];
}

/** What has become of its connections so far. */
export interface Report {
  readonly opened: number;
  /** Ended by the other side. */
  readonly refused: number;
}

/** Connections that it holds to each socket at most: more than any cap. */
const held = 400;
/** New connections to each socket at once, and how often. */
const atOnce = 20;
const everyMs = 250;
const reportMs = 1_000;

let opened = 0;
let refused = 0;

const key = 'dGhlIHNhbXBsZSBub25jZQ==';
const upgrade = (path: string, more: string) =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${more}`;

/** First bytes of a stranger; none of them may become data of a stream. */
const greetings: readonly (string | Buffer)[] = [
  '',
  'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 20\r\n\r\nline 1\nline 2\nline 3\n',
  'GET /?token=0000 HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: millrace=x\r\n\r\n',
  upgrade('/executor', 'Origin: http://evil.example\r\n\r\n'),
  upgrade('/live', ''),
  'GET / HT',
  Buffer.alloc(64, 0xff),
];

function visit(where: net.NetConnectOpts, sockets: Set<net.Socket>, n: number): void {
  const socket = net.connect(where);
  sockets.add(socket);
  opened++;
  let own = false;
  socket.on('connect', () => socket.write(greetings[n % greetings.length]));
  socket.on('error', () => {});
  socket.on('data', () => {});
  socket.once('close', () => {
    sockets.delete(socket);
    if (!own) refused++;
  });
  // The oldest goes by itself, so that new ones keep coming.
  if (sockets.size > held) {
    const [oldest] = sockets;
    own = oldest === socket;
    oldest.destroy();
  }
}

/** Floods one socket until the process ends. */
function flood(where: net.NetConnectOpts): void {
  const sockets = new Set<net.Socket>();
  let n = 0;
  setInterval(() => {
    for (let i = 0; i < atOnce; i++) visit(where, sockets, n++);
  }, everyMs);
}

process.on('message', ({ paths, ports }: Order) => {
  for (const path of paths) flood({ path });
  for (const port of ports) flood({ port, host: '127.0.0.1' });
  setInterval(() => process.send?.({ opened, refused } satisfies Report), reportMs);
});
process.on('disconnect', () => process.exit(0));
