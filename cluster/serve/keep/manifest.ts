// The manifest of what a server keeps: a file that is there once all partitions of its dataset are, and says how to find them whole.
//
//   millrace-kept FORMAT CHECKSUM      of the lines below, in hexadecimal
//   JSON                               the dataset as bytes in base64, its code, its files with their sizes and checksums
import { crc32 } from 'node:zlib';
import type { JobCode } from '../../../runtime/plan/job';
import type { PublishedDataset } from '../../../runtime/plan/sharing/shared-datasets';
import { decodePublished, encodePublished } from '../../../runtime/plan/transfer';
import { maxTaskBlobs } from '../../base/limits';
import { countItem, Fields, refuse, textItem } from '../../link/fields';

/** Rises with each change of manifests, and of the files that they name. */
const format = 1;

const mostFiles = 2_000_000;
const mostText = 256;

/** A file beside the manifest: a partition by its number, or a blob of the user's code by its name. */
export interface KeptFile {
  readonly name: string;
  readonly bytes: number;
  readonly checksum: number;
}

/** What a manifest says. */
export interface Manifest {
  readonly dataset: PublishedDataset;
  readonly code: JobCode;
  readonly files: readonly KeptFile[];
  /** Of the last batch of a stream: its time, and what the stream was published with. */
  readonly stream?: { readonly time: number; readonly slide: number; readonly last: number };
}

/** Blobs of code, which are named by a hash of their bytes. */
export const isCodeName = (name: string): boolean => /^(?:modules|classes)-[0-9a-f]{40}$/.test(name);

/** Whether a file beside a manifest can have this name. */
const isKeptName = (name: string): boolean => /^\d+$/.test(name) || isCodeName(name);

export function encodeManifest({ dataset, code, files, stream }: Manifest): string {
  for (const { name } of files) if (!isKeptName(name)) refuse(`a kept file of the name ${name}`);
  const bytes = Buffer.from(encodePublished([dataset])).toString('base64');
  const text = `${JSON.stringify({ dataset: bytes, code, files, stream }, undefined, 1)}\n`;
  return `millrace-kept ${format} ${crc32(text).toString(16)}\n${text}`;
}

/** Throws an error whose message says what is wrong with it. */
export function decodeManifest(written: string): Manifest {
  const [, version, checksum] = /^millrace-kept (\d+) ([0-9a-f]+)\n/.exec(written) ?? [];
  if (version === undefined) throw new Error('it does not begin as a manifest');
  if (Number(version) !== format) throw new Error(`another version of Millrace wrote it (format ${version}, not ${format})`);
  const text = written.slice(written.indexOf('\n') + 1);
  if (crc32(text).toString(16) !== checksum) throw new Error('its checksum is wrong');
  const fields = new Fields('manifest', JSON.parse(text));
  const [dataset] = decodePublished(Buffer.from(fields.string('dataset', text.length), 'base64'));
  const manifest = {
    dataset: dataset ?? refuse('a manifest without a dataset'),
    code: readCode(fields.object('code')),
    files: fields.list('files', mostFiles, readFile),
    stream: fields.has('stream') ? readStream(fields.object('stream')) : undefined,
  };
  fields.end();
  return manifest;
}

function readCode(code: Fields): JobCode {
  const read = {
    modules: code.string('modules', mostText),
    classes: code.list('classes', maxTaskBlobs, textItem(mostText)),
  };
  code.end();
  for (const name of [read.modules, ...read.classes]) if (!isCodeName(name)) refuse(`code of the name ${name}`);
  return read;
}

function readFile(value: unknown, what: string): KeptFile {
  const file = new Fields(what, value);
  const read = {
    name: file.string('name', mostText),
    bytes: file.integer('bytes'),
    checksum: countItem(file.take('checksum'), `${what}.checksum`),
  };
  file.end();
  if (!isKeptName(read.name)) refuse(`${what} has the name ${read.name}`);
  return read;
}

function readStream(stream: Fields): NonNullable<Manifest['stream']> {
  const read = { time: stream.amount('time'), slide: stream.amount('slide'), last: stream.amount('last') };
  stream.end();
  return read;
}
