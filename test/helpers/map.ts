// The text of MAP.md: every room of the product in layer order with one sentence, and its files with the first sentence of each.
import { layers } from './layers';
import { readSources, type Source } from './sources';

/** In layer order, lower layers first. */
const rooms: Readonly<Record<string, string>> = {
  'runtime/base': 'What every other room may use: errors, limits, options, durations, the clock, the call that is running.',
  'runtime/base/remote': 'Files that lie elsewhere, as readers see them.',
  'runtime/base/declared': 'Errors of one part each, which the one list of all takes in.',
  'runtime/wire': 'Values as bytes and back, and the frames that processes exchange.',
  'runtime/schema': 'The columns of tables: their types, as text and from values.',
  'runtime/columns': 'Rows as columns: typed arrays, places in dictionaries, texts as bytes; and rows made of them.',
  'runtime/plan':
    'Plain data that session, driver and executor share: datasets, jobs, programs, splits, tasks, how a task ends; and the `Engine`.',
  'runtime/plan/sharing': 'What several sessions of one engine share, as plain data.',
  'runtime/keys': 'Keys compare by value: hash, order, tables by key, partitioners.',
  'runtime/storage': 'Persisted partitions, shuffle files and spill files, in memory and on disk.',
  'runtime/closure': "The user's functions on their way to executors.",
  'runtime/closure/instrument': 'Inserts into emitted JavaScript what lets a function tell which variables it uses.',
  'runtime/closure/changes': 'What functions may change of what they are given, by their text.',
  'runtime/closure/capture': 'Copies a function with all that it uses into plain data.',
  'runtime/closure/classes': "The user's classes: known by a key in every process, so that rows keep their class.",
  'runtime/closure/revive': 'Rebuilds captured functions and values in another process.',
  'runtime/formats': 'Readers of tables in files: what a file holds, and its rows.',
  'runtime/formats/csv': 'CSV on bytes: dialects, records, ranges, types.',
  'runtime/formats/json': 'JSON: values by line or one behind the other, with exact numbers.',
  'runtime/formats/parquet': 'Parquet: footers, pages, encodings, nested rows.',
  'runtime/formats/arrow': 'Arrow: messages, dictionaries, record batches.',
  'runtime/formats/write': 'Writers of tables: CSV, JSON lines, Parquet, Arrow, and the exact values of their columns.',
  'runtime/exec': 'What an executor does: compiles the program of a stage and runs its tasks.',
  'runtime/exec/library': 'Functions that the engine itself puts into programs, called by name.',
  'runtime/exec/external': 'Sorting, grouping, combining and joining beyond the memory of a task.',
  'runtime/exec/files': 'What tasks read from files and write to them.',
  'runtime/exec/state': 'The state of streams on executors: tables by key and the files of their versions.',
  'runtime/planner': 'Cuts a job into stages and makes their programs and splits, from the plain data of datasets.',
  'runtime/scheduler': 'Our engine: decides which task runs where, retries what fails, and recomputes what is lost.',
  'runtime/status': 'What happened in a session so far, bounded, for commands and pages.',
  'runtime/rdd': 'Datasets: each kind says what it is made of, as plain data for an engine.',
  'runtime/rdd/inputs': 'The files that datasets read: what paths name, and copies of what can be read only once.',
  'runtime/rdd/tables': 'Datasets of tables in files.',
  'runtime/connect': 'What connectors of other systems say: sources, sources of streams, sinks.',
  'runtime/shared': "The driver's side of broadcasts, accumulators and added files.",
  'runtime/context': 'The context `sc`: hands datasets and jobs to the engine, and keeps what they share.',
  'runtime/ops': 'The operators and actions of datasets, built on the room of datasets.',
  'runtime/tables': 'Operators for rows that are objects: columns, order, aggregates of groups, joins.',
  'runtime/sql': 'Queries in SQL: their templates, and their answers as datasets.',
  'runtime/ops/tables': 'Readers and writers of tables.',
  'runtime/ops/connect': 'Datasets of sources, and datasets into sinks.',
  'runtime/ops/sharing': 'Datasets that the sessions of one server share by name.',
  'runtime/streaming/graph': 'Streams and outputs: what each batch has to do.',
  'runtime/streaming/batches': 'When batches are made, in which order they run, and how fast sources may send.',
  'runtime/streaming/receivers': 'Receivers that users write, and how they reach their process.',
  'runtime/streaming/sources': 'What a batch reads: files, generators, queues, blocks of receivers, old logs.',
  'runtime/streaming/recovery': 'Checkpoints of a streaming context, and going on from one.',
  'runtime/streaming': 'The streaming context: turns a graph of streams into jobs, batch by batch.',
  'runtime/streaming/ops': 'The operators and outputs of streams.',
  'runtime/streaming/testing': 'The test kit of streams: batches in, batches out, under a manual clock.',
  'runtime/streaming/status': 'What happened in one streaming context so far, for `.streams` and the pages.',
  runtime: 'The public names.',
  'runtime/models': 'MapReduce, Pregel, iterations and queries: libraries on the public API alone.',
  'cluster/base': 'What every room of the cluster may use: limits, and what child processes have in common.',
  'cluster/files': 'Fetches files of web servers, of S3 and of HDFS, in a thread beside who reads them.',
  'cluster/link': 'What driver and executors say to each other, and how each proves who it is.',
  'cluster/executor': 'The process of an executor: one thread runs tasks, the other owns the socket.',
  'cluster/receivers': 'The processes that read sources of streams, and their side in the driver.',
  'cluster/sql': 'The SQL engine: DuckDB in a process of its own, and its side in the driver.',
  'cluster/driver': 'Starts executors, hands them tasks, watches them and replaces them.',
  'cluster/spark': 'The engine whose jobs Apache Spark runs: definitions, its driver, and the Node workers of its executors.',
  'cluster/spark/files': 'Files of Hadoop and of the session, as session and workers reach them through Spark.',
  'cluster/serve': 'One engine for several sessions: the server, its sessions on both sides, and what they publish.',
  'cluster/serve/keep': 'What a server keeps in a folder for the next one: its published datasets and streams.',
  'cluster/serve/line': 'The line between a server and a session, which outlives its connections.',
  'cluster/serve/observe': 'What happens in a server: its log, its figures, its health.',
  'cluster/serve/session':
    'One session on the side of its server: what it may name, what it has defined, asked and published, and its quotas.',
  'cluster/serve/windows': 'Published streams: the windows of a server, and their copies in its sessions.',
  'cluster/ui/page': 'The pages themselves: a program for browsers, bundled into `dist/ui/`.',
  'cluster/ui/views': 'What each page shows, as plain data.',
  'cluster/ui': "The server of a session's pages.",
  'cluster/connectors': 'What connectors have in common: passwords, and the names of who writes.',
  'cluster/connectors/cassandra': 'Tables of Cassandra as sources and sinks, and joins by key.',
  'cluster/connectors/sql': 'Tables of SQL databases as sources and sinks.',
  'cluster/connectors/kafka':
    'Topics of Kafka as sources and sinks: the session asks for offsets, executors read and write batches of records.',
  cluster: 'Opens a context on a master.',
  'shell/build': 'Parts of the build, and how a built program starts.',
  'shell/contract': 'What the processes of the shell promise each other: types only.',
  'shell/base': 'What several processes of the shell use: command line, settings, signals.',
  'shell/types': 'The type service: checks, completes and emits what is typed, in a process of its own.',
  'shell/types/modules': "The user's own modules, checked as their project does.",
  'shell/types/scripts': 'Scripts: checked as a whole, and cut into statements that run one by one.',
  'shell/types/additions': 'What is inserted into an entry before it is checked: awaits, types and predicates.',
  'shell/types/messages': 'Errors of the checker in the words of the user.',
  'shell/print': 'Values, errors, tables, plots and progress as text that fits the screen.',
  'shell/editor': 'The editor of the prompt: keys in, one painted block out.',
  'shell/evaluate': "Runs compiled entries and the user's modules so that Ctrl-C can break them.",
  'shell/session': "The session process: evaluates the user's entries and holds `sc`.",
  'shell/session/tables': 'What commands say of tables.',
  'shell/repl': 'Takes entries one by one through check, run and print, or to their command.',
  'shell/repl/commands': 'The commands of the prompt: their arguments, help and topics.',
  'shell/terminal': 'The terminal process: prompt, history, completion, pager and live panes.',
  'shell/script': 'Runs a script without a terminal.',
  'shell/kernel': 'A kernel of Jupyter: cells are entries of the prompt, outputs have rich forms.',
  'shell/kernel/zmtp': 'The wire of ZeroMQ, as far as a kernel needs it.',
  'shell/init': '`millrace init`: makes an editor know the names of scripts in a folder.',
  'shell/held': 'Prompts of a server: each outlives its terminal, and is taken up again by another one.',
  shell: 'What the user starts, and what builds it.',
};

const testRooms: Readonly<Record<string, string>> = {
  'test/runtime': 'Parts of the engine, in rooms that mirror those of `runtime/`.',
  'test/cluster': 'Real executor and receiver processes, kills and faults; mirrors `cluster/`.',
  'test/shell': 'Type service, evaluator, prompt in a real terminal, scripts; mirrors `shell/`.',
  'test/property': 'Generated programs, models and streams against naive ones.',
  'test/sim': "The scheduler's state machine under simulated clusters.",
  'test/corpus': 'Files of others, read as a user would, against what DuckDB and pyarrow read in them.',
  'test/security': 'The handshake, every message, and who may see the pages.',
  'test/docs': 'What README and `docs/` say: tables, numbers, examples, sessions, docstrings.',
  'test/pictures': 'Draws the pictures of the README from the recorded session and the measured figures.',
  'test/mutations': 'Mistakes made on purpose, each of which a test must catch.',
  'test/connectors': 'Connectors against real servers, which the tests start; a run of their own.',
  'test/soak': 'One session under faults of all kinds for as long as asked: exact and flat.',
  'test/bench': 'The works of the comparison with Spark, and the figures of the papers.',
  'test/helpers': 'What tests share: naive models, processes, terminals, time limits, leak checks.',
};

const sources = readSources(['runtime', 'cluster', 'shell']);
const roomOf = (path: string) => path.slice(0, path.lastIndexOf('/'));
const filesOf = (room: string) => [...sources.values()].filter(({ path }) => roomOf(path) === room);

/** Rooms that the table above names after a higher layer. */
function outOfOrder(): string[] {
  return Object.entries(layers).flatMap(([top, order]) => {
    const own = Object.keys(rooms).filter((room) => room.startsWith(`${top}/`));
    // A room without a layer has that of the room around it.
    const ranks = own.map((room) => order.lastIndexOf(room.split('/').slice(1).join('/')));
    const known = own.filter((_, at) => ranks[at] >= 0);
    const sorted = ranks.filter((rank) => rank >= 0);
    return known
      .filter((_, at) => at > 0 && sorted[at] < sorted[at - 1])
      .map((room) => `${room}/ stands after a higher layer in test/helpers/map.ts`);
  });
}

/** Where the table above and the folders differ. Empty when each room has a sentence. */
export function roomsOff(): string[] {
  const there = new Set([...sources.keys()].map(roomOf));
  const without = [...there].filter((room) => !(room in rooms));
  const gone = Object.keys(rooms).filter((room) => !there.has(room));
  return [
    ...outOfOrder(),
    ...without.map((room) => `${room}/ needs a sentence in test/helpers/map.ts`),
    ...gone.map((room) => `${room}/ has no file any more: take it out of test/helpers/map.ts`),
  ];
}

/** The comment that a file starts with, up to the end of its first sentence that ends a line. */
function firstSentence({ text }: Source): string {
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    if (!line.startsWith('// ')) break;
    lines.push(line.slice(3));
    if (line.endsWith('.')) break;
  }
  return lines.join(' ').split(/(?<=\w\.) (?=[A-Z`])/)[0];
}

function section(room: string): string {
  const files = filesOf(room).map((source) => {
    const name = source.path.slice(room.length + 1);
    return `- [\`${name}\`](${source.path}) ${firstSentence(source)}`;
  });
  return `### ${room}/\n\n${rooms[room]}\n\n${files.join('\n')}\n`;
}

const head = (top: string) => `## ${top}/\n`;

/** Written by test/write-map.ts and compared by test/tidy.test.ts. */
export function mapText(): string {
  const product = ['runtime', 'cluster', 'shell'].flatMap((top) => [
    head(top),
    ...Object.keys(rooms)
      .filter((room) => room === top || room.startsWith(`${top}/`))
      .map(section),
  ]);
  const tests = Object.entries(testRooms).map(([room, sentence]) => `- \`${room}/\` ${sentence}`);
  return [
    '# Map\n',
    'Every room in layer order, lower layers first, and every file with the sentence that it starts with.',
    '`npm run map` writes this page; do not edit it. [ARCHITECTURE.md](ARCHITECTURE.md) says how the rooms work together.\n',
    ...product,
    `${head('test')}\n${tests.join('\n')}\n`,
  ].join('\n');
}
