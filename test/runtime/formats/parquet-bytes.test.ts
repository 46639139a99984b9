// Bytes of Parquet pages: snappy and runs of bits are read as a naive reader does, and what is damaged is refused wherever it refuses it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { snappyCompress } from 'hysnappy';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../../../cluster/connect';
import { Random } from '../../../runtime/base/time';
import { unpack } from '../../../runtime/formats/codecs';
import { readRuns } from '../../../runtime/formats/parquet/levels';
import { size } from '../../helpers/sizes';

const test = suite('bytes of Parquet');

/** Byte by byte, as the format's description has it; undefined for what is damaged. */
function naiveSnappy(packed: Buffer, size: number): Buffer | undefined {
  const out: number[] = [];
  let at = 0;
  const next = () => packed[at++] ?? Number.NaN;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = next();
    if (!(byte >= 0) || shift > 28) return undefined;
    length += (byte & 127) * 2 ** shift;
    if (byte < 128) break;
  }
  if (length !== size) return undefined;
  const little = (bytes: number) => Array.from({ length: bytes }, (_, i) => next() * 2 ** (8 * i)).reduce((a, b) => a + b, 0);
  while (at < packed.length) {
    const tag = next();
    const kind = tag & 3;
    if (kind === 0) {
      const count = (tag >> 2 < 60 ? tag >> 2 : little((tag >> 2) - 59)) + 1;
      if (!(at + count <= packed.length && out.length + count <= size)) return undefined;
      for (let i = 0; i < count; i++) out.push(next());
      continue;
    }
    const count = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const offset = kind === 1 ? (tag >> 5) * 256 + next() : little(kind === 2 ? 2 : 4);
    if (!(offset > 0 && offset <= out.length && out.length + count <= size)) return undefined;
    for (let i = 0; i < count; i++) out.push(out[out.length - offset]);
  }
  return out.length === size ? Buffer.from(out) : undefined;
}

const unpacked = (packed: Buffer, size: number): Buffer | undefined => {
  try {
    return unpack(1, packed, size);
  } catch (e) {
    assert.instance(e, RangeError);
    return undefined;
  }
};

test('snappy, whole and damaged, is read as byte by byte', () => {
  const random = new Random(23);
  for (let round = 0; round < size(3000, 300_000); round++) {
    const plain = Buffer.alloc(1 + random.below(300));
    for (let i = 0; i < plain.length; i++)
      plain[i] = random.below(4) > 0 ? plain[Math.max(0, i - 1 - random.below(9))] : random.below(256);
    const packed = Buffer.from(snappyCompress(plain));
    assert.equal(unpacked(packed, plain.length), plain);
    for (let n = random.below(3); n >= 0; n--) packed[random.below(packed.length)] = random.below(256);
    const cut = random.below(4) === 0 ? packed.subarray(0, random.below(packed.length + 1)) : packed;
    const [ours, naive] = [unpacked(cut, plain.length), naiveSnappy(cut, plain.length)];
    assert.is(ours === undefined, naive === undefined, `round ${round}: ${cut.toString('hex')}`);
    if (naive) assert.equal(ours, naive);
  }
});

test('snappy of stored bytes, and of more than is held at a time, is unpacked', () => {
  const random = new Random(7);
  const stored = Buffer.from(Array.from({ length: 200_000 }, () => random.below(256)));
  assert.equal(unpacked(Buffer.from(snappyCompress(stored)), stored.length), stored);
  const large = Buffer.alloc(40 << 20, 'a text that comes again, ');
  assert.ok(unpacked(Buffer.from(snappyCompress(large)), large.length)!.equals(large));
});

test('runs of numbers of each width are read as bit by bit', () => {
  const random = new Random(5);
  for (let width = 1; width <= 32; width++) {
    const values: number[] = [];
    const bytes: number[] = [];
    for (let run = 0; run < 6; run++) {
      const groups = 1 + random.below(20);
      bytes.push(groups * 2 + 1);
      let held = 0n;
      for (let i = 0; i < groups * 8; i++) {
        const value = Math.floor(random.next() * 2 ** width);
        values.push(value | 0);
        held |= BigInt(value) << BigInt(i * width);
      }
      for (let b = 0; b < groups * width; b++) bytes.push(Number((held >> BigInt(8 * b)) & 255n));
    }
    const read = readRuns(Buffer.from(bytes), 0, bytes.length, width, values.length);
    assert.equal([...read], values, `width ${width}`);
  }
});

test('row groups are divided evenly among the slots', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'row-groups-'));
  const sc = await connect('local');
  try {
    const db = await (await DuckDBInstance.create(':memory:')).connect();
    const path = join(folder, 'r.parquet');
    await db.run(`copy (select i::int i from range(${25 * 2048}) t(i)) to '${path}' (format parquet, row_group_size 2048)`);
    const rows = sc.parquet(path, { minPartitions: 4 });
    const counts = await rows.mapPartitions((part) => [[...part].length / 2048]).collect();
    assert.equal(counts, [6, 7, 6, 6]);
  } finally {
    await sc.stop();
    rmSync(folder, { recursive: true });
  }
});

test.run();
