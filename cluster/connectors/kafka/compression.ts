// The codecs of record batches.

import { gunzipSync, gzipSync } from 'node:zlib';
import { decompress as unpackZstd } from 'fzstd';
import { connectorError } from '../../../runtime/base/declared/connector-failure';
import { unpackSnappy } from '../../../runtime/formats/snappy';
import type { Client } from './client-package';

/** By their number in a batch. */
const names = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;

/** How batches that are written may be compressed. */
export type KafkaCompression = 'none' | 'gzip' | 'lz4';

/** The length that a block of Snappy says it has. */
function snappyLength(block: Uint8Array): number {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    length |= (block[i] & 127) << (7 * i);
    if (block[i] < 128) break;
  }
  return length >>> 0;
}

const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);
const xerialHead = 16;

/** Java writes blocks with their lengths behind a head of its own; others write one block. */
function snappy(data: Buffer): Buffer {
  if (!data.subarray(0, xerialMagic.length).equals(xerialMagic)) return unpackSnappy(data, snappyLength(data));
  const blocks: Uint8Array[] = [];
  for (let at = xerialHead; at + 4 <= data.length; ) {
    const size = data.readInt32BE(at);
    const block = data.subarray(at + 4, at + 4 + size);
    // A copy: the next block may be unpacked to the same place.
    blocks.push(Buffer.from(unpackSnappy(block, snappyLength(block))));
    at += 4 + size;
  }
  return Buffer.concat(blocks);
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer => Buffer.from(buffer, byteOffset, byteLength);

/** The records of a batch by the number of its codec. */
export function unpacked(codec: number, data: Buffer, { compressionsAlgorithms }: Client): Buffer {
  switch (names[codec]) {
    case 'none':
      return data;
    case 'gzip':
      return gunzipSync(data);
    case 'snappy':
      return snappy(data);
    case 'lz4':
      return viewOf(compressionsAlgorithms.lz4.decompressSync(data));
    case 'zstd':
      return viewOf(unpackZstd(data));
    default:
      throw connectorError('failed', `a batch has the unknown codec ${codec}`, 'Read it with a version that knows its broker.');
  }
}

/** The number of a codec, and the records packed by it. */
export function packed(name: KafkaCompression, data: Buffer, { compressionsAlgorithms }: Client): readonly [number, Buffer] {
  switch (name) {
    case 'none':
      return [0, data];
    case 'gzip':
      return [1, gzipSync(data)];
    case 'lz4':
      return [3, viewOf(compressionsAlgorithms.lz4.compressSync(data))];
  }
}
