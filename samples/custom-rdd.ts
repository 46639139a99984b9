// A custom kind of dataset: the numbers of a sequence, each partition computed from its own start.
class Collatz extends CustomRDD<[number, number], [number, number]> {
  /** Plain data for each partition: which numbers it computes. */
  getPartitions(): [number, number][] {
    return [0, 1, 2, 3].map((i) => [i * 2500 + 1, (i + 1) * 2500]);
  }

  /** Runs on an executor, where there is no `this`: all that it needs comes as arguments. */
  compute = function* ([from, to]: [number, number]): Generator<[number, number]> {
    for (let start = from; start <= to; start++) {
      let steps = 0;
      for (let n = start; n !== 1; n = n % 2 === 0 ? n / 2 : 3 * n + 1) steps++;
      yield [start, steps];
    }
  };
}

const longest = await new Collatz(sc).reduce((a, b) => (a[1] >= b[1] ? a : b));
console.log(`${longest[0]} takes ${longest[1]} steps to 1, the most of the first 10,000 numbers`);
