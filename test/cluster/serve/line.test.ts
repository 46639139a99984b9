// The line between a session and its server: whatever is lost with its connections, each message arrives once and in order.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { maxUnreadBytes } from '../../../cluster/base/limits';
import { Line, type Wire } from '../../../cluster/serve/line/line';
import { Random } from '../../../runtime/base/time';
import { errorOf } from '../../helpers/errors';

const test = suite('line');

/** A connection of two lines whose messages wait until they are delivered, or lost. */
class Way {
  readonly #queues: [object[], object[]] = [[], []];
  readonly ends: readonly Wire[] = [0, 1].map((side) => ({
    send: (control) => void this.#queues[side].push(control),
    close: () => {},
  }));

  deliver(side: number, take: (control: object) => void): void {
    const control = this.#queues[side].shift();
    if (control) take(control);
  }
}

function play(seed: number): void {
  const numbers = new Random(seed);
  const random = (n: number) => Math.floor(numbers.next() * n);
  const lines = [0, 1].map(() => new Line(() => assert.unreachable('too much waits')));
  const sent = [0, 0];
  const got: number[][] = [[], []];
  let way: Way | undefined;
  const take = (side: number) => (control: object) => {
    const { kind, messages, n } = control as { kind: string; messages: number; n: number };
    if (kind === 'read') return lines[side].wasRead(messages);
    lines[side].arrived(new Uint8Array(random(3) === 0 ? 1 << 20 : 1));
    got[side].push(n);
  };
  const connect = () => {
    const fresh = new Way();
    const read = lines.map((line) => line.read);
    for (const side of [0, 1]) lines[side].connect(fresh.ends[side], read[1 - side]);
    way = fresh;
  };
  for (let i = 0; i < 400; i++) {
    const side = random(2);
    const choice = random(20);
    if (choice < 8) lines[side].send({ kind: 'data', n: sent[side]++ }, new Uint8Array(1));
    else if (choice < 18) way?.deliver(side, take(1 - side));
    else if (choice < 19) {
      way = undefined;
      for (const line of lines) line.disconnect();
    } else if (!way) connect();
  }
  connect();
  for (let i = 0; i < 2000; i++) way!.deliver(i % 2, take(1 - (i % 2)));
  const all = (side: number) => Array.from({ length: sent[side] }, (_, n) => n);
  assert.equal(got, [all(1), all(0)], `seed ${seed}`);
  for (const line of lines) line.end();
}

test('messages arrive once and in order over connections that break at random', () => {
  for (let seed = 0; seed < 200; seed++) play(seed);
});

test('what was read is reported, and held no longer', () => {
  const told: object[] = [];
  const line = new Line(() => {});
  line.connect({ send: (control) => void told.push(control), close: () => {} }, 0);
  line.send({ kind: 'data' }, new Uint8Array(10));
  line.send({ kind: 'data' }, new Uint8Array(5));
  assert.is(line.unreadBytes, 15);
  line.wasRead(1);
  assert.is(line.unreadBytes, 5);
  line.arrived(new Uint8Array(1 << 20));
  assert.equal(told.at(-1), { kind: 'read', messages: 1 });
  line.end();
});

test('counts that cannot be are refused, and what waits is bounded', async () => {
  const full: string[] = [];
  const line = new Line((reason) => full.push(reason));
  line.send({ kind: 'data' });
  line.wasRead(1);
  for (const messages of [0, 2]) await errorOf('PROTOCOL', () => line.wasRead(messages));
  line.send({ kind: 'data' }, { length: maxUnreadBytes + 1 } as Uint8Array);
  assert.match(full.join(), /2\.0 GiB wait for a connection/);
  line.end();
});

test.run();
