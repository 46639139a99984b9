// Cuts input files into partitions: large plain ones into ranges of bytes, small neighbours together.
import { MillraceError } from '../../base/errors';
import { fileOpenBytes, maxPartitions, smallFilesBytes, textSplitBytes } from '../../base/limits';
import type { InputFile, TextRange } from '../../plan/input-file';
import { isPacked } from '../../plan/input-form';
import type { SplitRule } from '../../plan/node';
import type { KnownFile } from './known-files';

/** What a file costs to read, in bytes: opening it, and of a packed one the text that it becomes. */
const costOf = ({ form, version }: KnownFile) => version.size * (isPacked(form) ? packedRatio : 1) + fileOpenBytes;

const packedRatio = 4;

/** Puts neighbours among small files together, as long as there are `least` groups; a file above the goal is a group of its own. */
export function groupsOfFiles(files: readonly KnownFile[], least: number): KnownFile[][] {
  const total = files.reduce((sum, file) => sum + costOf(file), 0);
  const goal = Math.min(smallFilesBytes, total / least);
  const groups: KnownFile[][] = [];
  let room = 0;
  for (const file of files) {
    const cost = costOf(file);
    if (cost > room) {
      groups.push([]);
      room = goal;
    }
    groups.at(-1)!.push(file);
    room -= cost;
  }
  return groups;
}

/**
 * What the partitions of text files read: `least` partitions at least, of 32 MiB at most. Large plain files are cut into ranges of about
 * equal size; small neighbours share a partition, as in Hadoop's combined inputs, if there are enough for `slots` tasks.
 */
export function partitionsOfFiles(files: readonly KnownFile[], least: number, slots: number): TextRange[][] {
  const full = files.filter(({ version }) => version.size > 0);
  const total = full.reduce((sum, f) => sum + (f.form === 'plain' ? f.version.size : 0), 0);
  const goal = Math.max(1, Math.min(textSplitBytes, Math.ceil(total / least)));
  const out: TextRange[][] = [];
  for (const group of groupsOfFiles(full, Math.max(least, slots))) {
    if (group.length === 1) out.push(...cut(group[0], goal).map((range) => [range]));
    else out.push(group.map((file) => ({ ...file, start: 0, end: file.version.size })));
  }
  if (out.length > maxPartitions)
    throw new MillraceError('BAD_ARGUMENT', {
      operation: 'textFile',
      argument: 'the number of partitions',
      value: out.length,
      rule: `at most ${maxPartitions}`,
      remedy: 'Read fewer files, or ask for fewer partitions.',
    });
  return out;
}

/** Only plain text can be cut. */
function cut(file: KnownFile, goal: number): TextRange[] {
  const { size } = file.version;
  // A last piece of up to a tenth more is not worth a task of its own.
  const pieces = file.form === 'plain' ? Math.max(1, Math.ceil(size / goal - 0.1)) : 1;
  const at = (i: number) => Math.floor((size * i) / pieces);
  return Array.from({ length: pieces }, (_, i) => ({ ...file, start: at(i), end: at(i + 1) }));
}

/** What the partitions of a dataset of text files read: each file is named once. */
export function textSplits(partitions: readonly (readonly TextRange[])[]): SplitRule {
  const files: InputFile[] = [];
  const places = new Map<string, number>();
  const placeOf = ({ path, form, version, byEngine }: TextRange): number => {
    const known = places.get(path);
    if (known !== undefined) return known;
    places.set(path, files.length);
    return files.push({ path, form, version, byEngine }) - 1;
  };
  const ranges = partitions.map((parts) => parts.map((range) => [placeOf(range), range.start, range.end] as const));
  return { kind: 'text', files, ranges };
}

/** What the partitions of a dataset of whole files read: the given files of each, in their order. */
export function fileSplits(partitions: readonly (readonly InputFile[])[]): SplitRule {
  const bounds = [0];
  for (const files of partitions) bounds.push(bounds[bounds.length - 1] + files.length);
  return { kind: 'files', files: partitions.flat(), bounds };
}
