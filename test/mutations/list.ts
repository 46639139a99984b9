// Mistakes made by hand, each in one exact text of the engine, and the tests that are to catch it.

import type { Mutation } from './mutation';
import { onConnectors } from './on-connectors';
import { onServe } from './on-serve';
import { onSpark } from './on-spark';

const key = 'runtime/keys/key.ts';
const partitioner = 'runtime/keys/partitioner.ts';
const shuffleFile = 'runtime/storage/shuffle-file.ts';
const shuffleWriter = 'runtime/storage/shuffle-writer.ts';
const frameFile = 'runtime/storage/frame-file.ts';
const writer = 'runtime/wire/writer.ts';
const taskAccumulator = 'runtime/exec/task-accumulator.ts';

const keys: readonly Mutation[] = [
  {
    mistake: 'names are compared as texts, whatever their scope',
    file: 'shell/types/scopes.ts',
    find: 'if (!symbol?.declarations || this.#top.has(symbol)) names.add(id.text);',
    replace: 'names.add(id.text);',
    tests: ['property/scopes'],
  },
  {
    mistake: 'the carriage return before a line end belongs to the word',
    file: 'runtime/exec/files/token-counts.ts',
    find: 'if (end === start || bytes[end - 1] !== carriageReturn)',
    replace: 'if (end >= start)',
    tests: ['property/token-counts'],
  },
  {
    mistake: 'words of one hash and length are taken for one word',
    file: 'runtime/exec/files/token-counts.ts',
    find: 'for (let i = 0; i < length; i++) if (words[at + i] !== bytes[start + i]) return false;',
    replace: '',
    tests: ['property/token-counts'],
  },
  {
    mistake: 'texts of composite keys run into each other',
    file: key,
    find: 'return `"${v.length}:${v}`;',
    replace: 'return `"${v}`;',
    tests: ['runtime/keys/key'],
  },
  {
    mistake: 'objects with the same fields in another order are other keys',
    file: key,
    find: 'of Object.keys(v).sort())',
    replace: 'of Object.keys(v))',
    tests: ['runtime/keys/key'],
  },
  {
    mistake: 'NaN compares equal to every number',
    file: key,
    find: 'return Number.isNaN(a) ? (Number.isNaN(b) ? 0 : 1) : -1;',
    replace: 'return 0;',
    tests: ['runtime/keys/key'],
  },
  {
    mistake: 'a table that grows loses sight of keys',
    file: key,
    find: 'let p = this.#hashes[i] & mask;',
    replace: 'let p = (this.#hashes[i] >>> 1) & mask;',
    tests: ['runtime/keys/key'],
  },
  {
    mistake: 'composite keys are never the same key in a merge of runs',
    file: key,
    find: "return typeof a === 'object' && a !== null && b !== null && keyText(a) === keyText(b);",
    replace: 'return false;',
    tests: ['runtime/keys/key', 'runtime/exec/spill'],
  },
  {
    mistake: 'keys of one hash are taken for one key in a merge of runs',
    file: 'runtime/keys/few-keys.ts',
    find: 'if (sameKey(keys[i], key)) return i;',
    replace: 'if (sameKey(keys[i], keys[i])) return i;',
    tests: ['runtime/exec/spill'],
  },
];

const partitioners: readonly Mutation[] = [
  {
    mistake: 'a key that is a bound goes into the range behind it',
    file: partitioner,
    find: 'if (compareKeys(bounds[middle], key) < 0) low = middle + 1;',
    replace: 'if (compareKeys(bounds[middle], key) <= 0) low = middle + 1;',
    tests: ['runtime/ops/placement', 'runtime/ops/pairs'],
  },
  {
    mistake: 'a descending sort puts its ranges in ascending order',
    file: partitioner,
    find: 'return this.ascending ? low : bounds.length - low;',
    replace: 'return low;',
    tests: ['runtime/ops/pairs', 'runtime/ops/operators'],
  },
  {
    mistake: 'datasets of different numbers of partitions are joined without a shuffle',
    file: partitioner,
    find: 'return other instanceof HashPartitioner && other.numPartitions === this.numPartitions;',
    replace: 'return other instanceof HashPartitioner;',
    tests: ['runtime/ops/pairs', 'property/programs'],
  },
  {
    mistake: 'a partitioner of the user may name a partition that is not there',
    file: partitioner,
    find: '&& (value as number) >= 0 && (value as number) < this.numPartitions)',
    replace: '&& (value as number) >= 0)',
    tests: ['runtime/ops/placement', 'runtime/ops/row-errors'],
  },
  {
    mistake: 'combined pairs go to another partition than the partitioner says',
    file: shuffleWriter,
    find: 'table.hashOf(i) % n',
    replace: '(table.hashOf(i) + 1) % n',
    tests: ['runtime/ops/pairs', 'property/programs'],
  },
];

const merges: readonly Mutation[] = [
  {
    mistake: 'answers merge in the order in which tasks end',
    file: 'runtime/ops/actions.ts',
    find: 'answers[place.get(p)!] = value as A;',
    replace: 'answers.push(value as A);',
    tests: ['runtime/exec/engine-parts', 'cluster/jobs/pool-engine', 'cluster/jobs/grid'],
  },
  {
    mistake: 'runs of combined values overwrite each other',
    file: 'runtime/exec/external/combine.ts',
    find: 'else values[e] = this.#merge(values[e], value);',
    replace: 'else values[e] = value;',
    tests: ['runtime/exec/spill'],
  },
  {
    mistake: 'rows of equal keys come in any order of their runs',
    file: 'runtime/exec/external/sorted-runs.ts',
    find: 'return order === 0 ? a.number < b.number : order < 0;',
    replace: 'return order === 0 ? a.number > b.number : order < 0;',
    tests: ['runtime/exec/spill'],
  },
  {
    mistake: 'the outer sides of a spilled join are swapped',
    file: 'runtime/exec/external/join.ts',
    find: 'own.length === 0 && options.right ? missing : own;',
    replace: 'own.length === 0 && options.left ? missing : own;',
    tests: ['runtime/exec/spill'],
  },
  {
    mistake: 'what was grouped last is forgotten once something was spilled',
    file: 'runtime/exec/external/group.ts',
    find: 'this.#spill();\n    yield* chunked(this.#merged()',
    replace: 'yield* chunked(this.#merged()',
    tests: ['runtime/exec/spill'],
  },
];

const checksums: readonly Mutation[] = [
  {
    mistake: 'frames of shuffle files are not checked',
    file: shuffleFile,
    find: 'frame.length >= frameHead && crc32(frame.subarray(4)) === frame.readUInt32LE(0)',
    replace: 'frame.length >= frameHead',
    tests: ['runtime/storage/storage'],
  },
  {
    mistake: 'the index of shuffle files is not checked',
    file: shuffleFile,
    find: 'if (crc32(trailer.subarray(0, 8), crc32(index)) !== trailer.readUInt32LE(8))',
    replace: 'if (index.length === 0)',
    tests: ['runtime/storage/storage'],
  },
  {
    mistake: 'frames of persisted partitions are not checked',
    file: frameFile,
    find: ' && checksumOf(frame) === frame.readUInt32LE(4);',
    replace: ';',
    tests: ['runtime/storage/block-storage', 'runtime/storage/storage'],
  },
  {
    mistake: 'files of persisted partitions give rows before they are checked as a whole',
    file: frameFile,
    find: 'file.#checkFrames();',
    replace: '',
    tests: ['runtime/storage/block-storage', 'runtime/rdd/checkpoint'],
  },
  {
    mistake: 'a file that misses its last frames passes',
    file: frameFile,
    find: "if (frames !== trailer.readUInt32LE(0)) damaged(this.#path, 'frames are missing');",
    replace: '',
    tests: ['runtime/storage/block-storage', 'runtime/storage/storage'],
  },
];

const codec: readonly Mutation[] = [
  {
    mistake: '-0 arrives as 0',
    file: writer,
    find: 'if ((v | 0) === v && !Object.is(v, -0)) {',
    replace: 'if ((v | 0) === v) {',
    tests: ['runtime/wire/codec'],
  },
  {
    mistake: 'texts beyond Latin-1 lose half of their characters',
    file: writer,
    find: 'if (Buffer.byteLength(s) === s.length) {',
    replace: 'if (s.length > 0) {',
    tests: ['runtime/wire/codec'],
  },
  {
    mistake: 'holes of arrays become undefined',
    file: writer,
    find: 'if (!(i in v)) return this.sparse(v);',
    replace: 'if (i < 0) return this.sparse(v);',
    tests: ['runtime/wire/codec'],
  },
  {
    mistake: 'functions in rows vanish silently',
    file: writer,
    find: "case 'function':\n        return refuse(",
    replace:
      "case 'function':\n        return this.byte(Tag.Undefined);\n      case 'never' as 'symbol':\n        return refuse(",
    tests: ['runtime/wire/codec'],
  },
];

const spilling: readonly Mutation[] = [
  {
    mistake: 'runs of an external sort are sorted the other way round',
    file: 'runtime/exec/external/sort.ts',
    find: 'if (columns.bytes > space.budget) runs.write(flat(columns.take(ascending)));',
    replace: 'if (columns.bytes > space.budget) runs.write(flat(columns.take(!ascending)));',
    tests: ['runtime/exec/spill'],
  },
  {
    mistake: 'runs of a descending external sort are merged in ascending order',
    file: 'runtime/exec/external/sort.ts',
    find: '(a: Pair, b: Pair) => compareKeys(b[0], a[0]);',
    replace: '(a: Pair, b: Pair) => compareKeys(a[0], b[0]);',
    tests: ['runtime/exec/spill'],
  },
  {
    mistake: 'what an external sort read last is forgotten',
    file: 'runtime/exec/external/sort.ts',
    find: '  runs.write(flat(columns.take(ascending)));\n  yield*',
    replace: '  yield*',
    tests: ['runtime/exec/spill'],
  },
  {
    mistake: 'spill files stay behind',
    file: 'runtime/storage/spill-file.ts',
    find: '    removeQuietly(this.#path);\n  }\n}',
    replace: '  }\n}',
    tests: ['runtime/exec/spill', 'cluster/jobs/memory'],
  },
  {
    mistake: 'room is made by what has a higher priority',
    file: 'runtime/storage/memory-store.ts',
    find: 'if (id === rddId || dataset.priority > priority) continue;',
    replace: 'if (id === rddId) continue;',
    tests: ['runtime/storage/block-storage', 'runtime/storage/storage'],
  },
  {
    mistake: 'a full table of a map task is passed on twice',
    file: 'runtime/exec/emitter.ts',
    find: '${table}=rt.keyTable();${values}=[];${more}=${room}(${table},${values})}}`',
    replace: '${more}=64}}`',
    tests: ['runtime/exec/spill'],
  },
];

const accumulators: readonly Mutation[] = [
  {
    mistake: 'what tasks add is not reported',
    file: taskAccumulator,
    find: 'checkAdded(this.#kind, value);\n    this.touched = true;',
    replace: 'checkAdded(this.#kind, value);',
    tests: ['runtime/ops/operators', 'runtime/ops/actions'],
  },
  {
    mistake: 'adding keeps only what came last',
    file: taskAccumulator,
    find: "this.#merge(this.#value, this.#kind === 'collection' ? [value] : value);",
    replace: "this.#kind === 'collection' ? [value] : (value as number);",
    tests: ['runtime/ops/operators', 'runtime/ops/actions'],
  },
];

const capture: readonly Mutation[] = [
  {
    mistake: 'variables that two functions share are shipped as two copies',
    file: 'runtime/closure/capture/encode-function.ts',
    find: 'shared.written = true;',
    replace: 'shared.written = false;',
    tests: ['runtime/closure/closure-cases', 'runtime/closure/closure-capture'],
  },
  {
    mistake: 'a closure captures its variables at the first job, not at the call',
    file: 'runtime/rdd/function-argument.ts',
    find: 'if (taken.deadZone === undefined) this.#capture = this.#frozen(taken);',
    replace: '',
    tests: ['runtime/closure/frozen', 'runtime/closure/closure-capture'],
  },
  {
    mistake: 'values that lead back to their function are set too early',
    file: 'runtime/closure/capture/capture-function.ts',
    find: 'const isLate = encoder.cyclic ? backEdges(nodes, drafts) : () => false;',
    replace: 'const isLate = () => false;',
    tests: ['runtime/closure/closure-cases'],
  },
];

const retries: readonly Mutation[] = [
  {
    mistake: 'a damaged shuffle file is the fault of the user',
    file: 'runtime/exec/files/read-bucket.ts',
    find: 'throw new FetchFailure(shuffleId, location, asError(e).message);',
    replace: 'throw asError(e);',
    tests: ['runtime/storage/storage', 'runtime/ops/errors', 'cluster/jobs/faults'],
  },
  {
    mistake: 'a late report invalidates a newer output',
    file: 'runtime/scheduler/map-outputs.ts',
    find: 'if (outputs?.[mapIndex]?.writer !== writer) return;',
    replace: 'if (outputs?.[mapIndex] === undefined) return;',
    tests: ['runtime/scheduler/dag', 'sim'],
  },
  {
    mistake: 'an end counts whichever executor reports it',
    file: 'runtime/scheduler/dag.ts',
    find: 'if (!task || task.executorId !== executorId) return;',
    replace: 'if (!task) return;',
    tests: ['runtime/scheduler/dag', 'sim'],
  },
  {
    mistake: 'a failing task gets one try too many',
    file: 'runtime/scheduler/dag.ts',
    find: 'if (failures >= options.taskMaxFailures)',
    replace: 'if (failures > options.taskMaxFailures)',
    tests: ['runtime/scheduler/dag', 'runtime/ops/errors', 'runtime/ops/row-errors'],
  },
  {
    mistake: 'failures of a task are not counted',
    file: 'runtime/scheduler/running-stage.ts',
    find: '(counts ? 1 : 0)',
    replace: '(counts ? 0 : 0)',
    tests: ['runtime/scheduler/dag', 'runtime/ops/errors'],
  },
];

const inputs: readonly Mutation[] = [
  {
    mistake: 'a longer text passes for a file that grew, whatever it begins with',
    file: 'runtime/plan/file-version.ts',
    find: "if (checksum(samplesOf(path, fd, known.size)) === known.sample) return '';",
    replace: "if (now.size >= known.size) return '';",
    tests: ['exec/changed-files'],
  },
  {
    mistake: 'a packed file whose end is missing passes for a whole one',
    file: 'runtime/formats/byte-source.ts',
    find: 'yield push(Buffer.alloc(0), constants.Z_FINISH);',
    replace: 'yield push(Buffer.alloc(0), constants.Z_SYNC_FLUSH);',
    tests: ['exec/text'],
  },
  {
    mistake: 'a file that takes the name of another one passes for the one that was read',
    file: 'runtime/streaming/sources/new-files.ts',
    find: "if (change === 'replaced') continue;",
    replace: "if (change === 'replaced' && notes.length < 0) continue;",
    tests: ['stream-files'],
  },
  {
    mistake: '** enters the linked folders beside it',
    file: 'runtime/rdd/inputs/input-paths.ts',
    find: 'if (depth < followed) return',
    replace: 'if (depth <= followed) return',
    tests: ['rdd/inputs'],
  },
];

export const mutations: readonly Mutation[] = [
  ...keys,
  ...partitioners,
  ...merges,
  ...checksums,
  ...codec,
  ...spilling,
  ...accumulators,
  ...capture,
  ...retries,
  ...inputs,
  ...onConnectors,
  ...onServe,
  ...onSpark,
];
