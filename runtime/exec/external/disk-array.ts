// The values of one key that do not fit into memory, as an array that is read from disk: for the functions that iterate over a group.
import { MillraceError } from '../../base/errors';
import { sizeHint, sizeOfArray } from '../../storage/size-of';
import type { SpilledFrame, SpillFile } from '../../storage/spill-file';

/** Values in the order in which they came: in memory first, in frames on disk from `budget` on. */
export class GrowingGroup {
  readonly #file: SpillFile;
  readonly #budget: number;
  #values: unknown[] = [];
  #bytes = 0;
  readonly #frames: SpilledFrame[] = [];
  /** The index behind the last value of each frame. */
  readonly #ends: number[] = [];
  #spilled = 0;
  #spilledBytes = 0;

  constructor(file: SpillFile, budget: number) {
    this.#file = file;
    this.#budget = budget;
  }

  /** Whether its values are on disk. */
  get isSpilled(): boolean {
    return this.#frames.length > 0;
  }

  add(values: readonly unknown[]): void {
    for (const value of values) this.#values.push(value);
    this.#bytes += sizeOfArray(values);
    if (this.#bytes > this.#budget) this.#flush();
  }

  #flush(): void {
    if (this.#values.length === 0) return;
    this.#frames.push(this.#file.write(this.#values));
    this.#spilled += this.#values.length;
    this.#spilledBytes += this.#bytes;
    this.#ends.push(this.#spilled);
    this.#values = [];
    this.#bytes = 0;
  }

  /** An array of the values: a real one as long as they fit, else one that reads from disk. */
  end(): unknown[] {
    if (this.#frames.length === 0) return this.#values;
    this.#flush();
    return diskArray(this.#file, this.#frames, this.#ends, this.#spilledBytes);
  }
}

/** What console.log asks an object for. It looks at the target of a proxy, which has none of the values. */
const inspect = Symbol.for('nodejs.util.inspect.custom');

const arrayIndex = /^(0|[1-9]\d*)$/;

/**
 * An array by all that can be asked of one, which keeps one frame of its values in memory. It cannot be changed, and is there as long as
 * its task.
 */
function diskArray(file: SpillFile, frames: readonly SpilledFrame[], ends: readonly number[], bytes: number): unknown[] {
  const length = ends[ends.length - 1];
  let loaded = -1;
  let values: unknown[] = [];

  const load = (frame: number): unknown[] => {
    if (frame === loaded) return values;
    if (!file.isOpen) throw new MillraceError('GROUP_GONE', { length });
    values = file.read(frames[frame]);
    loaded = frame;
    return values;
  };
  const at = (index: number): unknown => {
    const near = loaded >= 0 && index < ends[loaded] && index >= (ends[loaded - 1] ?? 0);
    const frame = near ? loaded : firstEndAfter(ends, index);
    return load(frame)[index - (ends[frame - 1] ?? 0)];
  };
  const iterate = function* (): Generator<unknown> {
    for (let frame = 0; frame < frames.length; frame++) yield* load(frame);
  };
  const own = new Map<string | symbol, unknown>([
    ['length', length],
    [Symbol.iterator, iterate],
    ['values', iterate],
    [sizeHint, bytes],
    [inspect, () => `[ ${length} values on disk ]`],
  ]);
  const isIndex = (key: string | symbol): key is string =>
    typeof key === 'string' && arrayIndex.test(key) && Number(key) < length;
  const readOnly = (): never => {
    throw new MillraceError('GROUP_ON_DISK', { length });
  };

  const target = Object.assign([] as unknown[], { [inspect]: own.get(inspect) });
  return new Proxy<unknown[]>(target, {
    get: (target, key) => {
      if (isIndex(key)) return at(Number(key));
      return own.has(key) ? own.get(key) : Reflect.get(target, key);
    },
    has: (target, key) => isIndex(key) || Reflect.has(target, key),
    set: readOnly,
    defineProperty: readOnly,
    deleteProperty: readOnly,
  });
}

/** The first frame that ends behind an index. */
function firstEndAfter(ends: readonly number[], index: number): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ends[middle] > index) high = middle;
    else low = middle + 1;
  }
  return low;
}
