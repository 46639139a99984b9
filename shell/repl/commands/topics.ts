// Help on what is no command: short texts by topic. Lines that begin with `> ` are entries that a test runs, with what they print below.
import { keysHelp } from '../../editor/keys';

interface Topic {
  readonly lines: readonly string[];
}

const topic = (text: string): Topic => ({ lines: text.replace(/^\n|\n$/g, '').split('\n') });

export const topics: Readonly<Record<string, Topic>> = Object.assign(Object.create(null), {
  datasets: topic(`
A dataset (RDD) is lazy: operators describe it, actions compute it on the executors. sc makes them: range, parallelize, textFile, …
> sc.range(10).filter(x => x % 2 === 1).map(x => x * x).collect()
res0: number[] = [1, 9, 25, 49, 81]
At the prompt a dataset prints a sample of 20 rows (.set rows). .show N shows more, .page all that fits, .plot draws, .export writes a file.
cache() keeps what is computed; .datasets lists what is kept. .explain shows the stages, .stages how they ran.`),

  pairs: topic(`
Arrays of two are pairs, [key, value]; operators by key are offered on datasets of them.
> sc.parallelize(['a', 'b', 'a']).map(w => [w, 1]).reduceByKey((a, b) => a + b).collectAsMap()
res0: Map<string, number>  2 entries
 "b"    │      1
 "a"    │      2
reduceByKey adds up before it shuffles; groupByKey moves every row, so use it only where all values of a key are needed at once.
join, cogroup, subtractByKey match two datasets; partitionBy(new HashPartitioner(8)) spreads one so that later joins need no shuffle.
Keys compare by value: strings, numbers, dates, and arrays and plain objects of these.`),

  streams: topic(`
stream('1s') is the streaming context of this shell: batches of what came each second. stream() is the same one again.
  const lines = stream('1s').socketTextStream('localhost', 9999)    also { listen: 9999 }, textFileStream(folder), generatorStream(1000, i => i)
  const counts = lines.flatMap(l => l.split(' ')).map(w => [w, 1]).reduceByKeyAndWindow('30s', (a, b) => a + b, (a, b) => a - b)
  counts.watch()       a live pane above the prompt: its first rows, their bars, how the stream keeps up; starts the streams
  counts.print(20)     a table each batch; foreachRDD(f) and others: stream().start() starts them
  counts.remember('5m'), then counts.latest(), counts.between('21:00', '21:05'): queries on what has flowed
check compares what operators make of batches, without waiting:
> await check.batches([[1], [2]], s => s.map(x => x * 2), [[2], [4]])
.streams lists sources and outputs, .stop NAME ends one of them, .stop all. Ctrl-C leaves streams running.
.exit and Ctrl-D work off what was received. A script waits with await stream().awaitTermination().`),

  closures: topic(`
A function given to an operator is sent to the executors with the variables that it uses, frozen as they are at that call.
> function times(k: number) { const made = sc.parallelize([1, 2, 3]).map(x => x * k); k = 10; return made }
> times(2).collect()
res0: number[] = [2, 4, 6]
Classes, Maps, dates and your own modules travel too; sockets, files, promises and datasets do not, and the error says which was captured.
What a function changes on an executor stays there: count with sc.longAccumulator(), send large tables once with sc.broadcast(value).`),

  errors: topic(`
An error of a function shows your line, the element it worked on, and the stage and partition; .errors full shows every frame.
A type error stops an entry before it runs and marks the place. Names, cached datasets and streams outlive any error.
> await sc.range(3).map(x => { if (x === 2) throw new RangeError('two'); return x }).count().catch(e => e.details.remote.name)
res0: any = "RangeError"
A task that fails is tried 4 times. Ctrl-C cancels the job of the prompt, .cancel what runs behind it.`),

  scripts: topic(`
millrace FILE [args…] runs a file, -e CODE some code, - standard input; the exit status is 0, or 1 after an error, 130 after Ctrl-C.
A script sees the names of the prompt; its arguments are args. Lines that are commands of the prompt (.export …) run as such.
> args
res0: readonly string[] = []
millrace --watch FILE runs it again, in the same session, whenever it or a module that it imports changes.
.load FILE runs a file here, statement by statement, its names staying; .run FILE runs it as a module of its own, whose exports become names.
.save FILE writes the entries that ran. ~/.millracerc.ts (or $XDG_CONFIG_HOME/millrace/rc.ts) runs before the first prompt; --no-rc leaves it out.`),

  memory: topic(`
Each executor has a heap (--executor-memory MiB): half of it keeps datasets, a fifth is for what one task gathers; what does not fit goes to disk.
> sc.range(1000).persist(StorageLevel.MEMORY_AND_DISK).count()
res0: number = 1000
collect() brings all rows into the shell: take(n), toLocalIterator() and .export do not. A result above 1 GiB is refused.
unpersist() frees a kept dataset; persist(level, { priority }) says which goes first. .datasets shows where they are.`),

  spark: topic(`
Names and semantics are those of Spark's RDDs. What differs: a closure is frozen where it is written, results merge in the order of
partitions, arguments are checked when the operator is called, and an action needs no await at the prompt.
> sc.parallelize([3, 1, 2], 2).sortBy(x => x).first()
res0: number = 1
  spark-shell               here
  x => (x, 1)               x => [x, 1]
  xs.foreach(println)       xs.collect(), or just xs
  :load :type :paste        the same, or .load .type .paste
  :history :reset :quit     the same; also :help, :save, :load for a replay
  toDebugString             .explain xs, or xs.toDebugString()
  the pages of jobs         .jobs, .stages, .datasets
  --conf KEY=VALUE          the same, with the names of sc.config (millrace --help lists them)`),

  keys: { lines: [...keysHelp(), 'An entry that begins with a space is not kept in the history.'] },
});

/** Names for the list of help and for suggestions. */
export const topicNames = (): string[] => Object.keys(topics);
