// Requests written by hand, as no well-behaved client would send them: what a server answers to each, up to the end of the connection.
import { connect } from 'node:net';
import { within } from './within';

const limitMs = 15_000;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends a text over a connection of its own and reads until the server closes it. */
export function sendRaw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  const ended = new Promise<string>((resolve) => {
    socket.setEncoding('latin1').on('data', (data) => {
      answer += data;
    });
    socket.on('error', () => {});
    socket.once('close', () => resolve(answer));
  });
  socket.write(text);
  return within(limitMs, ended, 'the end of the connection').finally(() => socket.destroy());
}

/** One request; headers that are undefined are left out. */
export async function request(
  port: number,
  line: string,
  headers: Readonly<Record<string, string | undefined>> = {},
): Promise<Answer> {
  const all = { host: `127.0.0.1:${port}`, connection: 'close', ...headers };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
  return answerOf(await sendRaw(port, `${line} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`));
}

export function answerOf(text: string): Answer {
  const end = text.indexOf('\r\n\r\n');
  const [first = '', ...lines] = text.slice(0, Math.max(0, end)).split('\r\n');
  const headers = lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]);
  return { status: Number(first.split(' ')[1] ?? 0), headers: Object.fromEntries(headers), body: text.slice(end + 4) };
}
