// How the text of a file is written, by its first bytes: plain, packed, or UTF-16. What is no text is refused by its name.
import { notReadable } from '../base/files';

/** Only plain text can be cut into ranges. */
export type TextForm = 'plain' | 'gzip' | 'zstd' | 'utf-16le' | 'utf-16be' | 'latin1';

/** The bytes at the start of a file that tell its form: the mark of a tar archive stands at 257. */
export const headBytes = 4096;

const unpackFirst = 'Unpack it first; of packed texts, Millrace reads gzip and zstd.';
const asTable = 'Have a program that reads it write Parquet or CSV, for sc.parquet(path) or sc.csv(path).';
const asText = 'Write it as text first, or read it with an npm package in mapPartitions.';

/** What files begin with that are no text, and the remedy. */
const others: readonly (readonly [kind: string, magic: Buffer | RegExp, remedy: string])[] = [
  ['packed by bzip2', /^BZh[1-9](1AY&SY|\x17rE8P\x90)/, unpackFirst],
  ['packed by xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), unpackFirst],
  ['packed by lz4', Buffer.from([0x04, 0x22, 0x4d, 0x18]), unpackFirst],
  ['packed by compress', Buffer.from([0x1f, 0x9d]), unpackFirst],
  ['packed by lzop', Buffer.from([0x89, 0x4c, 0x5a, 0x4f, 0, 0x0d, 0x0a, 0x1a]), unpackFirst],
  ['packed by snappy', Buffer.from('\xff\x06\x00\x00sNaPpY', 'latin1'), unpackFirst],
  [
    'an Excel workbook',
    /^PK\x03\x04[\s\S]{26,60}(?:xl\/|\[Content_Types\]\.xml|_rels\/)/,
    'Save it as CSV in the program, and read that with sc.csv(path).',
  ],
  ['a zip archive', /^PK(\x03\x04|\x05\x06)/, unpackFirst],
  ['a 7z archive', Buffer.from([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]), unpackFirst],
  ['a tar archive', /^[\s\S]{257}ustar[\0 ]/, unpackFirst],
  ['a Parquet file', /^PAR1[^\n]*[\0-\x08]/, 'Read it with sc.parquet(path).'],
  ['an Arrow file', Buffer.from('ARROW1\0\0', 'latin1'), 'Read it with sc.arrow(path).'],
  ['a stream of Arrow', /^\xff\xff\xff\xff[\s\S]{2}\0\0\x10\0\0\0/, 'Read it with sc.arrow(path).'],
  ['an ORC file', /^ORC[\0-\x08]/, asTable],
  ['an Avro file', Buffer.from('Obj\x01', 'latin1'), asTable],
  ['a SQLite database', Buffer.from('SQLite format 3\0', 'latin1'), asText],
  ['an object file', Buffer.from([0x4d, 0x52, 0x4f, 0x01]), 'Read it with sc.objectFile: saveAsObjectFile wrote it.'],
  ['UTF-32 text', /^(\xff\xfe\0\0|\0\0\xfe\xff)/, 'Write it as UTF-8: iconv -f UTF-32 -t UTF-8.'],
];

/** Throws UNREADABLE_FILE for bytes at the start of a file that begin no text. */
export function checkText(path: string, head: Buffer): void {
  // Most files are known by their first byte to be none of these.
  const text = head.toString('latin1', 0, 300);
  for (const [kind, magic, remedy] of others) {
    const matches = magic instanceof RegExp ? magic.test(text) : head.subarray(0, magic.length).equals(magic);
    if (matches) notReadable(path, `it is ${kind}, not a text`, remedy);
  }
}

/** What a frame of zstd begins with. */
const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** Whether a text must be unpacked. */
export const isPacked = (form: TextForm): boolean => form === 'gzip' || form === 'zstd';

/** The form of a file whose first bytes these are. Its name counts only where it says .gz or .zst. Throws UNREADABLE_FILE for what is no text. */
export function formOf(path: string, head: Buffer): TextForm {
  if ((head[0] === 0x1f && head[1] === 0x8b) || /\.gz$/i.test(path)) return 'gzip';
  if (head.subarray(0, 4).equals(zstdMagic) || /\.zst$/i.test(path)) return 'zstd';
  checkText(path, head);
  return wideForm(head) ?? 'plain';
}

/** UTF-16 by its mark, or by Latin letters without one: most of every second byte are zero, and none of the others. */
export function wideForm(head: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  const pairs = Math.floor(head.length / 2);
  if (pairs < leastPairs) return undefined;
  const zeros = [0, 0];
  for (let i = 0; i < pairs * 2; i++) if (head[i] === 0) zeros[i & 1]++;
  if (zeros[0] === 0 && zeros[1] > pairs / 2) return 'utf-16le';
  return zeros[0] > pairs / 2 && zeros[1] === 0 ? 'utf-16be' : undefined;
}

/** Characters that show UTF-16 without a mark: fewer may be chance. */
const leastPairs = 8;

/** The three bytes that some programs write before UTF-8; they are no part of the first line. */
export const hasMark = (bytes: Buffer): boolean => bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
