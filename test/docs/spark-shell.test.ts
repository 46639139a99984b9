// The tables of docs/from-spark-shell.md against Spark's own lists and against the code: nothing is missing on either side, nothing is made up.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commandNames } from '../../shell/repl/commands/commands';
import { quoted, tableRows } from '../helpers/markdown';
import { publicNames } from '../helpers/public-api';

const guide = 'docs/from-spark-shell.md';

const words = (text: string) => text.trim().split(/\s+/);

/** The public methods of Spark 3.5, and the commands of its shell, by the heading of their table. */
const ofSpark: Readonly<Record<string, readonly string[]>> = {
  Commands:
    words(`:help :h? :load :save :paste :edit :type :history :quit :reset :replay :sh :require :completions :imports :implicits :kind
    :javap :power :warnings :settings :silent :line`),
  SparkContext:
    words(`parallelize makeRDD range emptyRDD union textFile wholeTextFiles objectFile sequenceFile hadoopFile hadoopRDD
    newAPIHadoopFile newAPIHadoopRDD hadoopConfiguration binaryFiles binaryRecords broadcast longAccumulator doubleAccumulator
    collectionAccumulator register setCheckpointDir getCheckpointDir runJob submitJob runApproximateJob setJobGroup clearJobGroup
    cancelJobGroup cancelJobGroupAndFutureJobs setJobDescription cancelJob cancelAllJobs cancelStage killTaskAttempt addJobTag removeJobTag
    getJobTags clearJobTags cancelJobsWithTag setInterruptOnCancel setLocalProperty getLocalProperty getAllPools getPoolForName
    getSchedulingMode addFile listFiles files addJar jars listJars addArchive archives listArchives jarOfClass addSparkListener
    removeSparkListener statusTracker getPersistentRDDs getRDDStorageInfo getExecutorMemoryStatus uiWebUrl requestExecutors
    requestTotalExecutors killExecutor killExecutors resources defaultParallelism defaultMinPartitions master getConf getReadOnlyConf
    setLogLevel setCallSite clearCallSite stop isStopped getOrCreate isLocal appName applicationId applicationAttemptId deployMode sparkUser
    startTime version`),
  RDD: words(`aggregate barrier cache cartesian checkpoint cleanShuffleDependencies coalesce collect compute context count countApprox
    countApproxDistinct countByValue countByValueApprox dependencies distinct filter first flatMap fold foreach foreachPartition
    getCheckpointFile getNumPartitions getResourceProfile getStorageLevel glom groupBy id intersection isCheckpointed isEmpty iterator keyBy
    localCheckpoint map mapPartitions mapPartitionsWithEvaluator mapPartitionsWithIndex max min name partitioner partitions persist pipe
    preferredLocations randomSplit reduce repartition sample saveAsObjectFile saveAsTextFile setName sortBy sparkContext subtract take
    takeOrdered takeSample toDebugString toJavaRDD toLocalIterator toString top treeAggregate treeReduce union unpersist withResources zip
    zipPartitions zipPartitionsWithEvaluator zipWithIndex zipWithUniqueId`),
  PairRDDFunctions:
    words(`aggregateByKey cogroup collectAsMap combineByKey combineByKeyWithClassTag countApproxDistinctByKey countByKey
    countByKeyApprox flatMapValues foldByKey fullOuterJoin groupByKey groupWith join keys leftOuterJoin lookup mapValues partitionBy
    reduceByKey reduceByKeyLocally rightOuterJoin sampleByKey sampleByKeyExact saveAsHadoopDataset saveAsHadoopFile saveAsNewAPIHadoopDataset
    saveAsNewAPIHadoopFile saveAsSequenceFile subtractByKey values`),
  OrderedRDDFunctions: words('filterByRange repartitionAndSortWithinPartitions sortByKey'),
  DoubleRDDFunctions: words(
    `histogram mean meanApprox popStdev popVariance sampleStdev sampleVariance stats stdev sum sumApprox variance`,
  ),
  AsyncRDDActions: words('collectAsync countAsync foreachAsync foreachPartitionAsync takeAsync'),
  StreamingContext:
    words(`addStreamingListener awaitTermination awaitTerminationOrTimeout binaryRecordsStream checkpoint fileStream getActive
    getActiveOrCreate getOrCreate getState queueStream rawSocketStream receiverStream remember removeStreamingListener socketStream
    socketTextStream sparkContext start stop textFileStream transform union`),
  DStream:
    words(`cache checkpoint compute context count countByValue countByValueAndWindow countByWindow dependencies filter flatMap
    foreachRDD glom map mapPartitions persist print reduce reduceByWindow repartition saveAsObjectFiles saveAsTextFiles slice slideDuration
    transform transformWith union window`),
  PairDStreamFunctions:
    words(`cogroup combineByKey flatMapValues fullOuterJoin groupByKey groupByKeyAndWindow join leftOuterJoin mapValues
    mapWithState reduceByKey reduceByKeyAndWindow rightOuterJoin saveAsHadoopFiles saveAsNewAPIHadoopFiles updateStateByKey`),
};

/** What the operators of a table belong to here. */
const classOf: Readonly<Record<string, string>> = {
  SparkContext: 'Context',
  RDD: 'RDD',
  PairRDDFunctions: 'RDD',
  OrderedRDDFunctions: 'RDD',
  DoubleRDDFunctions: 'RDD',
  AsyncRDDActions: 'RDD',
  StreamingContext: 'StreamingContext',
  DStream: 'DStream',
  PairDStreamFunctions: 'DStream',
  'Only here': '',
};

const classOfName: Readonly<Record<string, string>> = { sc: 'Context', rdd: 'RDD', ssc: 'StreamingContext', dstream: 'DStream' };

const all = publicNames().map(({ name }) => name);
const known = new Set([...all, 'stream']);

/** What the second column of a row says: our names, as `Class.member`. */
function namesHere(heading: string, [spark, here]: readonly string[]): string[] {
  if (here === 'not there') return [];
  return quoted(here === 'the same' ? spark : here).map((code) => {
    const [owner, member] = code.split('.');
    if (member !== undefined) return `${classOfName[owner] ?? owner}.${member}`;
    return known.has(code) && !known.has(`${classOf[heading]}.${code}`) ? code : `${classOf[heading]}.${code}`;
  });
}

for (const [heading, methods] of Object.entries(ofSpark)) {
  test(`${heading}: every one of Spark's has a row, and a row says what there is or why not`, () => {
    const rows = tableRows(guide, heading);
    const named = rows.flatMap(([spark]) => quoted(spark)).map((code) => code.split(' ')[0]);
    assert.equal(
      methods.filter((name) => !named.includes(name)),
      [],
      'without a row',
    );
    assert.equal(
      named.filter((name, at) => named.indexOf(name) < at),
      [],
      'with two rows',
    );
    const unexplained = rows.filter(([, here, remark]) => here === '' || (here === 'not there' && remark === ''));
    assert.equal(unexplained, [], 'a row without an answer');
    const denied = rows.filter(([, here]) => here === 'not there').flatMap(([spark]) => quoted(spark));
    assert.equal(
      denied.filter((name) => known.has(`${classOf[heading]}.${name}`)),
      [],
      'said not to be there',
    );
  });
}

test('every operator that a table names is there', () => {
  for (const heading of Object.keys(classOf)) {
    const column = heading === 'Only here' ? 0 : 1;
    const names = tableRows(guide, heading).flatMap((row) =>
      column === 0 ? quoted(row[0]).flatMap((code) => namesHere(heading, ['', `\`${code}\``])) : namesHere(heading, row),
    );
    assert.ok(names.length > 2, heading);
    assert.equal(
      names.filter((name) => !known.has(name)),
      [],
      `named under ${heading}, and not in the code`,
    );
  }
});

test('every public operator is in a table', () => {
  const named = new Set<string>();
  for (const heading of Object.keys(classOf))
    for (const row of tableRows(guide, heading))
      for (const name of namesHere(heading, heading === 'Only here' ? ['', row[0]] : row)) named.add(name);
  const owners = /^(Context|RDD|StreamingContext|DStream|SlackedDStream|SessionDStream|CorrectedDStream|MapWithStateDStream)\./;
  assert.equal(
    all.filter((name) => owners.test(name) && !named.has(name) && !/^SlackedDStream\.(slide|dependencies)$/.test(name)),
    [],
    'without a row in docs/from-spark-shell.md',
  );
});

test('every command is in the table of commands, and every one of the table is there', () => {
  const named = tableRows(guide, 'Commands')
    .flatMap(([, here]) => quoted(here))
    .map((code) => code.split(' ')[0].replace('.', ''));
  const there = commandNames();
  assert.equal(
    there.filter((name) => !named.includes(name)).map((name) => `.${name}`),
    [],
    'commands without a row in docs/from-spark-shell.md, "Commands"',
  );
  assert.equal(
    named.filter((name) => !there.includes(name)),
    [],
    'rows of commands that are not there',
  );
});

test('every command is in the table of docs/commands.md', () => {
  const named = tableRows('docs/commands.md', 'Commands').flatMap(([command]) => quoted(command));
  const words = named.map((code) => code.split(' ')[0].replace('.', ''));
  assert.equal(
    commandNames().filter((name) => !words.includes(name)),
    [],
    'commands without a row in docs/commands.md, "Commands"',
  );
});

test.run();
