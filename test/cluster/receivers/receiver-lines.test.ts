// Cutting bytes at line ends against a naive twin, and the gate that lets sources be read.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BlockWriter, untilCut } from '../../../cluster/receivers/block-writer';
import { LineCutter } from '../../../cluster/receivers/cut-lines';
import { ThrottledReport } from '../../../cluster/receivers/limited-notices';
import { ReadGate } from '../../../cluster/receivers/read-gate';
import { ClientConnection } from '../../../cluster/receivers/reconnect';
import { SilenceWatch } from '../../../cluster/receivers/silence-watch';
import { readObjects } from '../../../runtime/exec/files/object-file';
import { until } from '../../helpers/within';

const test = suite('receiver lines');

interface Cut {
  readonly lines: string[];
  readonly tooLong: number;
  readonly records: number;
}

/** All pieces through one cutter, in one buffer that is used again, as sockets do. */
function cut(pieces: readonly Buffer[], most: number): Cut {
  const lines: string[] = [];
  let [tooLong, records] = [0, 0];
  const cutter = new LineCutter(
    {
      lines: (bytes, n) => {
        assert.is(bytes[bytes.length - 1], 10);
        lines.push(...bytes.toString('latin1').slice(0, -1).split('\n'));
        records += n;
      },
      tooLong: () => tooLong++,
    },
    most,
  );
  const shared = Buffer.alloc(1 << 16);
  for (const piece of pieces) {
    piece.copy(shared);
    cutter.push(shared.subarray(0, piece.length));
    shared.fill(0x78);
  }
  cutter.end();
  assert.is(cutter.pending, 0);
  return { lines, tooLong, records };
}

function model(bytes: Buffer, most: number): Cut {
  const all = bytes.toString('latin1').split('\n');
  if (all.at(-1) === '') all.pop();
  const lines = all.filter((line) => line.length <= most);
  return { lines, tooLong: all.length - lines.length, records: lines.length };
}

test('any bytes, cut anywhere, give the lines of the naive twin', () => {
  const byte = fc.constantFrom(10, 10, 13, 65, 66, 0xc3, 0xff, 0);
  const pieces = fc.array(fc.array(byte, { maxLength: 40 }), { maxLength: 12 });
  const property = fc.property(pieces, fc.constantFrom(1, 3, 10, 100), (parts, most) => {
    const buffers = parts.map((part) => Buffer.from(part));
    assert.equal(cut(buffers, most), model(Buffer.concat(buffers), most));
  });
  fc.assert(property, { numRuns: 2000, verbose: true });
});

test('an incomplete line is counted and does not mix with the next line', () => {
  const lines: string[] = [];
  const cutter = new LineCutter({ lines: (bytes) => lines.push(bytes.toString()), tooLong() {} }, 100);
  cutter.push(Buffer.from('whole\nhal'));
  assert.is(cutter.abandon(), 3);
  cutter.push(Buffer.from('next\n'));
  assert.equal(lines, ['whole\n', 'next\n']);
});

test('the gate closes at the limit, opens at three quarters of it, and reports each pause once', () => {
  const told: string[] = [];
  const states: boolean[] = [];
  const gate = new ReadGate(1000, 0, (message) => told.push(message));
  const detach = gate.attach((open) => states.push(open));
  gate.received(999, 1);
  assert.equal(states, []);
  gate.received(1, 1);
  assert.equal(states, [false]);
  gate.processed(200);
  assert.equal(states, [false]);
  gate.processed(100);
  assert.equal(states, [false, true]);
  detach();
  gate.received(5000, 1);
  assert.equal(states, [false, true]);
  assert.is(told.length, 2);
  const late: boolean[] = [];
  gate.attach((open) => late.push(open));
  assert.equal(late, [false], 'a reader that attaches to a closed gate is paused at once');
  gate.close();
});

test('a rate limit closes the gate until the allowance is back', async () => {
  const states: boolean[] = [];
  const gate = new ReadGate(1e9, 0, () => {});
  gate.attach((open) => states.push(open));
  gate.limit(1000);
  await until(5000, () => gate.isOpen, 'the first allowance');
  states.length = 0;
  const started = performance.now();
  gate.received(100, 600);
  assert.equal(states, [false]);
  await until(5000, () => gate.isOpen, 'the gate');
  assert.ok(performance.now() - started > 50);
  gate.limit(-1);
  gate.received(1e6, 1e9);
  assert.is(gate.isOpen, true);
  gate.close();
});

test('a disk that cannot be written loses the elements of that time, counted, and none later', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-blocks-'));
  const blocks: [number, number, number][] = [];
  const lost: string[] = [];
  const writer = new BlockWriter({
    folder,
    firstBlock: 5,
    isDurable: true,
    blockInterval: 1_000_000,
    beforeCut() {},
    handOver: (...block) => blocks.push(block),
    badLines() {},
    lost: (records, reason) => lost.push(`${records}: ${reason.split(':')[0]}`),
  });
  writer.lines(Buffer.from('a\nb\n'), 2);
  writer.cut();
  rmSync(folder, { recursive: true });
  writer.lines(Buffer.from('c\n'), 1);
  writer.cut();
  assert.throws(() => writer.rows([1, 2]), /ENOENT/);
  mkdirSync(folder);
  writer.lines(Buffer.from('d\n'), 1);
  writer.cut();
  writer.rows([1, 2]);
  writer.rows([3]);
  writer.close();
  assert.equal(lost, ['1: ENOENT']);
  assert.equal(
    blocks.map(([number, , records]) => [number, records]),
    [
      [5, 2],
      [6, 1],
      [7, 3],
    ],
  );
  assert.equal([...readObjects({ path: join(folder, '7'), form: 'plain' })], [[1, 2], [3]]);
  rmSync(folder, { recursive: true });
});

/** Collects the reports of a connection; `rest` is the pause between them in milliseconds. */
function connection(rest: number): { readonly it: ClientConnection; readonly told: string[] } {
  const told: string[] = [];
  const it = new ClientConnection('it', (event, message) => told.push(`${event}: ${message.replace(/\d+ ms/, 'N ms')}`), rest);
  return { it, told };
}

test('repeated losses of a connection give few reports, with the count, the lost bytes and the current state', async () => {
  const { it, told } = connection(200);
  it.connected();
  for (let i = 0; i < 5; i++) {
    it.heard();
    it.disconnected('went away', 3);
    it.connected();
  }
  await until(5000, () => told.length > 3, 'the delayed report');
  it.close();
  assert.equal(told, [
    'started: connected to it',
    'error: it went away; 3 bytes of an incomplete line are lost; next attempt in N ms',
    'started: reconnected to it',
    'error: it went away (4 times); 12 bytes of an incomplete line are lost; reconnected',
  ]);
});

test('failed attempts are not reported once the connection is made', async () => {
  const { it, told } = connection(50);
  for (let i = 0; i < 3; i++) it.disconnected('refused');
  it.connected();
  await new Promise((resolve) => setTimeout(resolve, 100));
  it.disconnected('went away');
  it.close();
  assert.equal(told, [
    'error: it refused; next attempt in N ms',
    'started: connected to it',
    'error: it went away; next attempt in N ms',
  ]);
});

test('a silence is reported once, and so is its end', async () => {
  const told: string[] = [];
  const silence = new SilenceWatch(20, 'it', (message) => told.push(message));
  await until(5000, () => told.length > 0, 'the silence');
  silence.heard();
  silence.heard();
  silence.close();
  assert.equal(told, ['it has sent nothing for 20 ms', 'it is sending again']);
});

test('blocks are cut shortly before the ends of batches, whenever the timer fired', () => {
  for (const interval of [20, 50, 200, 1000]) {
    for (let now = 0; now < 2 * interval; now++) {
      const delay = untilCut(now, interval);
      const before = interval - ((now + delay) % interval);
      assert.ok(before <= 20 && before > 0, `${before} ms before the end, at ${now} of ${interval}`);
      assert.ok(delay >= interval / 2 && delay < 1.5 * interval, `${delay} ms of ${interval}`);
    }
  }
});

test('what has not been told yet is told when the stream ends', () => {
  const told: string[] = [];
  const report = new ThrottledReport((count, why) => told.push(`${count} ${why}`));
  for (let i = 0; i < 4; i++) report.happened(1, `loss ${i}`);
  report.close();
  report.happened(1, 'too late');
  assert.equal(told, ['1 loss 0', '3 loss 3']);
  const client = new ClientConnection('source', (event, message) => told.push(`${event}: ${message}`));
  client.connected();
  client.close(7);
  assert.is(told.at(-1), 'error: source: the stream has ended; 7 bytes of an incomplete line are lost');
});

test.run();
