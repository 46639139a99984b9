// Counts the words that a server sends, batch by batch: npm start -- samples/network-word-count.ts HOST PORT SECONDS
// `nc -lk 9999` is a server that sends what you type. Without one, the sample starts its own server, which sends a text.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';

async function ownServer() {
  const text = readFileSync(join(__dirname, 'data/pond.txt'));
  const server = createServer((socket) => socket.on('error', () => {}).write(text)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref(); // the script need not wait for it
  return ['127.0.0.1', String((server.address() as AddressInfo).port), '4'];
}
const [host, port, seconds = '60'] = args.length > 0 ? args : await ownServer();

const words = stream('500ms')
  .socketTextStream(host, Number(port))
  .flatMap((line) => line.toLowerCase().split(/[^a-z']+/))
  .filter((word) => word !== '');
const counts = words.map((word) => [word, 1]).reduceByKey((a, b) => a + b);

// A live pane at the prompt, plain lines here. It starts the streams.
counts.setName('counts').watch({ rows: 5 });
if (!(await stream().awaitTerminationOrTimeout(`${seconds}s`))) console.log('the time is over');
