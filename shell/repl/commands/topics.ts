// The help topics: short texts. A test runs each line that begins with `> ` and compares what it prints with the lines below.
import { keysHelp } from '../../editor/keys';

interface Topic {
  readonly lines: readonly string[];
}

const topic = (text: string): Topic => ({ lines: text.replace(/^\n|\n$/g, '').split('\n') });

export const topics: Readonly<Record<string, Topic>> = Object.assign(Object.create(null), {
  datasets: topic(`
A dataset (RDD) is lazy: operators describe it, actions compute it on the executors. sc makes datasets: range, parallelize, textFile, …
> sc.range(10).filter(x => x % 2 === 1).map(x => x * x).collect()
res0: number[] = [1, 9, 25, 49, 81]
The prompt prints a sample of 20 rows (.set rows). .show N shows more, .page uses a pager, .plot draws, .export writes a file.
cache() persists a dataset; .datasets lists the persisted ones. .explain shows the stages, .stages how they ran.`),

  pairs: topic(`
Arrays of two are pairs, [key, value]. Datasets of pairs have operators by key.
> sc.parallelize(['a', 'b', 'a']).map(w => [w, 1]).reduceByKey((a, b) => a + b).collectAsMap()
res0: Map<string, number>  2 entries
 "b"    │      1
 "a"    │      2
reduceByKey combines before it shuffles. groupByKey moves every row; use it only if you need all values of a key at once.
join, cogroup and subtractByKey match two datasets. After partitionBy(new HashPartitioner(8)) later joins need no shuffle.
Keys compare by value: strings, numbers, dates, and arrays and plain objects of these.`),

  tables: topic(`
Files with columns: sc.csv, sc.json, sc.jsonLines, sc.parquet and sc.arrow. The prompt reads the columns and their types as you type the path.
  const flights = sc.csv('flights.csv')    folders and patterns too; Tab completes flights.map(f => f.
  sc.sqlTable('postgres://me@db/shop', 'orders')    MySQL, MariaDB and SQLite too; rows.saveToTable(url, table) writes
  sc.cassandra('shop', 'orders', { hosts: '10.0.0.1' })    saveToCassandra writes, keys.joinWithCassandra looks up
  .schema flights.csv                      columns, types, nulls and samples; --as Flight prints an interface for programs
Rows are objects. Operators for them: select, where, withColumn, groupBy(f).agg({…}), orderBy, joinBy, pivot, topBy.
> sc.parallelize([{ k: 'a', n: 1 }, { k: 'a', n: 2 }]).groupBy(r => r.k).agg({ total: sum(r => r.n) }).collect()
res0: { key: string; total: number; }[] = [{ key: "a", total: 3 }]
rows.saveAsParquet('out'), saveAsCsv, saveAsJsonLines and saveAsArrow write folders; .export rows file.parquet writes one file.
sql\`select …\` asks datasets and files in SQL, checked as you type; .sql opens a prompt of plain SQL.
A value that does not fit its column fails with file, line and column; { onBadRow: 'skip' } leaves such rows out and counts them.`),

  streams: topic(`
stream('1s') is the streaming context of this shell, with one batch per second. stream() is the same context again.
  const lines = stream('1s').socketTextStream('localhost', 9999)    also { listen: 9999 }, textFileStream(folder), generatorStream(1000, i => i)
  stream('1s').tailStream('app.log')    lines that are appended, through rotation; webhookStream({ listen: 9000 }) takes JSON by POST
  stream('1s').kafkaStream({ brokers: 'localhost:9092', topics: 'orders', value: 'json' })    sc.kafka reads topics, saveToKafka writes
  const counts = lines.flatMap(l => l.split(' ')).map(w => [w, 1]).reduceByKeyAndWindow('30s', (a, b) => a + b, (a, b) => a - b)
  counts.watch()       a live pane above the prompt: first rows, bars, how the stream keeps up. It starts the streams
  counts.print(20)     a table per batch. After print, foreachRDD(f) and others, start the streams: stream().start()
  events.sessionWindow('30m', { key: e => e.user, time: e => e.at, slack: '10s' })    windows by gaps; also slack, window, ago
  counts.remember('5m'), then counts.latest(), counts.between('21:00', '21:05'): queries on past batches
check compares the output of operators on given batches, without waiting:
> await check.batches([[1], [2]], s => s.map(x => x * 2), [[2], [4]])
.streams lists sources and outputs, .stop NAME stops one of them, .stop stops all. Ctrl-C leaves streams running.
.exit and Ctrl-D process what was received first. A script waits with await stream().awaitTermination().`),

  closures: topic(`
An operator captures your function with the variables that it uses, at the call, and ships both to the executors.
> function times(k: number) { const made = sc.parallelize([1, 2, 3]).map(x => x * k); k = 10; return made }
> times(2).collect()
res0: number[] = [2, 4, 6]
Classes, Maps, dates and your own modules can be captured; sockets, files, promises and datasets cannot, and the error names the one.
A function that changes a variable changes it on its executor only. To count, use sc.longAccumulator(); to send a large table once,
sc.broadcast(value).`),

  errors: topic(`
An error in your function shows your line, the element, the stage and the partition. .errors full shows every frame.
A type error stops an entry before it runs and marks the place. Names, persisted datasets and streams survive any error.
> await sc.range(3).map(x => { if (x === 2) throw new RangeError('two'); return x }).count().catch(e => e.details.remote.name)
res0: any = "RangeError"
A task is tried 4 times before its job fails. Ctrl-C cancels the job of the prompt, .cancel the jobs in the background.`),

  scripts: topic(`
millrace FILE [args…] runs a file, -e CODE runs code, - runs standard input: checked as a whole with its
modules (--check does only that, --no-check leaves it out), then run statement by statement.
The exit status is 0 or process.exitCode, 1 after an error that nobody catches, 130 after Ctrl-C. A script ends once nothing is left to do:
jobs that nobody awaits, timers and servers are waited for, streams are not. prompt('name?') reads a line of the input.
A script sees the names of the prompt; args holds its arguments. A line that is a command of the prompt (.export …) runs as one.
> args
res0: readonly string[] = []
millrace --watch FILE runs the file again, in the same session, whenever it or a module that it imports changes.
.load FILE runs a file here, statement by statement; its names stay. .run FILE runs it as a module; only its exports become names.
.save FILE writes the entries that ran. ~/.millracerc.ts (or $XDG_CONFIG_HOME/millrace/rc.ts) runs before the first prompt; --no-rc skips it.`),

  memory: topic(`
Each executor has a heap (--executor-memory MiB): half of it holds persisted datasets, a fifth the tables of its tasks. The rest goes to disk.
> sc.range(1000).persist(StorageLevel.MEMORY_AND_DISK).count()
res0: number = 1000
collect() brings all rows into the shell; take(n), toLocalIterator() and .export do not. A result above 1 GiB is refused.
unpersist() frees a dataset; persist(level, { priority }) decides which is evicted first. .datasets shows where they are.`),

  spark: topic(`
Names and semantics are those of Spark's RDDs. What differs: an operator captures its function at the call, results merge in the
order of partitions, arguments are checked when the operator is called, and an action needs no await at the prompt.
> sc.parallelize([3, 1, 2], 2).sortBy(x => x).first()
res0: number = 1
  spark-shell               here
  x => (x, 1)               x => [x, 1]
  xs.foreach(println)       xs.collect(), or just xs
  :load :type :paste        the same, or .load .type .paste
  :history :reset :quit     the same; also :help, :sh, :save, :load for a replay
  toDebugString             .explain xs, or xs.toDebugString()
  the pages of jobs         .jobs, .stages, .datasets
  --conf KEY=VALUE          the same, with the names of sc.config (millrace --help lists them)`),

  keys: { lines: [...keysHelp(), 'An entry that begins with a space stays out of the history.'] },
});

/** Names for `.help` and for suggestions. */
export const topicNames = (): string[] => Object.keys(topics);
